"""Where requests come from: the ledger's waiting rows, taken just ahead of their turn."""

from __future__ import annotations

import heapq
import itertools
import math
from typing import TYPE_CHECKING, Protocol

from bulkcall.send.batch_composition import compose
from bulkcall.send.outbound import OutboundRequest

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from bulkcall.clock import Clock
    from bulkcall.ledger import Ledger, Placed, ReadyRow
    from bulkcall.send.ledger_writer import LedgerWriter
    from bulkcall.send.outbound import Requeue

TRANSIT_MS = 5_000
"""How long a request may still be on its way: stamps do not come nearer to now than this."""

LOOK_AHEAD = 1.25
"""Rows shown for one batch, in batches, so that look-alikes can be left for another one."""


class RowQueue(Protocol):
    """One channel's source of requests."""

    async def take(self, requests: int, rows: int | None, *, small: bool) -> list[OutboundRequest]:
        """Take up to so many requests of at most so many rows in all, written down as going out.

        `small`: one row a request, to probe a server that seems away.
        """
        ...

    def release(self, request: OutboundRequest, later: Sequence[Requeue]) -> None:
        """Take note of what of a request goes again, once that is written down or about to be."""
        ...

    def due_in(self) -> float | None:
        """Seconds until something that was put off may go; None if nothing was."""
        ...

    @property
    def reserved(self) -> int:
        """Waiting rows that were put off, or go again together."""
        ...


class _Tried:
    """Whether a request has carried a row before, of rows that go again in this process."""

    def __init__(self) -> None:
        self._rows: dict[int, bool] = {}

    def add(self, rows: Sequence[int], *, tried: bool) -> None:
        self._rows.update(dict.fromkeys(rows, tried))

    def again(self, row: ReadyRow) -> bool:
        # An earlier process left only the counts; a spent try was a request then, nearly always.
        return self._rows.pop(row.row, row.attempts > 0 or row.tries > 0)


class RealtimeQueue:
    """One row a request, earliest `starts_at` first; rows in backoff wait in the ledger meanwhile.

    There they stand as what they are, so that a crash does not bring into doubt what was turned
    away. Only this process remembers until when they are passed over.
    """

    def __init__(
        self, ledger: Ledger, writer: LedgerWriter, run_id: str, clock: Clock, *, with_doubt: bool
    ) -> None:
        self._ledger = ledger
        self._writer = writer
        self._run_id = run_id
        self._clock = clock
        self._with_doubt = with_doubt
        self._tried = _Tried()
        self._later: list[tuple[float, int]] = []
        self._reserved: set[int] = set()

    async def take(self, requests: int, rows: int | None, *, small: bool) -> list[OutboundRequest]:  # noqa: ARG002 - a request is one row already
        """Take up to so many rows: first those whose backoff is over, then new ones."""
        due = self._due(requests)
        room = requests - len(due)
        fresh = max(0, room if rows is None else min(room, rows))
        if not due and not fresh:
            return []

        # Run in the ledger's thread, after all that was put before: `_reserved` is looked at there
        # as it is then, so that a row is never both written as waiting and not yet reserved.
        def step() -> list[ReadyRow]:
            taken = self._take(len(due), rows=due) if due else []
            if fresh:
                taken += self._take(fresh, skip=self._reserved.copy())
            return taken

        taken = await self._writer.call(step)
        return [OutboundRequest([row], again=self._tried.again(row)) for row in taken]

    def release(self, request: OutboundRequest, later: Sequence[Requeue]) -> None:  # noqa: ARG002 - `later` says it all
        """Remember when each row may go again."""
        now = self._clock.monotonic()
        for part in later:
            self._tried.add(part.rows, tried=part.tried)
            if part.wait > 0:
                self._reserved.update(part.rows)
                for row in part.rows:
                    heapq.heappush(self._later, (now + part.wait, row))

    def due_in(self) -> float | None:
        """Seconds until the first row in backoff may go."""
        return max(0.0, self._later[0][0] - self._clock.monotonic()) if self._later else None

    @property
    def reserved(self) -> int:
        """Waiting rows that are in backoff."""
        return len(self._reserved)

    def _due(self, most: int) -> list[int]:
        now = self._clock.monotonic()
        due: list[int] = []
        while self._later and self._later[0][0] <= now and len(due) < most:
            due.append(heapq.heappop(self._later)[1])
        self._reserved.difference_update(due)
        return due

    def _take(
        self, most: int, *, rows: Sequence[int] | None = None, skip: Collection[int] = ()
    ) -> list[ReadyRow]:
        return self._ledger.take_realtime(
            self._run_id,
            most,
            now=self._clock.now_ms(),
            with_doubt=self._with_doubt,
            rows=rows,
            skip=skip,
        )


class BatchQueue:
    """Some rows a request. Rows that were split off or put off go again as they were together."""

    def __init__(
        self,
        ledger: Ledger,
        writer: LedgerWriter,
        run_id: str,
        clock: Clock,
        *,
        with_doubt: bool,
        size: int,
        stamp: bool,
        stamp_unit_ms: Callable[[], int] = lambda: 1,
        note: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._ledger = ledger
        self._writer = writer
        self._run_id = run_id
        self._clock = clock
        self._with_doubt = with_doubt
        self._size = size
        self._stamp = stamp
        self._stamp_unit_ms = stamp_unit_ms
        self._note = note
        self._cost_said = False
        self._tried = _Tried()
        self._order = itertools.count()
        self._groups: list[tuple[float, int, list[int]]] = []
        self._reserved: set[int] = set()

    async def take(self, requests: int, rows: int | None, *, small: bool) -> list[OutboundRequest]:
        """Take up to so many batches: first what goes again and is due, then new rows."""
        found: list[OutboundRequest] = []
        while len(found) < requests:
            group = self._due_group(small=small)
            if group:
                request = await self._form(len(group), group, small=small)
                if request is not None:
                    found.append(request)
                continue
            if rows is not None and rows <= 0:
                break
            request = await self._form(rows, None, small=small)
            if request is None:
                break
            if rows is not None:
                rows -= len(request.rows)
            found.append(request)
        return found

    def release(self, request: OutboundRequest, later: Sequence[Requeue]) -> None:  # noqa: ARG002 - `later` says it all
        """Keep together what goes again together, and remember from when on."""
        now = self._clock.monotonic()
        for part in later:
            self._tried.add(part.rows, tried=part.tried)
            if not (part.urgent or part.wait > 0):
                continue
            self._reserved.update(part.rows)
            heapq.heappush(self._groups, (now + part.wait, next(self._order), list(part.rows)))

    def due_in(self) -> float | None:
        """Seconds until the first group may go."""
        return max(0.0, self._groups[0][0] - self._clock.monotonic()) if self._groups else None

    @property
    def reserved(self) -> int:
        """Waiting rows that go again together."""
        return len(self._reserved)

    def _due_group(self, *, small: bool) -> list[int]:
        if not self._groups or self._groups[0][0] > self._clock.monotonic():
            return []
        if small:
            # The rest of the group keeps its place for when the server is back.
            due, order, rows = heapq.heappop(self._groups)
            if len(rows) > 1:
                heapq.heappush(self._groups, (due, order, rows[1:]))
            group = rows[:1]
        else:
            group = heapq.heappop(self._groups)[2]
        self._reserved.difference_update(group)
        return group

    async def _form(
        self, rows: int | None, group: list[int] | None, *, small: bool
    ) -> OutboundRequest | None:
        size = 1 if small else min(self._size, rows or self._size)
        shown = size if rows is not None else math.ceil(size * LOOK_AHEAD)

        unit_ms = self._stamp_unit_ms()

        def pick(candidates: Sequence[ReadyRow]) -> Sequence[Placed]:
            if group is None and self._reserved:
                candidates = [row for row in candidates if row.row not in self._reserved]
            floor = self._clock.now_ms() + TRANSIT_MS
            return compose(
                candidates[:shown], size=size, stamp=self._stamp, floor=floor, unit_ms=unit_ms
            )

        # Run in the ledger's thread, after all that was put before: `_reserved` is looked at there
        # as it is then, so that a row is never both written as waiting and not yet reserved.
        taken = await self._writer.call(
            lambda: self._ledger.take_batch(
                self._run_id,
                shown if group is not None else shown + len(self._reserved),
                pick,
                now=self._clock.now_ms(),
                with_doubt=self._with_doubt,
                rows=group,
            )
        )
        if taken is None:
            return None
        batch, picked, placed = taken
        if unit_ms != 1 and group is None and not small and rows is None:
            await self._say_cost(len(picked))
        again = [self._tried.again(row) for row in picked]
        stamps = {place.row: place.ends_at for place in placed}
        return OutboundRequest(picked, stamps=stamps, batch=batch, again=any(again))

    async def _say_cost(self, picked: int) -> None:
        """Say once, before it is paid, what keeping look-alikes apart without stamps costs."""
        if self._cost_said:
            return
        self._cost_said = True
        waiting = await self._writer.call(
            lambda: self._ledger.waiting(self._run_id, with_doubt=self._with_doubt)
        )
        before, after = -(-(waiting + picked) // self._size), -(-(waiting + picked) // picked)
        self._note(
            "this server's times do not tell rows apart that look alike once numbers are masked; "
            + (
                f"keeping those apart, batches hold about {picked:,} rows from here on: about "
                f"{after:,} batches for the rest instead of {before:,}"
                if after > before
                else "keeping those apart takes no more batches, or too many to be worth it"
            )
        )
