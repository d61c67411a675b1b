"""Keeps a few requests ready just ahead of their permits, and takes back those that can't go."""

from __future__ import annotations

import asyncio
import heapq
import math
from typing import TYPE_CHECKING

from bulkcall.ledger import GivenBack
from bulkcall.progress import StopToken
from bulkcall.send.outbound import Requeue

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bulkcall.clock import Clock
    from bulkcall.ratelimit import RateLimiter
    from bulkcall.send.ledger_writer import LedgerWriter
    from bulkcall.send.outbound import OutboundRequest
    from bulkcall.send.row_queue import RowQueue

AHEAD = 0.25
"""Seconds of permits that requests are kept ready for: they are written down as going out, so that
a crash leaves them in doubt, and few of them should be."""

MOST_READY = 1000

GATHER_SECONDS = 0.02
"""That a refill waits for more to be taken."""


class Prefetch:
    """Takes requests from the queue as limiters need them. Closed once nothing is left to send."""

    def __init__(
        self,
        queue: RowQueue,
        writer: LedgerWriter,
        limiters: Sequence[RateLimiter],
        *,
        away: Callable[[], bool],
        limit: int | None,
        clock: Clock,
        patience: float,
    ) -> None:
        self._queue = queue
        self._writer = writer
        self._limiters = limiters
        self._away = away
        self._limit = limit
        self._clock = clock
        self._patience = patience
        self._ready: list[tuple[tuple[int, int], int, OutboundRequest]] = []
        self._count = 0
        self._in_hand = 0
        self._settled = 0
        self._dirty = True
        self._closed = False
        self._was_away = False
        self._available = asyncio.Event()
        self._wanted = StopToken()

    # -- for those who send --------------------------------------------------------------------

    async def available(self) -> bool:
        """Wait until a request is ready; False once there will be none any more."""
        await self._available.wait()
        return not self._closed

    def pop(self) -> OutboundRequest | None:
        """Take the first ready request, if one is left."""
        if not self._ready:
            return None
        if self._away() and len(self._ready[0][2].rows) > 1:
            # Formed before caution was called for: it is about to be given back for a small one.
            self._wanted.request("more is wanted")
            return None
        request = heapq.heappop(self._ready)[2]
        if not self._ready and not self._closed:
            self._available.clear()
        self._wanted.request("more is wanted")
        return request

    def dropped(self, request: OutboundRequest, *, again: bool) -> None:
        """Note that a request did not go after all; `again`: its rows wait again."""
        if again:
            self._queue.release(request, _retried(request))
        self._in_hand -= len(request.rows)
        self._dirty = self._dirty or again
        self._wanted.request("more is wanted")

    def done(self, request: OutboundRequest, *, settled: int, later: Sequence[Requeue]) -> None:
        """Note that a request has ended; what follows is written or about to be."""
        self._queue.release(request, later)
        self._in_hand -= len(request.rows)
        self._settled += settled
        if settled < len(request.rows):
            self._dirty = True
        self._wanted.request("more is wanted")

    # -- its own task --------------------------------------------------------------------------

    async def run(self, halt: StopToken) -> None:
        """Refill until nothing is left or `halt`; then give back what is ready.

        Raises LedgerError.
        """
        try:
            while not halt.requested:
                await self._refill()
                if self._finished():
                    break
                await self._idle()
        finally:
            self._closed = True
            self._available.set()
        self.give_back()

    async def _refill(self) -> None:
        away = self._away()
        stuck = min(limiter.wait for limiter in self._limiters) > self._patience
        if (self._ready and stuck) or (away and not self._was_away):
            self.give_back()
        self._was_away = away
        need = self._need()
        missing = need - len(self._ready)
        # Half of what is needed at once, not one by one: each refill is a transaction.
        if missing <= 0 or (self._ready and missing < need / 2):
            return
        if not self._dirty and self._queue.due_in() != 0.0:
            return
        rows = None
        if self._limit is not None:
            rows = self._limit - self._settled - self._in_hand - self._queue.reserved
        self._dirty = False
        taken = await self._queue.take(missing, rows, small=away)
        for request in taken:
            self._count += 1
            heapq.heappush(self._ready, (request.place, self._count, request))
            self._in_hand += len(request.rows)
        if taken:
            self._dirty = True
        if self._ready:
            self._available.set()

    def _need(self) -> int:
        if self._away():
            return int(min(limiter.wait for limiter in self._limiters) <= AHEAD)
        need = sum(
            math.ceil(max(0.0, AHEAD - limiter.wait) * limiter.rate.per_second)
            for limiter in self._limiters
        )
        return min(need, MOST_READY)

    def _finished(self) -> bool:
        return not (self._dirty or self._in_hand or self._queue.reserved)

    async def _idle(self) -> None:
        # Woken by whoever takes a request or ends one; else in time for a limiter or backoff.
        self._wanted = StopToken()
        waits = [limiter.wait - AHEAD for limiter in self._limiters]
        due = self._queue.due_in()
        if due is not None:
            waits.append(due)
        pause = min(max(min(waits), 0.02), 0.25)
        await self._clock.sleep(pause, self._wanted)
        if not self._wanted.requested:
            return
        # At a high rate each request taken would mean a refill of one: let a few more go first.
        await self._clock.sleep(GATHER_SECONDS)

    def give_back(self) -> None:
        """Have every request that is ready written down as waiting again."""
        rows = [number for _, _, request in self._ready for number in request.numbers]
        for _, _, request in self._ready:
            self._queue.release(request, _retried(request))
        self._ready.clear()
        if not self._closed:
            self._available.clear()
        self._in_hand -= len(rows)
        self._dirty = True
        if rows:
            self._writer.put([GivenBack(rows)])


def _retried(request: OutboundRequest) -> Sequence[Requeue]:
    return [Requeue(request.numbers, 0.0, tried=request.again)]
