"""The hours in which rows may be sent: wait for them to begin, stop sending when they end."""

from __future__ import annotations

import asyncio
import contextlib
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from bulkcall.errors import InterruptedRun, StopCause
from bulkcall.progress import StopToken

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from bulkcall.clock import Clock
    from bulkcall.progress import Progress
    from bulkcall.settings import Settings
    from bulkcall.settings.sending_hours import SendingHours

CLOSING_LEAD_MS = 500
"""Sending ends so long before `not_after`: a request that is on its way still arrives inside."""
RECOUNT_SECONDS = 60.0
"""How often the rows that still wait are counted while outside the hours: some expire."""
CLOCK_TRUST_SECONDS = 5.0
"""How long a computed moment is relied on: wall clocks are set, by hand and by the network."""


class SendingWindow:
    """Lets sending begin and asks it to end, by `settings.not_before` and `not_after`.

    Raises SettingsError where these leave no time at all.
    """

    def __init__(
        self, settings: Settings, *, clock: Clock, progress: Progress, stop: StopToken
    ) -> None:
        self._hours = settings.hours()
        self._stays = settings.outside_hours == "pause"
        self._clock = clock
        self._progress = progress
        self._stop = stop

    async def opened(self, waiting: Callable[[], Awaitable[int]]) -> bool:
        """Wait until rows may go out; False where none waits any more or a stop was requested.

        `waiting` counts the rows that still wait, once those whose time has passed are expired.
        Raises InterruptedRun where rows wait, and the run is to stop outside its hours.
        """
        noted = False
        recount_at = self._clock.monotonic()
        while not self._stop.requested:
            if self._hours is None or self._is_open(self._hours):
                return True
            if (now := self._clock.monotonic()) >= recount_at:
                recount_at = now + RECOUNT_SECONDS
                rows = await waiting()
                if not rows:
                    return False
                if not noted:
                    noted = True
                    self._closed(self._hours, rows)
            until_opening = (self._next_opening(self._hours) - self._clock.now_ms()) / 1000
            await self._clock.sleep(min(max(until_opening, 0.001), CLOCK_TRUST_SECONDS), self._stop)
        return False

    @asynccontextmanager
    async def until_closing(self) -> AsyncIterator[StopToken]:
        """A stop token that is requested when the hours end, or when the run is to stop."""
        part = StopToken(self._stop)
        if self._hours is None:
            yield part
            return
        timer = asyncio.create_task(self._close_in_time(self._hours, part))
        try:
            yield part
        finally:
            timer.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await timer

    def _is_open(self, hours: SendingHours) -> bool:
        now = self._clock.now_ms()
        return hours.is_open(now) and hours.is_open(now + CLOSING_LEAD_MS)

    async def _close_in_time(self, hours: SendingHours, part: StopToken) -> None:
        while self._is_open(hours):
            now = self._clock.now_ms()
            left = (hours.next_closing(now) - CLOSING_LEAD_MS - now) / 1000
            await self._clock.sleep(min(max(left, 0.001), CLOCK_TRUST_SECONDS))
        part.request(f"outside hours ({hours})")

    def _next_opening(self, hours: SendingHours) -> int:
        now = self._clock.now_ms()
        # Within the lead the day's hours are not over yet: the opening after their end counts.
        return hours.next_opening(hours.next_closing(now))

    def _closed(self, hours: SendingHours, rows: int) -> None:
        opening = hours.local(self._next_opening(hours))
        if not self._stays:
            raise InterruptedRun(
                f"outside hours ({hours}): {rows:,} rows wait for {opening} or a later resume",
                cause=StopCause.SENDING_HOURS,
            )
        self._progress.note(f"outside hours ({hours}): paused until {opening}; {rows:,} rows wait")
