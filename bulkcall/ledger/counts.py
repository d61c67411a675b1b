"""How many rows of a run stand in each state, kept up with each change: no count reads the rows."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from bulkcall.records import Outcome, RowState

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bulkcall.ledger.store import Transaction


def change(transaction: Transaction, run_no: int, changes: Mapping[RowState, int]) -> None:
    """Add to the counts, in the order of the states so that two writers can't wait in a ring."""
    transaction.many(
        "UPDATE tallies SET row_count = row_count + ? WHERE run_no = ? AND state = ?",
        [(count, run_no, int(state)) for state, count in sorted(changes.items()) if count],
    )


def by_state(transaction: Transaction, run_no: int) -> Counter[RowState]:
    """Return the count of each state."""
    found = transaction.all("SELECT state, row_count FROM tallies WHERE run_no = ?", run_no)
    return Counter({RowState(state): count for state, count in found})


def by_outcome(transaction: Transaction, run_no: int) -> dict[Outcome, int]:
    """Return the count of each of the eleven outcomes, zero included."""
    counts = dict.fromkeys(Outcome, 0)
    for state, count in by_state(transaction, run_no).items():
        counts[state.outcome] += count
    return counts
