"""Time as an argument: the real clock, and one that tests move by hand."""

from __future__ import annotations

import asyncio
import heapq
import time
from contextlib import nullcontext
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from bulkcall.progress import StopToken


class Clock(Protocol):
    """What bulkcall asks of time."""

    def now_ms(self) -> int:
        """Wall-clock time, epoch milliseconds: for records, deadlines and what is written down."""
        ...

    def monotonic(self) -> float:
        """Seconds that only go forward: for pacing and timeouts."""
        ...

    async def sleep(self, seconds: float, stop: StopToken | None = None) -> None:
        """Wait, letting other tasks run; a stop that is requested ends the wait early."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now_ms(self) -> int:
        """Wall-clock time, epoch milliseconds."""
        return time.time_ns() // 1_000_000

    def monotonic(self) -> float:
        """Seconds that only go forward."""
        return time.monotonic()

    async def sleep(self, seconds: float, stop: StopToken | None = None) -> None:
        """Wait, letting other tasks run; a stop that is requested ends the wait early."""
        if stop is None or seconds <= 0:
            await asyncio.sleep(max(0.0, seconds))
            return
        loop = asyncio.get_running_loop()
        waiter: asyncio.Future[None] = loop.create_future()
        timer = loop.call_later(seconds, _finish, waiter)
        try:
            with stop.waking(waiter):
                await waiter
        finally:
            timer.cancel()


class ManualClock:
    """A clock that stands still until it is moved; shipped for tests, never patched in.

    `sleep` returns once `advance` has moved the clock past its end. With `auto=True` a sleep moves
    the clock itself, so that single-task code runs through without anyone moving it.
    """

    def __init__(self, now_ms: int = 1_700_000_000_000, *, auto: bool = False) -> None:
        self._start_ms = now_ms
        self._elapsed = 0.0
        self._auto = auto
        self._order = 0
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []

    def now_ms(self) -> int:
        """Wall-clock time, epoch milliseconds."""
        return self._start_ms + round(self._elapsed * 1000)

    def monotonic(self) -> float:
        """Seconds since the clock was made."""
        return self._elapsed

    async def sleep(self, seconds: float, stop: StopToken | None = None) -> None:
        """Wait until the clock has been moved far enough, or a stop is requested."""
        if seconds <= 0 or (stop is not None and stop.requested):
            await asyncio.sleep(0)
            return
        if self._auto:
            self._elapsed += seconds
            await asyncio.sleep(0)
            return
        self._order += 1
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._elapsed + seconds, self._order, future))
        with nullcontext() if stop is None else stop.waking(future):
            await future

    def jump_wall(self, milliseconds: int) -> None:
        """Move wall-clock time only, as a clock set by hand or by NTP does."""
        self._start_ms += milliseconds

    async def advance(self, seconds: float) -> None:
        """Move the clock, waking sleepers in order and letting them run."""
        end = self._elapsed + seconds
        await _settle()
        while self._sleepers and self._sleepers[0][0] <= end:
            due, _, future = heapq.heappop(self._sleepers)
            self._elapsed = max(self._elapsed, due)
            _finish(future)
            await _settle()
        self._elapsed = end
        await _settle()


def _finish(waiter: asyncio.Future[None]) -> None:
    if not waiter.done():
        waiter.set_result(None)


async def _settle() -> None:
    # A handful of turns of the loop lets a chain of awaits (task → task → sleep) run to rest.
    for _ in range(10):
        await asyncio.sleep(0)
