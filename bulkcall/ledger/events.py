"""What happened, written into rows and batches: all events of a call or none, all legal steps."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from bulkcall.errors import LedgerError
from bulkcall.ledger import counts, runs, sending
from bulkcall.ledger.codec import storable, unpacked_numbers
from bulkcall.ledger.lifecycle import IllegalTransitionError, RowStatus, apply_event
from bulkcall.ledger.model import (
    BatchAccepted,
    BatchSplit,
    Doubtful,
    Expired,
    GivenBack,
    Refused,
    TurnedAway,
)
from bulkcall.ledger.schema import row_key, row_number
from bulkcall.records import RowState

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bulkcall.ledger.model import Event
    from bulkcall.ledger.store import Transaction

_STATUSES = """
    SELECT id, state, attempts, tries, doubtful, batch, earlier_batch, sent_at, earlier_sent_at,
        http_status, confirmed_at, record_id, matched, field, message, code
    FROM rows WHERE id IN_KEYS ORDER BY id
"""
_WRITE = """
    UPDATE rows SET state = ?, attempts = ?, tries = ?, doubtful = ?, batch = ?, earlier_batch = ?,
        sent_at = ?, earlier_sent_at = ?, http_status = ?, confirmed_at = ?, record_id = ?,
        matched = ?, field = ?, message = ?, code = ?
    WHERE id """
_FEW = 8
"""From so many rows on that end alike, one statement for all is quicker than one each."""
_BATCH_ENDS = {TurnedAway: "turned_away", Doubtful: "doubtful", Refused: "refused"}


def record(
    transaction: Transaction,
    run_no: int,
    events: Sequence[Event],
    *,
    requests: int = 0,
    retries: int = 0,
) -> None:
    """Write the events in their order. LedgerError, and nothing written, if one is impossible."""
    keys_of = [
        [row_key(run_no, int(row)) for row in _rows_of(transaction, run_no, event)]
        for event in events
    ]
    statuses = _statuses(transaction, {key for keys in keys_of for key in keys})
    before = dict(statuses)
    for event, keys in zip(events, keys_of, strict=True):
        batches = {statuses[key].batch for key in keys if key in statuses}
        _step(statuses, event, keys)
        _end_batches(transaction, event, batches)
    _write(
        transaction, {key: status for key, status in statuses.items() if status is not before[key]}
    )
    changes = Counter(status.state for status in statuses.values())
    changes.subtract(status.state for status in before.values())
    counts.change(transaction, run_no, changes)
    if changes[RowState.READY] > 0 or changes[RowState.DOUBT] > 0:
        sending.rows_return(transaction, run_no)
    runs.count_requests(transaction, run_no, requests, retries)


def _step(statuses: dict[int, RowStatus], event: Event, keys: Sequence[int]) -> None:
    """Take the rows of one event a step on; rows of equal status do so at the cost of one."""
    steps: dict[int, RowStatus] = {}
    for key in keys:
        status = statuses.get(key)
        if status is None:
            raise LedgerError(f"row {row_number(key)} is not in the ledger; nothing was written")
        step = steps.get(id(status))
        if step is None:
            try:
                step = steps[id(status)] = apply_event(status, event)
            except IllegalTransitionError as error:
                said = f"row {row_number(key)}: {error}; nothing was written"
                raise LedgerError(said) from error
        statuses[key] = step


def _write(transaction: Transaction, statuses: Mapping[int, RowStatus]) -> None:
    """Write statuses down."""
    keys_of: dict[int, list[int]] = {}
    for key, status in statuses.items():
        keys_of.setdefault(id(status), []).append(key)
    single: list[int] = []
    for keys in keys_of.values():
        if len(keys) < _FEW:
            single += keys
        else:
            transaction.keyed_run(_WRITE + "IN_KEYS", keys, *_values(statuses[keys[0]]))
    transaction.many(_WRITE + "= ?", [(*_values(statuses[key]), key) for key in single])


def _rows_of(transaction: Transaction, run_no: int, event: Event) -> Sequence[int]:
    match event:
        case BatchAccepted() | BatchSplit():
            placed = transaction.value(
                "SELECT placed FROM batches WHERE batch = ? AND run_no = ?", event.batch, run_no
            )
            if placed is None:
                raise LedgerError(f"batch {event.batch} is not in the ledger; nothing was written")
            return unpacked_numbers(placed)[::2]
        case GivenBack() | TurnedAway() | Doubtful() | Expired():
            return event.rows
        case _:
            return (event.row,)


def _statuses(transaction: Transaction, keys: set[int]) -> dict[int, RowStatus]:
    """Return the statuses by key; rows of equal status share one object."""
    shared: dict[tuple[Any, ...], RowStatus] = {}
    statuses: dict[int, RowStatus] = {}
    for key, *columns in transaction.keyed(_STATUSES + transaction.store.for_update, sorted(keys)):
        facts = tuple(columns)
        status = shared.get(facts)
        if status is None:
            status = RowStatus(RowState(facts[0]), facts[1], facts[2], bool(facts[3]), *facts[4:])
            shared[facts] = status
        statuses[key] = status
    return statuses


def _values(status: RowStatus) -> tuple[Any, ...]:
    return (
        int(status.state),
        status.attempts,
        status.tries,
        int(status.doubtful),
        status.batch,
        status.earlier_batch,
        status.sent_at,
        status.earlier_sent_at,
        status.http_status,
        status.confirmed_at,
        storable(status.record_id),
        status.matched,
        storable(status.field),
        storable(status.message),
        status.code,
    )


def _end_batches(transaction: Transaction, event: Event, batches: set[int | None]) -> None:
    """Move the batches of an event's rows out of `sending`."""
    if isinstance(event, BatchAccepted | BatchSplit) and batches != {event.batch}:
        raise LedgerError(f"batch {event.batch} is not being sent; nothing was written")
    if isinstance(event, BatchAccepted):
        changed = transaction.run(
            "UPDATE batches SET state = 'accepted', batch_id = ?, accepted_at = ?, http_status = ?"
            " WHERE batch = ? AND state = 'sending'",
            storable(event.batch_id),
            event.at,
            event.http_status,
            event.batch,
        )
        if not changed:
            raise LedgerError(f"batch {event.batch} is not being sent; nothing was written")
        return
    known = [batch for batch in batches if batch is not None]
    if not known:
        return
    if isinstance(event, GivenBack):
        transaction.keyed_run(
            "DELETE FROM batches WHERE state = 'sending' AND batch IN_KEYS", known
        )
    elif isinstance(event, BatchSplit):
        _set_batches(transaction, [event.batch], "refused", event.http_status)
    elif isinstance(event, TurnedAway | Doubtful | Refused):
        _set_batches(transaction, known, _BATCH_ENDS[type(event)], event.http_status)


def _set_batches(
    transaction: Transaction, batches: Sequence[int], state: str, http_status: int | None
) -> None:
    transaction.keyed_run(
        "UPDATE batches SET state = ?, http_status = ? WHERE state = 'sending' AND batch IN_KEYS",
        batches,
        state,
        http_status,
    )
