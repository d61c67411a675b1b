"""What happened, written into rows and batches: all of a call's events or none, each a legal step."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from bulkcall.errors import LedgerError
from bulkcall.ledger import runs, sending, tallies
from bulkcall.ledger.lifecycle import IllegalStepError, Life, after
from bulkcall.ledger.model import (
    BatchAccepted,
    BatchSplit,
    Doubtful,
    Expired,
    GivenBack,
    Refused,
    TurnedAway,
)
from bulkcall.ledger.packing import storable, unpacked_numbers
from bulkcall.ledger.schema import row_key
from bulkcall.records import RowState

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bulkcall.ledger.model import Event
    from bulkcall.ledger.store import Transaction

_LIVES = """
    SELECT id, state, attempts, tries, doubtful, batch, earlier_batch, sent_at, earlier_sent_at,
        http_status, confirmed_at, record_id, matched, field, message
    FROM rows WHERE id IN_KEYS ORDER BY id
"""
_WRITE = """
    UPDATE rows SET state = ?, attempts = ?, tries = ?, doubtful = ?, batch = ?, earlier_batch = ?,
        sent_at = ?, earlier_sent_at = ?, http_status = ?, confirmed_at = ?, record_id = ?,
        matched = ?, field = ?, message = ?
    WHERE id = ?
"""
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
    rows_of = [_rows_of(transaction, run_no, event) for event in events]
    lives = _lives(transaction, {row_key(run_no, row) for rows in rows_of for row in rows})
    before = dict(lives)
    for event, rows in zip(events, rows_of, strict=True):
        batches = {lives[key].batch for row in rows if (key := row_key(run_no, row)) in lives}
        for row in rows:
            key = row_key(run_no, row)
            try:
                lives[key] = after(lives[key], event)
            except KeyError:
                raise LedgerError(f"row {row} is not in the ledger; nothing was written") from None
            except IllegalStepError as error:
                raise LedgerError(f"row {row}: {error}; nothing was written") from error
        _end_batches(transaction, event, batches)
    changes: Counter[RowState] = Counter()
    for key, life in lives.items():
        changes[before[key].state] -= 1
        changes[life.state] += 1
    transaction.many(
        _WRITE, [_values(life, key) for key, life in lives.items() if life is not before[key]]
    )
    tallies.change(transaction, run_no, changes)
    if changes[RowState.READY] > 0 or changes[RowState.DOUBT] > 0:
        sending.rows_return(transaction, run_no)
    runs.count_requests(transaction, run_no, requests, retries)


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


def _lives(transaction: Transaction, keys: set[int]) -> dict[int, Life]:
    found = transaction.keyed(_LIVES + transaction.store.for_update, sorted(keys))
    return {row[0]: _life(row) for row in found}


def _life(row: tuple[Any, ...]) -> Life:
    return Life(RowState(row[1]), row[2], row[3], bool(row[4]), *row[5:])


def _values(life: Life, key: int) -> tuple[Any, ...]:
    return (
        int(life.state),
        life.attempts,
        life.tries,
        int(life.doubtful),
        life.batch,
        life.earlier_batch,
        life.sent_at,
        life.earlier_sent_at,
        life.http_status,
        life.confirmed_at,
        storable(life.record_id),
        life.matched,
        storable(life.field),
        storable(life.message),
        key,
    )


def _end_batches(transaction: Transaction, event: Event, batches: set[int | None]) -> None:
    """Move the batches of an event's rows out of `sending`."""
    if isinstance(event, BatchAccepted):
        changed = transaction.run(
            "UPDATE batches SET state = 'accepted', batch_id = ?, accepted_at = ?, http_status = ?"
            " WHERE batch = ? AND state = 'sending'",
            storable(event.batch_id),
            event.at,
            event.http_status,
            event.batch,
        )
        if batches != {event.batch} or not changed:
            raise LedgerError(f"batch {event.batch} is not going out; nothing was written")
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
