"""A rate limiter: one token's calls of one kind, each waiting for the moment when it may go."""

from __future__ import annotations

import asyncio
import math
import random
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING

from bulkcall.ratelimit.schedule import Reservation, Schedule

if TYPE_CHECKING:
    from bulkcall.clock import Clock
    from bulkcall.progress import StopToken
    from bulkcall.ratelimit.rate import Rate
    from bulkcall.ratelimit.shared_state import SharedState

RECHECK_SECONDS = 0.25
"""For which one waits at most before looking again: a place that was given back is free earlier."""
LEAST_IN_FLIGHT = 8


class StopRequested(Exception):  # noqa: N818 - not a fault: the caller asked for it
    """The stop that was handed to `RateLimiter.acquire` was requested while waiting."""


class Permit:
    """The right to send one request now. Hand it to the api's call, or give it back.

    Each of the closing calls works once; later ones do nothing, so that it is always right to call
    `give_back()` in the end.
    """

    __slots__ = ("_limiter", "_open", "_reservation", "stop")

    def __init__(
        self, limiter: RateLimiter, reservation: Reservation, stop: StopToken | None = None
    ) -> None:
        self._limiter = limiter
        self.stop = stop
        """What may end the wait for it: holds for a further permit in its place as well."""
        self._reservation = reservation
        self._open = True

    @property
    def limiter(self) -> RateLimiter:
        """The limiter that granted it."""
        return self._limiter

    @property
    def at(self) -> float:
        """`clock.monotonic()` when it was granted."""
        return self._reservation.sent

    def give_back(self) -> None:
        """Return it unused, as if it had not been granted."""
        if self._open:
            self._open = False
            self._limiter._returned(self._reservation)  # noqa: SLF001 - a permit is a part of its limiter

    def answered(self) -> None:
        """Note that an answer came (the api calls this)."""
        if self._open:
            self._open = False
            self._limiter._answered(self._reservation)  # noqa: SLF001

    def lost(self) -> None:
        """Note that no answer will come (the api calls this): it may be counted at any time."""
        if self._open:
            self._open = False
            self._limiter._closed()  # noqa: SLF001

    def limited(self, retry_after: float | None) -> float:
        """Note that the answer was a 429 (the api calls this).

        Pauses the limiter; returns for how many seconds.
        """
        if not self._open:
            return 0.0
        self._open = False
        return self._limiter._limited(self._reservation, retry_after)  # noqa: SLF001


class RateLimiter:
    """Permits for one kind of call under one token, first come first served, safe to cancel.

    With `shared` the limit holds over all processes that work on the same state file.
    """

    def __init__(
        self,
        name: str,
        rate: Rate,
        clock: Clock,
        *,
        shared: SharedState | None = None,
        jitter: random.Random | None = None,
    ) -> None:
        self.name = name
        self.rate = rate
        self._clock = clock
        self._lock: AbstractContextManager[object] = shared or nullcontext()
        self._schedule = Schedule(rate, None if shared is None else shared.floats)
        self._random = jitter or random.Random()  # noqa: S311 - spreads pauses, guards nothing
        self._door = asyncio.Lock()  # first come first served, and safe to cancel
        self._room: asyncio.Future[None] | None = None
        self._in_flight = 0
        self._latency = 0.0

    async def acquire(self, stop: StopToken | None = None) -> Permit:
        """Wait until a request may go out now. Raises StopRequested once `stop.requested`."""
        async with self._door:
            while True:
                if stop is not None and stop.requested:
                    raise StopRequested(stop.reason)
                if self._in_flight >= self.in_flight_limit:
                    await self._wait_for_room(stop)
                    continue
                reservation, at = self._try_take()
                if reservation is not None:
                    self._in_flight += 1
                    return Permit(self, reservation, stop)
                wait = min(at - self._clock.monotonic(), RECHECK_SECONDS)
                await self._clock.sleep(wait, stop)

    def pause(self, seconds: float) -> None:
        """Grant no permit for so long from now (a longer pause that stands is kept)."""
        with self._lock:
            self._schedule.pause(self._clock.monotonic() + seconds)

    @property
    def wait(self) -> float:
        """Seconds until the next permit could be granted, those already waiting not counted."""
        now = self._clock.monotonic()
        return self._schedule.earliest(now) - now

    @property
    def paused(self) -> float:
        """Seconds that a pause still lasts, 0.0 if none."""
        return max(0.0, self._schedule.paused_until - self._clock.monotonic())

    @property
    def in_flight(self) -> int:
        """Turns granted and not yet closed in any way."""
        return self._in_flight

    @property
    def in_flight_limit(self) -> int:
        """How many may be in flight now: what rate times measured latency needs, doubled.

        `acquire` holds back by itself when so many are, so a server that hangs is not flooded.
        """
        return LEAST_IN_FLIGHT + math.ceil(2 * self.rate.per_second * self._latency)

    async def _wait_for_room(self, stop: StopToken | None) -> None:
        # Every request ends, if by its timeout only; whatever ends one wakes the one that waits.
        self._room = asyncio.get_running_loop().create_future()
        try:
            with nullcontext() if stop is None else stop.waking(self._room):
                await self._room
        finally:
            self._room = None

    def _try_take(self) -> tuple[Reservation | None, float]:
        now = self._clock.monotonic()
        with self._lock:
            at = self._schedule.earliest(now)
            return (self._schedule.take(now), now) if at <= now else (None, at)

    def _answered(self, reservation: Reservation) -> None:
        now = self._clock.monotonic()
        with self._lock:
            self._schedule.answered(reservation, now)
        self._learn(now - reservation.sent)
        self._closed()

    def _limited(self, reservation: Reservation, retry_after: float | None) -> float:
        now = self._clock.monotonic()
        with self._lock:
            self._schedule.answered(reservation, now, limited=True)
            seconds = self._schedule.limited(
                reservation.sent, now, retry_after, self._random.random()
            )
        self._learn(now - reservation.sent)
        self._closed()
        return seconds

    def _returned(self, reservation: Reservation) -> None:
        with self._lock:
            self._schedule.give_back(reservation)
        self._closed()

    def _learn(self, latency: float) -> None:
        # Up at once, down slowly: too many in flight for a while does less harm than too few.
        weight = 0.5 if latency > self._latency else 0.05
        self._latency += weight * (latency - self._latency)

    def _closed(self) -> None:
        self._in_flight -= 1
        if self._room is not None and not self._room.done():
            self._room.set_result(None)
