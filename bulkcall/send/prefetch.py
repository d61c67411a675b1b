"""Keeps a few parcels ready just ahead of their turns, and takes back those that can't go."""

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
"""Seconds of turns that parcels are kept ready for: they are written down as going out, so that a
crash leaves them in doubt, and few of them should be."""

MOST_READY = 1000

GATHER_SECONDS = 0.02
"""That a refill waits for more to be taken."""


class Prefetch:
    """Takes parcels from the stock as the lanes need them. Closed once nothing is left to send."""

    def __init__(
        self,
        stock: RowQueue,
        writer: LedgerWriter,
        lanes: Sequence[RateLimiter],
        *,
        away: Callable[[], bool],
        limit: int | None,
        clock: Clock,
        patience: float,
    ) -> None:
        self._stock = stock
        self._writer = writer
        self._lanes = lanes
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
        """Wait until a parcel is ready; False once there will be none any more."""
        await self._available.wait()
        return not self._closed

    def pop(self) -> OutboundRequest | None:
        """Take the first ready parcel, if one is left."""
        if not self._ready:
            return None
        if self._away() and len(self._ready[0][2].rows) > 1:
            # Formed before caution was called for: it is about to be given back for a small one.
            self._wanted.request("more is wanted")
            return None
        parcel = heapq.heappop(self._ready)[2]
        if not self._ready and not self._closed:
            self._available.clear()
        self._wanted.request("more is wanted")
        return parcel

    def dropped(self, parcel: OutboundRequest, *, again: bool) -> None:
        """Tell that a parcel did not go after all; `again`: its rows wait again."""
        if again:
            self._stock.release(parcel, _retried(parcel))
        self._in_hand -= len(parcel.rows)
        self._dirty = self._dirty or again
        self._wanted.request("more is wanted")

    def done(self, parcel: OutboundRequest, *, settled: int, later: Sequence[Requeue]) -> None:
        """Tell that a parcel's request has ended; what follows is written or about to be."""
        self._stock.release(parcel, later)
        self._in_hand -= len(parcel.rows)
        self._settled += settled
        if settled < len(parcel.rows):
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
        stuck = min(lane.wait for lane in self._lanes) > self._patience
        if (self._ready and stuck) or (away and not self._was_away):
            self.give_back()
        self._was_away = away
        need = self._need()
        missing = need - len(self._ready)
        # Half of what is needed at once, not one by one: each refill is a transaction.
        if missing <= 0 or (self._ready and missing < need / 2):
            return
        if not self._dirty and self._stock.due_in() != 0.0:
            return
        rows = None
        if self._limit is not None:
            rows = self._limit - self._settled - self._in_hand - self._stock.reserved
        self._dirty = False
        taken = await self._stock.take(missing, rows, small=away)
        for parcel in taken:
            self._count += 1
            heapq.heappush(self._ready, (parcel.place, self._count, parcel))
            self._in_hand += len(parcel.rows)
        if taken:
            self._dirty = True
        if self._ready:
            self._available.set()

    def _need(self) -> int:
        if self._away():
            return int(min(lane.wait for lane in self._lanes) <= AHEAD)
        need = sum(
            math.ceil(max(0.0, AHEAD - lane.wait) * lane.rate.per_second) for lane in self._lanes
        )
        return min(need, MOST_READY)

    def _finished(self) -> bool:
        return not (self._dirty or self._in_hand or self._stock.reserved)

    async def _idle(self) -> None:
        # Woken by whoever takes a parcel or ends one; else in time for the next lane or backoff.
        self._wanted = StopToken()
        waits = [lane.wait - AHEAD for lane in self._lanes]
        due = self._stock.due_in()
        if due is not None:
            waits.append(due)
        pause = min(max(min(waits), 0.02), 0.25)
        await self._clock.sleep(pause, self._wanted)
        if not self._wanted.requested:
            return
        # At a high rate each parcel taken would mean a refill of one: let a few more go first.
        await self._clock.sleep(GATHER_SECONDS)

    def give_back(self) -> None:
        """Have every parcel that is ready written down as waiting again."""
        rows = [number for _, _, parcel in self._ready for number in parcel.numbers]
        for _, _, parcel in self._ready:
            self._stock.release(parcel, _retried(parcel))
        self._ready.clear()
        if not self._closed:
            self._available.clear()
        self._in_hand -= len(rows)
        self._dirty = True
        if rows:
            self._writer.put([GivenBack(rows)])


def _retried(parcel: OutboundRequest) -> Sequence[Requeue]:
    return [Requeue(parcel.numbers, 0.0, tried=parcel.again)]
