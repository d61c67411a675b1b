"""Old runs lose their personal data and keep their counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bulkcall.ledger import counts, loading
from bulkcall.ledger.lifecycle import WAITING
from bulkcall.ledger.model import RunState
from bulkcall.ledger.schema import row_range
from bulkcall.records import RowState

if TYPE_CHECKING:
    from bulkcall.ledger.store import Transaction

_OLD = """
    SELECT run_no, run_id FROM runs
    WHERE purged_at IS NULL AND coalesce(finished_at, started_at) < ? ORDER BY run_no
"""
_OPEN = (*WAITING, RowState.SENDING, RowState.ACCEPTED)
PURGED_REASON = "its rows were purged"


@dataclass(frozen=True, slots=True)
class Purged:
    """What a purge took away."""

    runs: int
    rows: int


def old_runs(transaction: Transaction, before: int) -> list[tuple[int, str]]:
    """Return (number, id) of the runs that ended (or began) before a time and still hold rows."""
    return [(run_no, run_id) for run_no, run_id in transaction.all(_OLD, before)]


def open_rows(transaction: Transaction, run_no: int) -> int:
    """Return how many rows of a run are still to be sent or asked for."""
    states = counts.by_state(transaction, run_no)
    return sum(states[state] for state in _OPEN)


def purge(transaction: Transaction, run_no: int, at: int) -> int:
    """Take a run's rows, cells, texts and findings away; return how many rows it had.

    Its counts, its requests and what is known of its file stay. Where rows were still to be sent
    the run can't be resumed any more.
    """
    transaction.store.overwrite_deleted(transaction)
    first, last = row_range(run_no)
    rows = transaction.run("DELETE FROM rows WHERE id BETWEEN ? AND ?", first, last)
    loading.forget_chunks(transaction, run_no)
    transaction.run("DELETE FROM unexpected WHERE run_no = ?", run_no)
    transaction.run("UPDATE batches SET placed = ? WHERE run_no = ?", b"", run_no)
    transaction.run(
        "UPDATE runs SET purged_at = ?, reason = ?,"
        " state = CASE WHEN state = ? THEN state ELSE ? END WHERE run_no = ?",
        at,
        PURGED_REASON,
        str(RunState.FINISHED),
        str(RunState.ABANDONED),
        run_no,
    )
    return rows
