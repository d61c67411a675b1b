"""Which listed record belongs to which row of a batch: by evidence, never by position. Pure.

Each listed record is held against the rows of its batch. One row fits: it is that row's, by
`number` where both numbers are whole, else by `stamp`. Several rows fit: they look alike, and only
if the server's records for them all ended the same way, and are enough, is their end known
(`group`).
Everything else is said to be unknown. docs/reconciliation.md explains each rule.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Protocol

from bulkcall.reconcile.evidence import (
    BLIND,
    ROUNDING_MS,
    conflicts,
    form,
    shows,
    tells,
)
from bulkcall.reconcile.groups import grouped
from bulkcall.reconcile.verdict import Matching, Verdict, judge_group, judge_row, unclear
from bulkcall.records import RowState

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bulkcall.reconcile.status_record import StatusRecord
    from bulkcall.records import CallRecord

MASKED_CONFLICTS = 1
"""How many soft fields may differ before a masked record with a row's stamp is a stranger."""


_MISSING = RowState.MISSING
_EVIDENCE = slice(1, 9)
"""Where the fields of `StatusRecord` stand that tell rows apart."""


class SentRow(Protocol):
    """A row as it was sent in a batch; `record.ends_at` is its stamp."""

    @property
    def row(self) -> int:
        """Row number in the campaign file."""
        ...

    @property
    def record(self) -> CallRecord:
        """The record as it was sent."""
        ...


def match(rows: Sequence[SentRow], listed: Iterable[StatusRecord]) -> Matching:
    """Find each row's end in one listing of its batch, whatever the listing's order.

    Args:
        rows: all rows of the batch, as sent.
        listed: the server's records for the batch.
    """
    sent = _Sent(rows)
    # One record a row is the rule, so a second one may cost more than an empty list for each row.
    own: list[tuple[StatusRecord, ...]] = [()] * len(rows)
    shared: list[tuple[tuple[int, ...], StatusRecord]] = []
    unexpected: list[StatusRecord] = []
    blank: list[StatusRecord] = []
    told = False
    fitting = sent.fitting
    for record in _distinct(listed):
        if record.ends_at is None and not record.whole and not _visible(record):
            blank.append(record)
            continue
        told = True
        places = fitting(record)
        if len(places) == 1:
            own[places[0]] += (record,)
        elif places:
            shared.append((places, record))
        else:
            unexpected.append(record)
    if blank and not told:
        # Nothing in the whole listing tells rows apart by number or time: the soft fields remain.
        shared = [(sent.closest(range(len(rows)), record), record) for record in blank]
        blank = []
    verdicts = [
        judge_row(row.row, records) if records else Verdict(row.row, _MISSING)
        for row, records in zip(rows, own, strict=True)
    ]
    for group in grouped(shared):
        open_places = [place for place in group.places if not own[place]]
        # A record may be the second one of a row that has its own: only a group without such rows
        # says anything of its members.
        judge = judge_group if len(open_places) == len(group.places) else unclear
        decided = judge([rows[place].row for place in open_places], group.records)
        for place, verdict in zip(open_places, decided, strict=True):
            verdicts[place] = verdict
    unexpected.sort(key=lambda record: record.sort_key)
    blank.sort(key=lambda record: record.sort_key)
    return Matching(verdicts, unexpected, blank)


_caller_shows = lru_cache(maxsize=4096)(shows)  # a campaign has few callers, each many times


class _Sent:
    """The rows of a batch, to be found by what a listed record shows."""

    def __init__(self, rows: Sequence[SentRow]) -> None:
        self._records = [row.record for row in rows]
        self._by_pair: dict[tuple[str, str], tuple[int, ...]] = {}
        self._by_stamp: dict[int, tuple[int, ...]] = {}
        self._form = (0, 0, "")
        self._known: dict[object, tuple[int, ...]] = {}
        pairs, stamps = self._by_pair, self._by_stamp
        for place, record in enumerate(self._records):
            pair = (record.caller_number, record.receiver_number)
            pairs[pair] = (*pairs[pair], place) if pair in pairs else (place,)
            stamp = record.ends_at
            stamps[stamp] = (*stamps[stamp], place) if stamp in stamps else (place,)

    def fitting(self, listed: StatusRecord) -> tuple[int, ...]:
        """Give the places of the rows that a record can belong to; none: a stranger."""
        if listed.whole:
            return self._by_whole_numbers(listed)
        if listed.ends_at is None:
            places: Sequence[int] = range(len(self._records))
        else:
            places = self._by_stamp.get(listed.ends_at, ())
            if len(places) == 1:
                return places if self._agrees(places[0], listed) else ()
        # Look-alikes show the same over and over: what fits one record fits its twins.
        evidence = listed[_EVIDENCE]
        known = self._known.get(evidence)
        if known is None:
            fitting = [place for place in places if self._agrees(place, listed)]
            known = self._known[evidence] = self.closest(fitting, listed)
        return known

    def _agrees(self, place: int, listed: StatusRecord) -> bool:
        sent = self._records[place]
        caller, receiver = listed.caller_number, listed.receiver_number
        if receiver not in BLIND:
            # A server masks all numbers in one form: tried first, it settles nearly all of them.
            first, after, mask = self._form
            number = sent.receiver_number
            if number[:first] + mask + number[after:] != receiver:
                self._form = form(receiver)
                if not shows(receiver, number):
                    return False
        if caller not in BLIND and not _caller_shows(caller, sent.caller_number):
            return False
        # In most listings all words are shown just as they were sent.
        return (
            listed.dynamic_call_reason == sent.dynamic_call_reason
            and listed.starts_at == sent.starts_at
            and listed.dynamic_label_name == sent.dynamic_label_name
            and listed.label_id == sent.label_id
            and listed.ends_at == sent.ends_at
        ) or conflicts(listed, sent) <= MASKED_CONFLICTS

    def _by_whole_numbers(self, listed: StatusRecord) -> tuple[int, ...]:
        places = self._by_pair.get((listed.caller_number, listed.receiver_number), ())
        ends_at = listed.ends_at
        if ends_at is None:
            return self.closest(places, listed)
        if len(places) == 1:
            return places if abs(self._records[places[0]].ends_at - ends_at) < ROUNDING_MS else ()
        near = [
            place for place in places if abs(self._records[place].ends_at - ends_at) < ROUNDING_MS
        ]
        return self.closest(near, listed)

    def closest(self, places: Sequence[int], listed: StatusRecord) -> tuple[int, ...]:
        """Keep the rows with the fewest conflicts; a tie keeps them all."""
        if len(places) < 2:  # noqa: PLR2004 - one row can't tie
            return tuple(places)
        counts = [conflicts(listed, self._records[place]) for place in places]
        fewest = min(counts)
        return tuple(place for place, count in zip(places, counts, strict=True) if count == fewest)


def _distinct(listed: Iterable[StatusRecord]) -> list[StatusRecord]:
    """Leave out what is listed again word for word under its own id."""
    records = list(listed)
    if len({record.record_id for record in records}) == len(records):
        return records
    seen: set[StatusRecord] = set()
    kept: list[StatusRecord] = []
    for record in records:
        if record.record_id:
            if record in seen:
                continue
            seen.add(record)
        kept.append(record)
    return kept


def _visible(record: StatusRecord) -> bool:
    return tells(record.caller_number) or tells(record.receiver_number)
