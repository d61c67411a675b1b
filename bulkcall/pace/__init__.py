"""Pacing: at the limit, never over it. Pure schedules, lanes that wait on them, sharing by file."""

from bulkcall.pace.creations import (
    CREATION_WINDOW_MS,
    MOST_CREATIONS,
    next_creation_ms,
    room_for_tokens,
)
from bulkcall.pace.lane import Lane, StopAsked, Turn
from bulkcall.pace.rate import Rate
from bulkcall.pace.schedule import Schedule
from bulkcall.pace.shared import SharedState, shared_name

__all__ = [
    "CREATION_WINDOW_MS",
    "MOST_CREATIONS",
    "Lane",
    "Rate",
    "Schedule",
    "SharedState",
    "StopAsked",
    "Turn",
    "next_creation_ms",
    "room_for_tokens",
    "shared_name",
]
