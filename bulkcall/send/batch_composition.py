"""Which rows share a batch, and the stamp each of them gets: pure code.

Batch status masks the numbers, so a record's `ends_at` may be sent up to one second early to make
it the only one of its batch with that time (contract: Matching a row with batch status).
"""

from __future__ import annotations

import heapq
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bulkcall.ledger import Placed

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from bulkcall.ledger import ReadyRow

STAMP_ROOM_MS = 1000
"""How much earlier than the row says its `ends_at` may be sent (contract: Matching)."""

SPREAD_BATCHES = 8
"""Extra batches that keeping look-alikes apart may cost; more than that can't be helped."""


@dataclass(frozen=True, slots=True)
class Span:
    """The stamps a record may carry, both ends included."""

    low: int
    high: int


def stamp_span(row: ReadyRow, *, floor: int) -> Span:
    """Return the stamps a row may carry: after its `starts_at`, and not at or before `floor`.

    `floor` is the time at which the request may still be on its way: a stamp must not turn a valid
    record into one of the past. A row that ends before it keeps its own time.
    """
    record = row.record
    low = max(record.ends_at - STAMP_ROOM_MS, record.starts_at + 1, floor + 1)
    return Span(min(low, record.ends_at), record.ends_at)


def assign(spans: Sequence[Span]) -> list[int | None]:
    """Return for each span a point of its own, as late as can be; None where none is left for it.

    Spans that stand alone keep their end. If keeping those untouched leaves another span without a
    point, the earliest-deadline order is used alone, which serves as many spans as can be served.
    """
    owners: dict[int, int] = {}
    for index, span in enumerate(spans):
        owners.setdefault(span.high, index)
    points: list[int | None] = [None] * len(spans)
    for high, index in owners.items():
        points[index] = high
    rest = [index for index, point in enumerate(points) if point is None]
    if not rest:
        return points
    _sweep(spans, rest, points, owners.keys())
    if None not in points:
        return points
    points = [None] * len(spans)
    _sweep(spans, range(len(spans)), points, ())
    return points


def _sweep(
    spans: Sequence[Span],
    indices: Iterable[int],
    points: list[int | None],
    taken: Collection[int],
) -> None:
    # Unit jobs with a release (the end) and a deadline (the lowest stamp), time running downwards:
    # at each point the waiting span with the nearest deadline goes first.
    queue = sorted(indices, key=lambda index: -spans[index].high)
    waiting: list[tuple[int, int]] = []
    position = 0
    point = 0
    while position < len(queue) or waiting:
        if not waiting:
            point = (
                spans[queue[position]].high
                if not position
                else min(point, spans[queue[position]].high)
            )
        while position < len(queue) and spans[queue[position]].high >= point:
            index = queue[position]
            heapq.heappush(waiting, (-spans[index].low, index))
            position += 1
        if point in taken:
            point -= 1
            continue
        while waiting:
            low, index = heapq.heappop(waiting)
            if -low <= point:
                points[index] = point
                break
        point -= 1


_Looks = tuple[int, int, str | None, str | None, str | None]


def _looks(row: ReadyRow, stamp: int, unit_ms: int) -> _Looks:
    # All that is left of a record once its numbers are masked and its times are shown in units.
    record = row.record
    return (
        record.starts_at // unit_ms if unit_ms else 0,
        stamp // unit_ms if unit_ms else 0,
        record.label_id,
        record.dynamic_label_name,
        record.dynamic_call_reason,
    )


def compose(
    candidates: Sequence[ReadyRow],
    *,
    size: int,
    stamp: bool,
    floor: int,
    unit_ms: int = 1,
) -> list[Placed]:
    """Pick at most `size` rows for one batch, in the order given, and stamp them.

    With `stamp`, every picked row gets an `ends_at` of its own where there is room for that. Rows
    that would still look alike once their numbers are masked are left for another batch, unless the
    candidates hold so many alike that more than `SPREAD_BATCHES` extra batches would be needed:
    those fill what room is left. At least one row is picked if there is a candidate.

    Args:
        candidates: rows that wait, in the order in which they are to go.
        size: the most rows of a batch.
        stamp: an `ends_at` may be sent earlier than the row says.
        floor: epoch ms that no stamp may come near to.
        unit_ms: times nearer to one another than this look alike in batch status; 0: all do. From
            a second on no stamp can help, so each row keeps its own `ends_at`.
    """
    if not candidates:
        return []
    stamp = stamp and 0 < unit_ms < STAMP_ROOM_MS
    spans = [
        stamp_span(row, floor=floor) if stamp else Span(row.record.ends_at, row.record.ends_at)
        for row in candidates
    ]
    picked: dict[int, int] = {}
    if stamp:
        points = assign(spans[:size])
        picked = {index: point for index, point in enumerate(points) if point is not None}
    stamps = set(picked.values())
    looks = {_looks(candidates[index], point, unit_ms) for index, point in picked.items()}
    for index, row in enumerate(candidates):
        if len(picked) >= size:
            break
        if index in picked:
            continue
        point = _free_point(row, spans[index], stamps if stamp else (), looks, unit_ms)
        if point is not None:
            picked[index] = point
            stamps.add(point)
            looks.add(_looks(row, point, unit_ms))
    if len(picked) < min(size, len(candidates)):
        _fill(candidates, spans, picked, size, unit_ms)
    return [Placed(candidates[index].row, picked[index]) for index in sorted(picked)]


def _free_point(
    row: ReadyRow, span: Span, stamps: Collection[int], looks: Collection[_Looks], unit_ms: int
) -> int | None:
    points = range(span.high, span.low - 1, -1)
    alone = next((point for point in points if point not in stamps), None)
    if alone is not None and _looks(row, alone, unit_ms) not in looks:
        return alone
    return next((point for point in points if _looks(row, point, unit_ms) not in looks), None)


def _fill(
    candidates: Sequence[ReadyRow],
    spans: Sequence[Span],
    picked: dict[int, int],
    size: int,
    unit_ms: int,
) -> None:
    alike = Counter(_looks(row, row.record.ends_at, unit_ms) for row in candidates)
    helpless = -(-len(candidates) // size) + SPREAD_BATCHES
    for index, row in enumerate(candidates):
        if len(picked) >= size:
            return
        # One batch holds as many of them as they have stamps.
        room = spans[index].high - spans[index].low + 1
        batches = -(-alike[_looks(row, row.record.ends_at, unit_ms)] // room)
        if index not in picked and batches > helpless:
            picked[index] = row.record.ends_at
