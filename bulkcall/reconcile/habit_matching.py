"""Matching a listing under what is known of the server's habits with times. Pure.

One row fits a record: it is that row's, by `number` where both numbers are whole, else by `stamp`.
Several rows fit: they look alike, and only if the server's records for them all ended the same way,
and are enough, is their end known (`group`). Everything else is said to be unknown. Where times
tell nothing they are no evidence: nobody is `missing` for them, and nothing `unexpected`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bulkcall.reconcile.evidence import MASKED_CONFLICTS, conflicts, shows, tells
from bulkcall.reconcile.groups import grouped
from bulkcall.reconcile.server_habits import Kind
from bulkcall.reconcile.verdict import (
    Matching,
    Verdict,
    judge_group,
    judge_row,
    unclear,
)
from bulkcall.records import RowState

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bulkcall.reconcile.server_habits import Found
    from bulkcall.reconcile.status_record import StatusRecord
    from bulkcall.reconcile.verdict import SentRow
    from bulkcall.records import CallRecord

OTHER_TIMES = (
    "cannot be known: listed with its numbers, but with other times than it was sent with, while "
    "other records of the batch are not"
)
NOT_PLACED = (
    "cannot be known: the server masks numbers, and the times that it shows have no relation to "
    "those sent"
)
ANOTHER_DAY = (
    "cannot be known: the batch lists other times than the file's; it may be another day's batch"
)
_EVIDENCE = slice(1, 9)
"""Where the fields of `StatusRecord` stand that tell rows apart."""


def match_under(rows: Sequence[SentRow], records: Sequence[StatusRecord], found: Found) -> Matching:
    """Match the distinct records of a listing with the rows of its batch.

    Args:
        rows: all rows of the batch, as sent.
        records: the server's records, without repetitions under one id.
        found: the server's habits, as this listing or others have shown them.
    """
    sent = _Rows([row.record for row in rows], found)
    own: list[list[StatusRecord]] = [[] for _ in rows]
    shared: list[tuple[tuple[int, ...], StatusRecord]] = []
    unexpected: list[StatusRecord] = []
    blank: list[StatusRecord] = []
    for record in records:
        if found.tells and record.ends_at is None and not record.whole and not _visible(record):
            blank.append(record)
            continue
        places = sent.fitting(record)
        if len(places) == 1:
            own[places[0]].append(record)
        elif places:
            shared.append((places, record))
        else:
            unexpected.append(record)
    verdicts = [_judge_own(place, row.row, own, sent, unexpected) for place, row in enumerate(rows)]
    for group in grouped(shared):
        open_places = [place for place in group.places if not own[place]]
        # A record may be the second one of a row that has its own: only a group without such rows
        # says anything of its members.
        judge = judge_group if len(open_places) == len(group.places) else unclear
        # Without stamps the count is all there is: one record too many is as odd as one too few.
        if not found.tells and (found.uncertain or len(group.records) != len(group.places)):
            judge = unclear
        decided = judge([rows[place].row for place in open_places], group.records)
        for place, verdict in zip(open_places, decided, strict=True):
            verdicts[place] = verdict
    if not found.tells and not all(record.whole for record in records):
        verdicts = [_not_missing(verdict) for verdict in verdicts]
    unexpected.sort(key=lambda record: record.sort_key)
    blank.sort(key=lambda record: record.sort_key)
    return Matching(verdicts, unexpected, blank, habit=found)


def match_another_day(
    rows: Sequence[SentRow], records: Sequence[StatusRecord], found: Found
) -> Matching:
    """Leave rows open of which it is not known that they are the batch's, for its other times."""
    listed = match_under(rows, records, found)
    verdicts = [
        verdict
        if verdict.state is RowState.MISSING
        else Verdict(verdict.row, RowState.ACCEPTED, message=ANOTHER_DAY)
        for verdict in listed.verdicts
    ]
    return Matching(verdicts, listed.unexpected, listed.unplaced, habit=found)


def _not_missing(verdict: Verdict) -> Verdict:
    if verdict.state is not RowState.MISSING:
        return verdict
    return Verdict(verdict.row, RowState.ACCEPTED, message=NOT_PLACED)


def _judge_own(
    place: int,
    row: int,
    own: list[list[StatusRecord]],
    sent: _Rows,
    unexpected: list[StatusRecord],
) -> Verdict:
    records = own[place]
    if not records:
        return Verdict(row, RowState.MISSING)
    odd = [record for record in records if not sent.in_time(place, record)]
    if odd and len(odd) == len(records):
        return Verdict(row, RowState.ACCEPTED, message=OTHER_TIMES)
    if odd:
        # Its own record is there; the others bear its numbers, at times that are none of its.
        unexpected += odd
        records = [record for record in records if record not in odd]
    if sent.uncertain and not any(record.whole or _visible(record) for record in records):
        return unclear([row], records)[0]
    return judge_row(row, records, stamped=sent.tells)


def _visible(record: StatusRecord) -> bool:
    return tells(record.caller_number) or tells(record.receiver_number)


class _Rows:
    """The rows of a batch as a server with these habits would show them."""

    def __init__(self, sent: Sequence[CallRecord], found: Found) -> None:
        habits = found.habits
        self._sent = sent
        self.tells = found.tells
        self.uncertain = found.uncertain
        self._hard_starts = not self.tells
        self._times = [
            [(one.starts.shown(row.starts_at), one.ends.shown(row.ends_at)) for one in habits]
            for row in sent
        ]
        self._starts_told = all(habit.starts.kind is not Kind.NONE for habit in habits)
        self._by_pair: dict[tuple[str, str], list[int]] = {}
        self._by_end: dict[int | None, list[int]] = {}
        self._by_tail: dict[tuple[int, str], list[int]] = {}
        self._known: dict[object, tuple[int, ...]] = {}
        for place, row in enumerate(sent):
            self._by_pair.setdefault((row.caller_number, row.receiver_number), []).append(place)
            for end in {end for _, end in self._times[place]}:
                self._by_end.setdefault(end, []).append(place)

    def fitting(self, listed: StatusRecord) -> tuple[int, ...]:
        """Return the places of the rows that a record can belong to; none: a stranger."""
        # Look-alikes show the same over and over: what fits one record fits its twins.
        evidence = listed[_EVIDENCE]
        known = self._known.get(evidence)
        if known is None:
            known = self._known[evidence] = self._fitting(listed)
        return known

    def _fitting(self, listed: StatusRecord) -> tuple[int, ...]:
        if listed.whole:
            places = self._by_pair.get((listed.caller_number, listed.receiver_number), [])
            if len(places) == 1:
                return (places[0],)  # it alone has these numbers: times are not needed
            return self._closest([place for place in places if self.in_time(place, listed)], listed)
        if self.tells and listed.ends_at is not None:
            candidates: Iterable[int] = self._by_end.get(listed.ends_at, ())
        else:
            candidates = self._by_digits(listed.receiver_number)
        fitting = [place for place in candidates if self._agrees(place, listed)]
        return self._closest(fitting, listed)

    def _by_digits(self, receiver: str) -> Iterable[int]:
        tail = receiver[receiver.rfind("*") + 1 :]
        if not tail:
            return range(len(self._sent))
        if (len(tail), tail) not in self._by_tail:
            for place, row in enumerate(self._sent):
                ending = row.receiver_number[-len(tail) :]
                self._by_tail.setdefault((len(tail), ending), []).append(place)
        return self._by_tail.get((len(tail), tail), ())

    def in_time(self, place: int, listed: StatusRecord) -> bool:
        """Return whether a record shows a row's times, as far as times are evidence."""
        if listed.ends_at is None:
            return True
        return any(
            (end is None or end == listed.ends_at)
            and (
                not self._hard_starts
                or start is None
                or listed.starts_at is None
                or start == listed.starts_at
            )
            for start, end in self._times[place]
        )

    def _agrees(self, place: int, listed: StatusRecord) -> bool:
        sent = self._sent[place]
        return (
            shows(listed.receiver_number, sent.receiver_number)
            and shows(listed.caller_number, sent.caller_number)
            and self.in_time(place, listed)
            and self._conflicts(place, listed) <= MASKED_CONFLICTS
        )

    def _conflicts(self, place: int, listed: StatusRecord) -> int:
        starts = listed.starts_at
        other_start = (
            self._starts_told
            and starts is not None
            and all(start != starts for start, _ in self._times[place])
        )
        return conflicts(listed, self._sent[place]) + other_start

    def _closest(self, places: Sequence[int], listed: StatusRecord) -> tuple[int, ...]:
        """Keep the rows with the fewest conflicts; a tie keeps them all."""
        if len(places) < 2:  # noqa: PLR2004 - one row can't tie
            return tuple(places)
        counts = [self._conflicts(place, listed) for place in places]
        fewest = min(counts)
        return tuple(place for place, count in zip(places, counts, strict=True) if count == fewest)
