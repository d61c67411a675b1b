"""Pacing: at the limit, never over it. Pure schedules, lanes that wait on them, sharing by file."""

from bulkcall.pace.lane import Lane, StopAsked, Turn
from bulkcall.pace.rate import Rate
from bulkcall.pace.schedule import Schedule
from bulkcall.pace.shared import SharedState, shared_name

__all__ = ["Lane", "Rate", "Schedule", "SharedState", "StopAsked", "Turn", "shared_name"]
