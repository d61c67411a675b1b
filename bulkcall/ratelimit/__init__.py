"""Pacing: at the limit, never over it. Pure schedules, lanes that wait on them, sharing by file."""

from bulkcall.ratelimit.rate import Rate
from bulkcall.ratelimit.rate_limiter import Permit, RateLimiter, StopRequested
from bulkcall.ratelimit.schedule import Schedule
from bulkcall.ratelimit.shared_state import SharedState, shared_name
from bulkcall.ratelimit.token_quota import (
    CREATION_WINDOW_MS,
    MOST_CREATIONS,
    next_creation_ms,
    room_for_tokens,
)

__all__ = [
    "CREATION_WINDOW_MS",
    "MOST_CREATIONS",
    "Permit",
    "Rate",
    "RateLimiter",
    "Schedule",
    "SharedState",
    "StopRequested",
    "next_creation_ms",
    "room_for_tokens",
    "shared_name",
]
