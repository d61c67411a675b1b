"""The cap on token creation: 10 in 30 minutes for each account (api.md, Calls). Pure code."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST_CREATIONS = 10
CREATION_WINDOW_MS = 30 * 60 * 1000
SLACK_MS = 2_000
"""The server's clock, the way there, and a moment written down before it was asked."""


def room_for_tokens(creations: Sequence[int], now_ms: int) -> int:
    """Return how many tokens may be created now, given when (epoch ms) earlier ones were."""
    return max(0, MOST_CREATIONS - len(_counted(creations, now_ms)))


def next_creation_ms(creations: Sequence[int], now_ms: int) -> int:
    """Return in how many milliseconds a token may be created; 0: now."""
    counted = _counted(creations, now_ms)
    if len(counted) < MOST_CREATIONS:
        return 0
    return counted[-MOST_CREATIONS] + CREATION_WINDOW_MS + SLACK_MS - now_ms


def _counted(creations: Sequence[int], now_ms: int) -> list[int]:
    # A moment that lies ahead was written under a clock that has been set back since: it counts as
    # having been just now, which can only make the wait too long, never the tokens too many.
    since = now_ms - CREATION_WINDOW_MS - SLACK_MS
    return sorted(min(at, now_ms) for at in creations if at > since)
