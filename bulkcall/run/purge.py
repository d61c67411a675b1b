"""What `bulkcall purge` does: choose the runs whose rows may go, and remove them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bulkcall.errors import UsageError
from bulkcall.ledger import RunState

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bulkcall.ledger import Ledger, RunInfo


@dataclass(frozen=True, slots=True)
class OldRun:
    """A run that is old enough to be purged."""

    run: RunInfo
    open_rows: int
    """Rows that are still to be sent or confirmed."""


@dataclass(frozen=True, slots=True)
class Purge:
    """What a purge removed, or would remove."""

    runs: int
    rows: int
    chosen: tuple[OldRun, ...]
    kept: tuple[OldRun, ...]
    """Old runs with open rows: they go only if they are named."""


def purge(
    ledger: Ledger, before: int, *, at: int, named: Sequence[str] = (), dry_run: bool = False
) -> Purge:
    """Remove the rows of runs that ended before a time (epoch ms); their counts stay.

    Raises UsageError where a run that is named is not in the ledger, or not old enough.
    """
    old = [OldRun(run, _open_rows(ledger, run)) for run in ledger.old_runs(before)]
    wanted = {ledger.run(each).run_id for each in named}
    missing = wanted - {each.run.run_id for each in old}
    if missing:
        raise UsageError(
            f"run {min(missing)} did not end so long ago, or was purged before; nothing was removed"
        )
    chosen = tuple(
        each for each in old if (each.run.run_id in wanted if wanted else not each.open_rows)
    )
    kept = tuple(each for each in old if each not in chosen and not wanted)
    if dry_run:
        return Purge(len(chosen), sum(each.run.rows for each in chosen), chosen, kept)
    done = ledger.purge(before, at=at, only={each.run.run_id for each in chosen})
    return Purge(done.runs, done.rows, chosen, kept)


def _open_rows(ledger: Ledger, run: RunInfo) -> int:
    # A dry run, or one that was given up, was never meant to send its rows later.
    over = run.state is RunState.ABANDONED or (run.dry_run and run.state is RunState.WITHHELD)
    return 0 if over else ledger.open_rows(run.run_id)
