"""Text → typed records: phone numbers, times, rules; a reason for every bad cell."""

from bulkcall.validate.doctor import Doctor
from bulkcall.validate.kinds import count_kinds
from bulkcall.validate.options import ValidateOptions
from bulkcall.validate.repeats import RepeatFinder
from bulkcall.validate.validator import Validator

__all__ = ["Doctor", "RepeatFinder", "ValidateOptions", "Validator", "count_kinds"]
