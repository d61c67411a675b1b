"""What changed since another run: newly failing, newly fine, still failing, row by row.

Two runs of the same file (by its SHA-256) are compared row by row. Runs of different files are
compared by receiver: a receiver is fine where all its rows are `success`, and stands with the first
of its rows that is not, else with its first row. A `duplicate` says nothing by itself (its record
was sent elsewhere): it counts as what the other run says of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from bulkcall.records import Outcome

if TYPE_CHECKING:
    from bulkcall.ledger.ledger import Ledger
    from bulkcall.ledger.model import RunInfo

_MOST_EXAMPLES = 20
_NOBODY = -1


class Change(StrEnum):
    """What happened to a row or receiver since the other run."""

    NEWLY_FAILING = "newly failing"
    """`success` then, not now."""
    STILL_FAILING = "still failing"
    """`success` neither then nor now."""
    NEWLY_FINE = "newly fine"
    """`success` now, not then."""
    STILL_FINE = "still fine"
    ONLY_NOW = "only in this run"
    ONLY_THEN = "only in the other run"


@dataclass(frozen=True, slots=True)
class ChangedRow:
    """One row that is failing, or no longer is."""

    change: Change
    row: int
    outcome: Outcome
    earlier_row: int
    earlier_outcome: Outcome


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two runs compared."""

    against: RunInfo
    by: str
    """`row` (the same file) or `receiver`."""
    counts: dict[Change, int]
    """Rows, or receivers."""
    unreadable: int
    """Rows of this run without a readable receiver, where receivers are compared: left out."""
    earlier_unreadable: int
    """The same of the other run."""
    rows: pa.Table
    """Every change but `still fine`: change, row, outcome, earlier_row, earlier_outcome."""

    def examples(self, change: Change, most: int = _MOST_EXAMPLES) -> list[ChangedRow]:
        """The first rows of one kind of change."""
        chosen = self.rows.filter(pc.equal(self.rows.column("change"), change.value))
        return [
            ChangedRow(
                change,
                each["row"],
                Outcome(each["outcome"]),
                each["earlier_row"],
                Outcome(each["earlier_outcome"]),
            )
            for each in chosen.slice(0, most).to_pylist()
        ]

    def as_data(self) -> dict[str, Any]:
        """JSON-able data: counts, and the row numbers of each change."""
        return {
            "against": self.against.run_id,
            "by": self.by,
            "counts": {change.value: self.counts[change] for change in Change},
            "unreadable": self.unreadable,
            "earlier_unreadable": self.earlier_unreadable,
            "rows": {
                change.value: self.rows.filter(pc.equal(self.rows.column("change"), change.value))
                .column("row")
                .to_pylist()
                for change in (Change.NEWLY_FAILING, Change.STILL_FAILING, Change.NEWLY_FINE)
            },
        }


def compare(ledger: Ledger, run_id: str, against: str) -> Comparison:
    """Compare a run with another one. Raises UsageError where there is no such run."""
    now, then = ledger.run(run_id), ledger.run(against)
    by = "row" if now.sha256 == then.sha256 else "receiver"
    here, there = _standings(ledger, now.run_id, by), _standings(ledger, then.run_id, by)
    _, mine, theirs = np.intersect1d(here.keys, there.keys, True, return_indices=True)
    good, was_good = here.good[mine], there.good[theirs]
    repeat, was_repeat = here.repeat[mine], there.repeat[theirs]
    good, was_good = (
        np.where(repeat, was_good | was_repeat, good),
        np.where(was_repeat, good | repeat, was_good),
    )
    changes = {
        Change.NEWLY_FAILING: ~good & was_good,
        Change.STILL_FAILING: ~good & ~was_good,
        Change.NEWLY_FINE: good & ~was_good,
    }
    counts = {change: int(chosen.sum()) for change, chosen in changes.items()}
    counts[Change.STILL_FINE] = int((good & was_good).sum())
    counts[Change.ONLY_NOW] = len(here.keys) - len(mine)
    counts[Change.ONLY_THEN] = len(there.keys) - len(theirs)
    tables = [
        here.table(change, mine[chosen], there, theirs[chosen])
        for change, chosen in changes.items()
    ]
    rows = pa.concat_tables(tables)
    return Comparison(then, by, counts, here.unreadable, there.unreadable, rows)


@dataclass(frozen=True, slots=True)
class _Standings:
    """How each key (a row or a receiver) of a run ended; arrays of one length, keys ascending."""

    keys: Any
    good: Any
    repeat: Any
    """Whether nothing but duplicates stands for the key."""
    rows: Any
    outcomes: Any
    """Places in `Outcome`."""
    unreadable: int

    def table(self, change: Change, mine: Any, other: _Standings, theirs: Any) -> pa.Table:
        words = pa.array([each.value for each in Outcome])
        order = np.argsort(self.rows[mine], kind="stable")
        mine, theirs = mine[order], theirs[order]
        return pa.table(
            {
                "change": pa.array([change.value] * len(mine), pa.string()),
                "row": pa.array(self.rows[mine], pa.int64()),
                "outcome": words.take(pa.array(self.outcomes[mine], pa.int8())),
                "earlier_row": pa.array(other.rows[theirs], pa.int64()),
                "earlier_outcome": words.take(pa.array(other.outcomes[theirs], pa.int8())),
            }
        )


def _standings(ledger: Ledger, run_id: str, by: str) -> _Standings:
    words = pa.array([each.value for each in Outcome])
    keys, rows, outcomes = [], [], []
    for results in ledger.outcomes(run_id):
        row = results.column("row").to_numpy()
        receiver = results.column("receiver_number").fill_null(_NOBODY).to_numpy()
        keys.append(row if by == "row" else receiver)
        rows.append(row)
        place = pc.index_in(results.column("outcome"), words)
        outcomes.append(place.to_numpy().astype(np.int8))
    key, row, outcome = (
        np.concatenate(each) if each else np.empty(0, dtype=np.int64)
        for each in (keys, rows, outcomes)
    )
    readable = key != _NOBODY
    key, row, outcome = key[readable], row[readable], outcome[readable]
    repeat = outcome == list(Outcome).index(Outcome.DUPLICATE)
    bad = ~repeat & (outcome != list(Outcome).index(Outcome.SUCCESS))
    # Of the rows of one key the first that failed stands for it, else its first `success`.
    order = np.lexsort((row, repeat, ~bad, key))
    distinct, first = np.unique(key[order], return_index=True)
    chosen = order[first]
    return _Standings(
        distinct,
        ~bad[chosen],
        repeat[chosen],
        row[chosen],
        outcome[chosen],
        int((~readable).sum()),
    )
