"""Text → typed records: phone numbers, times, rules; a reason for every bad cell."""

from bulkcall.validate.diagnostics import Diagnostics
from bulkcall.validate.duplicates import DuplicateFinder
from bulkcall.validate.finding_counts import count_findings
from bulkcall.validate.options import ValidateOptions
from bulkcall.validate.validator import Validator

__all__ = ["Diagnostics", "DuplicateFinder", "ValidateOptions", "Validator", "count_findings"]
