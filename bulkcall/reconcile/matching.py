"""Which listed record belongs to which row of a batch: by evidence, never by position. Pure.

A listing that shows each record just as it was sent, one a row, is matched here, in one pass. Any
other one is looked at closely: first for the server's habits with times (server_habits.py), then
row by row (habit_matching.py). docs/reconciliation.md explains each rule.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from bulkcall.reconcile.evidence import BLIND, MASKED_CONFLICTS, conflicts, form, shows
from bulkcall.reconcile.habit_matching import match_another_day, match_under
from bulkcall.reconcile.server_habits import AS_SENT, UNITS_MS, Found, Habit, find_habits
from bulkcall.reconcile.verdict import Matching, Verdict, judge_row
from bulkcall.records import RowState

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bulkcall.reconcile.status_record import StatusRecord
    from bulkcall.reconcile.verdict import SentRow

_MISSING = RowState.MISSING
_MANY = -1
"""No row, or more than one."""


def match(
    rows: Sequence[SentRow],
    listed: Iterable[StatusRecord],
    known: Sequence[Habit] = (),
    *,
    ours: bool = True,
) -> Matching:
    """Find each row's end in one listing of its batch, whatever the listing's order.

    Args:
        rows: all rows of the batch, as sent.
        listed: the server's records for the batch.
        known: what other listings have shown of the server's habits with times.
        ours: these rows are known to be the batch's. Where they are not, a listing whose times have
            been moved, or have no relation to the rows', may be that of another day.
    """
    records = _distinct(listed)
    simple = _as_sent(rows, records)
    if simple is not None:
        return simple
    sent = [row.record for row in rows]
    found = find_habits(sent, records, known)
    if not ours and found.habits != (AS_SENT,) and not all(map(_unmoved, found.habits)):
        return match_another_day(rows, records, found)
    return match_under(rows, records, found)


def _unmoved(habit: Habit) -> bool:
    return habit.tells and not habit.starts.shift_ms and not habit.ends.shift_ms


def _as_sent(rows: Sequence[SentRow], records: Sequence[StatusRecord]) -> Matching | None:
    """Match a listing that shows each record as it was sent; None: this one needs a closer look."""
    sent = _Sent(rows)
    # One record a row is the rule, so a second one may cost more than an empty list for each row.
    own: list[StatusRecord | None] = [None] * len(rows)
    only = sent.only
    for record in records:
        place = only(record)
        if place < 0 or own[place] is not None:
            return None
        own[place] = record
    if len(records) < len(rows) and not (
        all(record.whole for record in records) or (sent.start_together and _sharp(records))
    ):
        return None
    verdicts = [
        judge_row(row.row, (record,)) if record else Verdict(row.row, _MISSING)
        for row, record in zip(rows, own, strict=True)
    ]
    return Matching(verdicts, habit=Found((AS_SENT,), len(records), len(records)))


def _sharp(records: Sequence[StatusRecord]) -> bool:
    """Return whether a time is shown that a server which cuts times would not show.

    While only part of a batch is listed, a time on a whole second may be another row's, rounded.
    """
    finest = UNITS_MS[0]
    return any(
        (record.ends_at or 0) % finest or (record.starts_at or 0) % finest for record in records
    )


_caller_shows = lru_cache(maxsize=4096)(shows)  # a campaign has few callers, each many times


class _Sent:
    """The rows of a batch, to be found by what a record shows that is listed as it was sent."""

    def __init__(self, rows: Sequence[SentRow]) -> None:
        self._records = [row.record for row in rows]
        self._by_pair: dict[tuple[str, str], int] = {}
        self._by_stamp: dict[int, int] = {}
        self._form = (0, 0, "")
        self.start_together = len({record.starts_at for record in self._records}) <= 1
        """Then a server that moves times shows it by the start of any record."""
        pairs, stamps = self._by_pair, self._by_stamp
        for place, record in enumerate(self._records):
            pair = (record.caller_number, record.receiver_number)
            pairs[pair] = _MANY if pair in pairs else place
            stamp = record.ends_at
            stamps[stamp] = _MANY if stamp in stamps else place

    def only(self, listed: StatusRecord) -> int:
        """Return the place of the one row that a record shows just as it was sent; else below 0."""
        if listed.whole:
            place = self._by_pair.get((listed.caller_number, listed.receiver_number), _MANY)
            if place >= 0 and self._records[place].ends_at != listed.ends_at:
                return _MANY
            return place
        if listed.ends_at is None:
            return _MANY
        place = self._by_stamp.get(listed.ends_at, _MANY)
        return place if place >= 0 and self._agrees(place, listed) else _MANY

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
        if listed.starts_at != sent.starts_at:
            return False
        return (
            listed.dynamic_call_reason == sent.dynamic_call_reason
            and listed.dynamic_label_name == sent.dynamic_label_name
            and listed.label_id == sent.label_id
        ) or conflicts(listed, sent) <= MASKED_CONFLICTS


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
