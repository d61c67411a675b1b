"""How a run ended, for notifications and metrics: plain facts, no phone number, no secret."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bulkcall.errors import ExitStatus
from bulkcall.records import Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping

_GONE_OUT = (
    Outcome.SUCCESS,
    Outcome.ERROR,
    Outcome.REFUSED,
    Outcome.MISSING,
    Outcome.PENDING,
    Outcome.UNKNOWN,
    Outcome.FAILED,
)
_FAILURES = (ExitStatus.STOPPED, ExitStatus.USAGE, ExitStatus.INTERRUPTED)


@dataclass(frozen=True, slots=True)
class StageTime:
    """One stretch of one stage: a stage may be entered several times (canary, hours)."""

    name: str
    """load, send, reconcile or report."""
    begun: int
    """Epoch nanoseconds."""
    ended: int
    rows: int
    """Rows that it was done with."""
    through: bool
    """Whether the stage reported its end; if not, an error cut it short."""

    @property
    def seconds(self) -> float:
        """How long it took."""
        return max(0, self.ended - self.begun) / 1e9


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSummary:
    """How a run ended, or how it failed before it began (then `run_id` is empty)."""

    exit_status: ExitStatus
    verdict: str
    """One line, phone numbers masked."""
    profile: str = ""
    run_id: str = ""
    file: str = ""
    """The campaign file's name without its folders, masked."""
    channel: str = ""
    outcomes: Mapping[Outcome, int] = field(default_factory=dict)
    """All eleven words; empty where the run failed before it began."""
    rows: int = 0
    conserved: bool = True
    withheld: bool = False
    """Whether nothing was sent on purpose (`max_invalid`)."""
    requests: int = 0
    retries: int = 0
    begun: int = 0
    """When this process began to work on the run, epoch nanoseconds; a resume begins anew."""
    ended: int = 0
    reasons: tuple[str, ...] = ()
    """Why rows are not `success`: 'count outcome: message', most rows first, masked."""
    report: str = ""
    """Where report.html is, or the folder of the report."""
    resume: str = ""
    """The command that takes the run up; empty where there is nothing to take up."""
    stages: tuple[StageTime, ...] = ()

    @property
    def gone_out(self) -> int:
        """Rows whose turn came: sent, perhaps sent, or turned away at every try."""
        return sum(self.outcomes.get(word, 0) for word in _GONE_OUT)

    @property
    def bad_share(self) -> float:
        """Which share of those is anything but `success`; 0 where none went out."""
        gone_out = self.gone_out
        bad = gone_out - self.outcomes.get(Outcome.SUCCESS, 0)
        return bad / gone_out if gone_out else 0.0

    @property
    def failed(self) -> bool:
        """Whether somebody must act before the campaign is out (docs/notifications.md).

        It stopped or never began, its rows don't add up, or nothing went out of a file that is
        more than a repeat of earlier ones.
        """
        if self.exit_status in _FAILURES or not self.conserved or self.withheld:
            return True
        repeats = self.outcomes.get(Outcome.DUPLICATE, 0)
        return not self.gone_out and repeats < self.rows

    @property
    def seconds(self) -> float:
        """How long this process worked on the run."""
        return max(0, self.ended - self.begun) / 1e9
