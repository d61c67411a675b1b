"""Rows on their way out: taken in order, marked before anyone may send them, expired in time."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from bulkcall.errors import LedgerError
from bulkcall.ledger import counts
from bulkcall.ledger.codec import packed_numbers
from bulkcall.ledger.lifecycle import (
    EXPIRED_IN_DOUBT_MESSAGE,
    EXPIRED_MESSAGE,
    RECOVERED_MESSAGE,
    WAITING,
    Step,
    case_after,
    in_states,
    states_before,
)
from bulkcall.ledger.model import ReadyRow
from bulkcall.ledger.schema import row_key, row_number, row_range
from bulkcall.records import CallRecord, RowState

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from bulkcall.ledger.duplicates import RepeatLookup
    from bulkcall.ledger.model import Placed
    from bulkcall.ledger.store import Transaction

# The words of the partial index `rows_waiting`, so that it is used.
_IS_WAITING = f"state {in_states(WAITING)}"
_WAITING = f"""
    SELECT r.id, r.caller, r.receiver, r.starts_at, r.ends_at, w.label_id, w.name, w.reason,
        r.attempts, r.tries, r.state, r.identity
    FROM rows r LEFT JOIN wordings w ON w.id = r.wording
    WHERE r.run_no = ? AND r.{_IS_WAITING} AND r.ends_at > ?
"""
_LOCK_ACCOUNT = """
    SELECT r.resend FROM accounts a JOIN runs r ON r.account_no = a.account_no WHERE r.run_no = ?
"""
_READY_ONLY = f" AND r.state = {int(RowState.READY)}"
_IN_TURN = " ORDER BY r.starts_at, r.id LIMIT ?"
_NAMED = " AND r.id IN_KEYS"
_NEVER = 2**62
# A row ends after it starts, so only rows whose start has passed are looked at.
_ENDING = f" FROM rows WHERE run_no = ? AND {_IS_WAITING} AND starts_at < ? AND ends_at <= ?"
_TAKE = f"""
    UPDATE rows SET state = {case_after(Step.TAKE)}, attempts = attempts + 1,
        earlier_sent_at = sent_at, sent_at = ?, earlier_batch = batch, batch = ?
    WHERE state {states_before(Step.TAKE)} AND id IN_KEYS
"""
_EXPIRE = f"""
    UPDATE rows SET state = {case_after(Step.EXPIRE)},
        message = CASE state WHEN {int(RowState.READY)} THEN ? ELSE ? END
    WHERE run_no = ? AND state {states_before(Step.EXPIRE)} AND starts_at < ? AND ends_at <= ?
"""
_RECOVER = f"""
    UPDATE rows SET state = {case_after(Step.RECOVER)}, doubtful = 1, http_status = NULL,
        field = NULL, message = ?
    WHERE id BETWEEN ? AND ? AND state {states_before(Step.RECOVER)}
"""
_NEXT_END = f"SELECT min(ends_at) FROM rows WHERE run_no = ? AND {_IS_WAITING} AND starts_at < ?"
_NEXT_START = (
    f"SELECT min(starts_at) FROM rows WHERE run_no = ? AND {_IS_WAITING} AND starts_at >= ?"
)


def take_realtime(
    transaction: Transaction,
    run_no: int,
    limit: int,
    *,
    now: int,
    with_doubt: bool,
    rows: Sequence[int] | None,
    skip: Collection[int],
    watch: RepeatLookup,
) -> list[ReadyRow]:
    """Take the next rows, each for a request of its own; those to `skip` keep their place."""
    ready = _next(
        transaction,
        run_no,
        limit,
        now=now,
        with_doubt=with_doubt,
        rows=rows,
        watch=watch,
        skip=skip,
    )
    _mark(transaction, run_no, ready, now=now, batch=None)
    return ready


def take_batch(
    transaction: Transaction,
    run_no: int,
    limit: int,
    compose: Callable[[Sequence[ReadyRow]], Sequence[Placed]],
    *,
    now: int,
    with_doubt: bool,
    rows: Sequence[int] | None,
    watch: RepeatLookup,
) -> tuple[int, list[ReadyRow], list[Placed]] | None:
    """Take what `compose` picks of the next rows, for one batch request."""
    ready = _next(
        transaction, run_no, limit, now=now, with_doubt=with_doubt, rows=rows, watch=watch
    )
    if not ready:
        return None
    placed = list(compose(ready))
    if not placed:
        return None
    shown = {row.row: row for row in ready}
    picked = [shown[place.row] for place in placed if place.row in shown]
    if len(picked) < len(placed) or len({row.row for row in picked}) < len(placed):
        raise LedgerError("a batch was composed of rows that were not offered, or of one row twice")
    batch = transaction.value(
        "INSERT INTO batches (run_no, size, state, created_at, placed)"
        " VALUES (?, ?, 'sending', ?, ?) RETURNING batch",
        run_no,
        len(placed),
        now,
        packed_numbers([number for place in placed for number in (place.row, place.ends_at)]),
    )
    _mark(transaction, run_no, picked, now=now, batch=batch)
    return batch, picked, placed


def _next(
    transaction: Transaction,
    run_no: int,
    limit: int,
    *,
    now: int,
    with_doubt: bool,
    rows: Sequence[int] | None,
    watch: RepeatLookup,
    skip: Collection[int] = (),
) -> list[ReadyRow]:
    transaction.store.check_hold(transaction, run_no)
    # Locked first: takes of one account come one after the other, whoever makes them.
    resend = transaction.value(_LOCK_ACCOUNT + transaction.store.for_update, run_no)
    while True:
        found = _waiting_rows(
            transaction, run_no, limit, now=now, with_doubt=with_doubt, rows=rows, skip=skip
        )
        if not found or resend:
            break
        ready = [(row[0], row[11]) for row in found if row[10] == RowState.READY]
        repeated = watch.mark_among(transaction, run_no, ready)
        if not repeated:
            break
        found = [row for row in found if row[0] not in repeated]
        if found:
            break
    return [_ready_row(row) for row in found]


def _waiting_rows(
    transaction: Transaction,
    run_no: int,
    limit: int,
    *,
    now: int,
    with_doubt: bool,
    rows: Sequence[int] | None,
    skip: Collection[int],
) -> list[tuple[Any, ...]]:
    sql = _WAITING if with_doubt else _WAITING + _READY_ONLY
    if rows is None:
        found = transaction.all(sql + _IN_TURN, run_no, now, limit + len(skip))
        return [row for row in found if row_number(row[0]) not in skip][:limit]
    keys = [row_key(run_no, int(row)) for row in rows]
    found = transaction.keyed(sql + _NAMED, keys, run_no, now)
    return sorted(found, key=lambda row: (row[3], row[0]))[:limit]


def _ready_row(row: tuple[Any, ...]) -> ReadyRow:
    return ReadyRow(
        row=row_number(row[0]),
        record=CallRecord(str(row[1]), str(row[2]), row[3], row[4], row[5], row[6], row[7]),
        attempts=row[8],
        tries=row[9],
        state=RowState(row[10]),
    )


def _mark(
    transaction: Transaction, run_no: int, ready: Sequence[ReadyRow], *, now: int, batch: int | None
) -> None:
    """Write the rows down as being sent."""
    if not ready:
        return
    marked = transaction.keyed_run(
        _TAKE,
        [row_key(run_no, row.row) for row in ready],
        now,
        batch,
    )
    if marked != len(ready):
        raise LedgerError("another process took a row at the same moment; resume the run")
    doubtful = sum(row.state is RowState.DOUBT for row in ready)
    counts.change(
        transaction,
        run_no,
        {
            RowState.READY: doubtful - len(ready),
            RowState.SENDING: len(ready),
            RowState.DOUBT: -doubtful,
        },
    )
    count_taken(transaction, run_no, len(ready))


def count_taken(transaction: Transaction, run_no: int, rows: int) -> None:
    """Let other runs of the account see that this one has sent: they look for repeats then."""
    transaction.run(
        "UPDATE accounts SET taken = taken + ?"
        " WHERE account_no = (SELECT account_no FROM runs WHERE run_no = ?)",
        rows,
        run_no,
    )
    mark: int = transaction.value(
        "UPDATE runs SET taken_mark ="
        " (SELECT a.taken FROM accounts a WHERE a.account_no = runs.account_no) WHERE run_no = ?"
        " RETURNING taken_mark",
        run_no,
    )
    transaction.on_commit.append(partial(transaction.store.note_taken, run_no, mark))


def may_expire(transaction: Transaction, run_no: int, now: int) -> bool:
    """Return whether a waiting row's ends_at may not be after `now`; false is certain."""
    next_end = transaction.value("SELECT next_end FROM runs WHERE run_no = ?", run_no)
    return int(next_end) <= now


def expire(transaction: Transaction, run_no: int, now: int) -> int:
    """Let waiting rows whose ends_at is not after `now` go: READY → EXPIRED, DOUBT → HELD."""
    found: dict[int, int] = dict(
        transaction.all("SELECT state, count(*)" + _ENDING + " GROUP BY state", run_no, now, now)
    )
    ready, doubt = found.get(RowState.READY, 0), found.get(RowState.DOUBT, 0)
    if ready + doubt:
        transaction.run(
            _EXPIRE,
            EXPIRED_MESSAGE,
            EXPIRED_IN_DOUBT_MESSAGE,
            run_no,
            now,
            now,
        )
        counts.change(
            transaction,
            run_no,
            {
                RowState.READY: -ready,
                RowState.EXPIRED: ready,
                RowState.DOUBT: -doubt,
                RowState.HELD: doubt,
            },
        )
    _look_ahead(transaction, run_no, now)
    return ready + doubt


def _look_ahead(transaction: Transaction, run_no: int, now: int) -> None:
    """Note before which time no waiting row can end, so that most calls need not look at all."""
    started = transaction.value(_NEXT_END, run_no, now)
    coming = transaction.value(_NEXT_START, run_no, now)
    ends = [time for time in (started, coming) if time is not None]
    transaction.run(
        "UPDATE runs SET next_end = ? WHERE run_no = ?", min(ends, default=_NEVER), run_no
    )


def rows_return(transaction: Transaction, run_no: int) -> None:
    """Let the next `expire` look at all rows: some that had gone out wait again."""
    transaction.run("UPDATE runs SET next_end = 0 WHERE run_no = ?", run_no)


def recover(transaction: Transaction, run_no: int) -> int:
    """Let rows that were being sent when a process died become DOUBT; return how many did."""
    if not counts.by_state(transaction, run_no)[RowState.SENDING]:
        return 0
    first, last = row_range(run_no)
    moved = transaction.run(
        _RECOVER,
        RECOVERED_MESSAGE,
        first,
        last,
    )
    transaction.run(
        "UPDATE batches SET state = 'doubtful' WHERE run_no = ? AND state = 'sending'", run_no
    )
    counts.change(transaction, run_no, {RowState.SENDING: -moved, RowState.DOUBT: moved})
    rows_return(transaction, run_no)
    return moved


def waiting(transaction: Transaction, run_no: int, *, with_doubt: bool) -> int:
    """Count the rows that still wait for their turn."""
    states = counts.by_state(transaction, run_no)
    return states[RowState.READY] + (states[RowState.DOUBT] if with_doubt else 0)
