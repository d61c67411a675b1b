"""What one listing of a batch says of its rows, and in which words. Pure."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, NamedTuple, Protocol

from bulkcall.codes import api_code
from bulkcall.records import Match, RowState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from bulkcall.reconcile.server_habits import Found
    from bulkcall.reconcile.status_record import StatusRecord
    from bulkcall.records import CallRecord

# Looking a member up in its enum costs more than the comparison it is wanted for.
_SUCCESS, _ERROR = RowState.SUCCESS, RowState.ERROR
_NUMBER, _STAMP, _GROUP = Match.NUMBER, Match.STAMP, Match.GROUP

NO_REASON = "the server gives no reason"
SHOWN_ROWS = 5
"""How many look-alike rows a message names."""


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


class Verdict(NamedTuple):
    """What one listing of a batch says of one of its rows."""

    row: int
    state: RowState
    """SUCCESS, ERROR, ACCEPTED (listed, but not final or not to be known), MISSING (not listed)."""
    match: Match = Match.NONE
    message: str = ""
    record_id: str = ""
    field: str = ""
    code: str = ""
    """Why it failed, as a word of bulkcall/codes.py; empty where it did not."""

    @property
    def settled(self) -> bool:
        """Return whether the server's word for the row is its last."""
        return self.state is _SUCCESS or self.state is _ERROR


# By far the most verdicts are made in judge_row: this is half of what naming the fields costs.
_verdict: Callable[[tuple[object, ...]], Verdict] = partial(tuple.__new__, Verdict)


@dataclass(frozen=True, slots=True)
class Matching:
    """What one listing of a batch says of all its rows."""

    verdicts: list[Verdict]
    """One for each row that was sent, in the given order."""
    unexpected: list[StatusRecord] = field(default_factory=list)
    """Records that fit no row of the batch."""
    unplaced: list[StatusRecord] = field(default_factory=list)
    """Records that show nothing to tell rows apart by; while there are any, no row is missing."""
    habit: Found | None = None
    """What the listing shows of the server's habits with times."""


def judge_row(row: int, records: Sequence[StatusRecord], *, stamped: bool = True) -> Verdict:
    """Say what records that fit this row alone make of it; there is at least one.

    Where times are no evidence (`stamped` is False), a row that masked digits alone tell apart is a
    group of one.
    """
    if len(records) > 1:
        return _judge_repeated(row, records, stamped=stamped)
    only = records[0]
    state = only.state
    words = only.message if state is _SUCCESS else _words(only)
    found_by = _NUMBER if only.whole else _found_by(only, stamped=stamped)
    code = "" if state is _SUCCESS else _code([only])
    return _verdict((row, state, found_by, words, only.record_id, only.field, code))


def judge_group(rows: Sequence[int], records: Iterable[StatusRecord]) -> list[Verdict]:
    """Say what records that fit each of several rows make of them.

    The rows' end is known only if all records ended the same way and none is wanting.
    """
    latest = _latest(records)
    states = {record.state for record in latest}
    alike = states <= {RowState.SUCCESS} or states <= {RowState.ERROR}
    if not alike or len(latest) < len(rows):
        return [Verdict(row, RowState.ACCEPTED, message=_unknowable(rows, latest)) for row in rows]
    state = latest[0].state
    words = sorted({_words(record) for record in latest})
    message = words[0] if len(words) == 1 else "one of: " + " | ".join(words)
    fields = {record.field for record in latest}
    shown = fields.pop() if len(fields) == 1 else ""
    code = _code(latest)
    return [Verdict(row, state, Match.GROUP, message, "", shown, code) for row in rows]


def unclear(rows: Sequence[int], records: Sequence[StatusRecord]) -> list[Verdict]:
    """Say of several rows that records which fit them all can't be told apart."""
    message = _unknowable(rows, records)
    return [Verdict(row, RowState.ACCEPTED, message=message) for row in rows]


def _judge_repeated(row: int, records: Sequence[StatusRecord], *, stamped: bool) -> Verdict:
    latest = sorted(_latest(records), key=lambda record: record.sort_key)
    states = {record.state for record in latest}
    # Whole numbers are the better evidence: the best of the row's records says how it was found.
    match = min((_found_by(record, stamped=stamped) for record in latest), key=_BEST.index)
    first = latest[0]
    code = _code(latest)
    if len(latest) == 1:
        return Verdict(row, first.state, match, _words(first), first.record_id, first.field, code)
    if len(states) == 1 and first.final:
        words = sorted({_words(record) for record in latest})
        message = " | ".join(word for word in words if word)
        if first.state is RowState.SUCCESS:
            message = "; ".join(filter(None, (message, f"listed {len(latest)} times")))
        return Verdict(row, first.state, match, message, first.record_id, first.field, code)
    listed = "; ".join(sorted({_cited(record) for record in latest}))
    if RowState.ACCEPTED in states:
        message = f"not final: the server lists it {len(latest)} times: {listed}"
    else:
        message = f"cannot be known: the server contradicts itself: {listed}"
    return Verdict(row, RowState.ACCEPTED, match, message)


def _code(records: Sequence[StatusRecord]) -> str:
    """Return the code of the server's reason; where it gives several, that of an error as such."""
    codes = {api_code(each.message) if each.state is RowState.ERROR else "" for each in records}
    return codes.pop() if len(codes) == 1 else "api.error"


_BEST = (_NUMBER, _STAMP, _GROUP)


def _found_by(record: StatusRecord, *, stamped: bool = True) -> Match:
    if record.whole:
        return _NUMBER
    # Without a stamp, the row is found as the only one of its kind: a group of one.
    return _STAMP if stamped and record.ends_at is not None else _GROUP


def _words(record: StatusRecord) -> str:
    if record.state is RowState.SUCCESS:
        return record.message
    if record.state is RowState.ERROR:
        return record.message or NO_REASON
    said = f'the server says "{record.status}"' if record.status else "listed without a status"
    return f"{said}: {record.message}" if record.message else said


def _cited(record: StatusRecord) -> str:
    named = f" (id {record.record_id})" if record.record_id else ""
    about = f": {record.message}" if record.message else ""
    return f"{record.status or 'no status'}{named}{about}"


def _latest(records: Iterable[StatusRecord]) -> list[StatusRecord]:
    """Count a record listed twice under one id once; its final word stands over the earlier one."""
    kept: dict[object, list[StatusRecord]] = {}
    for number, record in enumerate(records):
        kept.setdefault(record.record_id or number, []).append(record)
    latest: list[StatusRecord] = []
    for same in kept.values():
        final = [record for record in same if record.final]
        ends = final or same
        # Contradicting last words under one id both stay: nothing says which is right.
        by_state = {record.state: record for record in sorted(ends, key=lambda one: one.sort_key)}
        latest.extend(by_state.values())
    return latest


def _unknowable(rows: Sequence[int], records: Sequence[StatusRecord]) -> str:
    named = ", ".join(str(row) for row in sorted(rows)[:SHOWN_ROWS])
    more = ", …" if len(rows) > SHOWN_ROWS else ""
    counts = Counter(record.status or "no status" for record in records)
    listed = ", ".join(f"{count} {word}" for word, count in sorted(counts.items()))
    many = (
        f"rows {named}{more} look alike"
        if len(rows) > 1
        else f"row {named} is not alone in fitting"
    )
    return f"cannot be known: {many}; the server lists {listed} for {len(rows)} of them"
