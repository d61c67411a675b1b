"""How the last runs of the same account ended: whether tonight is a night like the others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bulkcall.ledger.model import RunState
from bulkcall.records import Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bulkcall.ledger.ledger import Ledger
    from bulkcall.ledger.model import RunInfo

_LOOKED_AT = 500


@dataclass(frozen=True, slots=True)
class PastRun:
    """One run in a row of runs."""

    run: RunInfo
    outcomes: Mapping[Outcome, int]

    @property
    def share(self) -> float:
        """Confirmed rows, as a share of all."""
        return self.outcomes[Outcome.SUCCESS] / max(1, self.run.rows)


def run_history(ledger: Ledger, run: RunInfo, last: int = 10) -> tuple[PastRun, ...]:
    """Return the last runs of the run's own account and profile up to it, oldest first.

    Runs that never had a row to send (unreadable files, dry runs) are left out.
    """
    same = [
        each
        for each in ledger.runs(_LOOKED_AT)
        if (each.account, each.base_url, each.profile) == (run.account, run.base_url, run.profile)
        and each.run_no <= run.run_no
        and each.rows
        and (each.run_no == run.run_no or _counts(each))
    ]
    newest = sorted(same, key=lambda each: each.run_no)[-last:]
    return tuple(PastRun(each, ledger.counts(each.run_id)) for each in newest)


def _counts(run: RunInfo) -> bool:
    return run.state not in {RunState.LOADING, RunState.ABANDONED, RunState.WITHHELD}
