"""A lane: one token's calls of one kind, each waiting for the moment when it may go."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bulkcall.clock import Clock
    from bulkcall.pace.rate import Rate
    from bulkcall.progress import Stop


class StopAsked(Exception):  # noqa: N818 - not a fault: the caller asked for it
    """The stop that was handed to `Lane.turn` was requested while waiting."""


@dataclass(slots=True, eq=False)
class Turn:
    """The right to send one request now. Hand it to the api's call, or give it back."""

    lane: Lane
    at: float
    """`clock.monotonic()` when it was granted."""

    def give_back(self) -> None:
        """Return an unused turn, as if it had not been granted. Does nothing once it was used up.

        So `finally: turn.give_back()` is always right.
        """
        raise NotImplementedError

    def answered(self) -> None:
        """Tell that an answer came or can't come any more. The api calls this; idempotent."""
        raise NotImplementedError

    def limited(self, retry_after: float | None) -> float:
        """Tell that the answer was a 429; pauses the lane, returns for how many seconds. Api calls this."""
        raise NotImplementedError


class Lane:
    """Turns for one kind of call under one token, first come first served, safe to cancel."""

    def __init__(self, name: str, rate: Rate, clock: Clock) -> None:
        raise NotImplementedError

    async def turn(self, stop: Stop | None = None) -> Turn:
        """Wait until a request may go out now. Raises StopAsked once `stop.requested`."""
        raise NotImplementedError

    def pause(self, seconds: float) -> None:
        """Grant no turn for so long from now (a longer pause that stands is kept)."""
        raise NotImplementedError

    @property
    def wait(self) -> float:
        """Seconds until the next turn could be granted, those already waiting not counted."""
        raise NotImplementedError

    @property
    def paused(self) -> float:
        """Seconds that a pause still lasts, 0.0 if none."""
        raise NotImplementedError

    @property
    def in_flight(self) -> int:
        """Turns granted and neither answered nor given back."""
        raise NotImplementedError

    @property
    def in_flight_limit(self) -> int:
        """How many may be in flight now: what rate times measured latency needs, doubled.

        `turn` holds back by itself when so many are.
        """
        raise NotImplementedError
