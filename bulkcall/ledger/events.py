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

_LIVES = """
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
    lives = _lives(transaction, {key for keys in keys_of for key in keys})
    before = dict(lives)
    for event, keys in zip(events, keys_of, strict=True):
        batches = {lives[key].batch for key in keys if key in lives}
        _step(lives, event, keys)
        _end_batches(transaction, event, batches)
    _write(transaction, {key: life for key, life in lives.items() if life is not before[key]})
    changes = Counter(life.state for life in lives.values())
    changes.subtract(life.state for life in before.values())
    counts.change(transaction, run_no, changes)
    if changes[RowState.READY] > 0 or changes[RowState.DOUBT] > 0:
        sending.rows_return(transaction, run_no)
    runs.count_requests(transaction, run_no, requests, retries)


def _step(lives: dict[int, RowStatus], event: Event, keys: Sequence[int]) -> None:
    """Take the rows of one event a step on; rows that lived alike do so at the cost of one."""
    steps: dict[int, RowStatus] = {}
    for key in keys:
        life = lives.get(key)
        if life is None:
            raise LedgerError(f"row {row_number(key)} is not in the ledger; nothing was written")
        step = steps.get(id(life))
        if step is None:
            try:
                step = steps[id(life)] = apply_event(life, event)
            except IllegalTransitionError as error:
                said = f"row {row_number(key)}: {error}; nothing was written"
                raise LedgerError(said) from error
        lives[key] = step


def _write(transaction: Transaction, lives: Mapping[int, RowStatus]) -> None:
    """Write lives down."""
    keys_of: dict[int, list[int]] = {}
    for key, life in lives.items():
        keys_of.setdefault(id(life), []).append(key)
    single: list[int] = []
    for keys in keys_of.values():
        if len(keys) < _FEW:
            single += keys
        else:
            transaction.keyed_run(_WRITE + "IN_KEYS", keys, *_values(lives[keys[0]]))
    transaction.many(_WRITE + "= ?", [(*_values(lives[key]), key) for key in single])


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


def _lives(transaction: Transaction, keys: set[int]) -> dict[int, RowStatus]:
    """Give the lives by key; rows that lived alike share one object."""
    shared: dict[tuple[Any, ...], RowStatus] = {}
    lives: dict[int, RowStatus] = {}
    for key, *columns in transaction.keyed(_LIVES + transaction.store.for_update, sorted(keys)):
        facts = tuple(columns)
        life = shared.get(facts)
        if life is None:
            life = RowStatus(RowState(facts[0]), facts[1], facts[2], bool(facts[3]), *facts[4:])
            shared[facts] = life
        lives[key] = life
    return lives


def _values(life: RowStatus) -> tuple[Any, ...]:
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
        life.code,
    )


def _end_batches(transaction: Transaction, event: Event, batches: set[int | None]) -> None:
    """Move the batches of an event's rows out of `sending`."""
    if isinstance(event, BatchAccepted | BatchSplit) and batches != {event.batch}:
        raise LedgerError(f"batch {event.batch} is not going out; nothing was written")
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
