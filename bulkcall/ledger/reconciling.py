"""Batches and their rows, for the stage that asks the server what became of them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from bulkcall.errors import LedgerError
from bulkcall.ledger import counts, sending
from bulkcall.ledger.codec import packed_numbers, unpacked_numbers
from bulkcall.ledger.lifecycle import UNSETTLED, Step, case_after, in_states, states_before
from bulkcall.ledger.model import Batch, BatchRow
from bulkcall.ledger.schema import row_key, row_number, row_range
from bulkcall.records import CallRecord, RowState

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bulkcall.ledger.model import Placed
    from bulkcall.ledger.store import Transaction

_BATCH = """
    SELECT batch, batch_id, size, state, created_at, accepted_at, http_status, polls, polled_at
    FROM batches WHERE run_no = ?
"""
_UNSETTLED = f"""
    SELECT DISTINCT batch FROM rows
    WHERE id BETWEEN ? AND ? AND state {in_states(UNSETTLED)} AND batch IS NOT NULL
"""
_ADOPT = f"""
    UPDATE rows SET state = {case_after(Step.ADOPT)}, attempts = 1, batch = ?
    WHERE state {states_before(Step.ADOPT)} AND id IN_KEYS
"""


def all_batches(transaction: Transaction, run_no: int) -> list[Batch]:
    """Return each batch of a run, oldest first."""
    return [Batch(*row) for row in transaction.all(_BATCH + " ORDER BY batch", run_no)]


def open_batches(transaction: Transaction, run_no: int, *, again: bool) -> list[Batch]:
    """Return accepted batches that are not final; with `again` also those with unsettled rows."""
    found = transaction.all(_BATCH + " AND state = 'accepted' ORDER BY batch", run_no)
    if again:
        unsettled = transaction.all(_UNSETTLED, *row_range(run_no))
        final = transaction.keyed(
            _BATCH + " AND state = 'final' AND batch IN_KEYS",
            [batch for (batch,) in unsettled],
            run_no,
        )
        found = sorted([*found, *final])
    return [Batch(*row) for row in found]


def batch_rows(transaction: Transaction, batch: int) -> list[BatchRow]:
    """Return the rows of a batch as they were sent in it, in the order of the request."""
    found = transaction.one("SELECT run_no, placed FROM batches WHERE batch = ?", batch)
    if found is None:
        raise LedgerError(f"batch {batch} is not in the ledger")
    run_no, placed = found
    numbers = unpacked_numbers(placed)
    stamps = dict(zip(numbers[::2], numbers[1::2], strict=True))
    rows = transaction.keyed(
        "SELECT r.id, r.caller, r.receiver, r.starts_at, w.label_id, w.name, w.reason, r.state,"
        " r.attempts FROM rows r LEFT JOIN wordings w ON w.id = r.wording WHERE r.id IN_KEYS",
        [row_key(run_no, row) for row in stamps],
    )
    by_row = {row_number(row[0]): row for row in rows}
    return [_batch_row(row, by_row[row], ends_at) for row, ends_at in stamps.items()]


def _batch_row(number: int, row: tuple[Any, ...], ends_at: int) -> BatchRow:
    record = CallRecord(str(row[1]), str(row[2]), row[3], ends_at, row[4], row[5], row[6])
    return BatchRow(number, record, RowState(row[7]), row[8])


def note_poll(transaction: Transaction, batch: int, *, at: int, final: bool) -> None:
    """Count one more look at a batch's status."""
    changed = transaction.run(
        "UPDATE batches SET polls = polls + 1, polled_at = ?, state = ?"
        " WHERE batch = ? AND state IN ('accepted', 'final')",
        at,
        "final" if final else "accepted",
        batch,
    )
    if not changed:
        raise LedgerError(f"batch {batch} was not accepted, so its status can't be asked for")


def add_unexpected(
    transaction: Transaction, run_no: int, batch: int, records: Sequence[Mapping[str, object]]
) -> None:
    """Replace what the server lists in a batch and the run never sent."""
    transaction.run("DELETE FROM unexpected WHERE batch = ?", batch)
    transaction.many(
        "INSERT INTO unexpected (batch, place, run_no, record) VALUES (?, ?, ?, ?)",
        [
            (batch, place, run_no, json.dumps(dict(record), default=str))
            for place, record in enumerate(records)
        ],
    )


def unexpected(transaction: Transaction, run_no: int) -> list[dict[str, object]]:
    """Return the run's unexpected records, batch by batch."""
    found = transaction.all(
        "SELECT record FROM unexpected WHERE run_no = ? ORDER BY batch, place", run_no
    )
    return [json.loads(record) for (record,) in found]


def adopt(
    transaction: Transaction, run_no: int, batch_id: str, placed: Sequence[Placed], *, at: int
) -> int:
    """Write down an accepted batch that this ledger did not send; READY rows become ACCEPTED.

    When they were sent is not known, so no time of sending is written.
    """
    batch: int = transaction.value(
        "INSERT INTO batches (run_no, batch_id, size, state, created_at, accepted_at, placed)"
        " VALUES (?, ?, ?, 'accepted', ?, ?, ?) RETURNING batch",
        run_no,
        batch_id,
        len(placed),
        at,
        at,
        packed_numbers([number for place in placed for number in (place.row, place.ends_at)]),
    )
    marked = transaction.keyed_run(
        _ADOPT,
        [row_key(run_no, place.row) for place in placed],
        batch,
    )
    if marked != len(placed):
        raise LedgerError("only rows that were never sent can be put under a batch of others")
    counts.change(
        transaction, run_no, {RowState.READY: -len(placed), RowState.ACCEPTED: len(placed)}
    )
    sending.count_taken(transaction, run_no, len(placed))
    return batch
