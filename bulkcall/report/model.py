"""The report as a frozen object: all that the files of a run show, rendered by none of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bulkcall.errors import StopCause
from bulkcall.ledger.model import RunState
from bulkcall.records import Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from bulkcall.ledger.model import Batch, RunInfo
    from bulkcall.report.comparison import Comparison
    from bulkcall.report.run_history import PastRun


@dataclass(frozen=True, slots=True)
class Example:
    """One row that stands for many."""

    row: int
    caller: str
    """Digits, or empty where the row's number could not be read."""
    receiver: str
    message: str
    """The row's own message, word for word."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Rows that are not `success` for one and the same reason."""

    outcome: Outcome
    field: str
    text: str
    """The message, with what differs from row to row (numbers, quoted values) left out."""
    rows: int
    rejected: bool
    """Whether the rows stand in rejected.csv (some other try could save them)."""
    examples: tuple[Example, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """Rows that share a label, a caller or an hour."""

    name: str
    rows: int
    confirmed: int
    repeats: int = 0
    """Rows that are `duplicate`: their record is sent elsewhere."""

    @property
    def others(self) -> int:
        """Rows of the group that are neither `success` nor `duplicate`."""
        return self.rows - self.confirmed - self.repeats


@dataclass(frozen=True, slots=True)
class Throughput:
    """How many rows went out in each stretch of time."""

    start: int
    """Epoch ms of the first stretch."""
    seconds: int
    """Length of a stretch."""
    rows: tuple[int, ...]
    limit: float | None
    """Rows a second that the account's limits allow on average; None where it is not known."""
    window: int = 1
    """Seconds over which the API counts: what goes out in less may well be above the average."""


@dataclass(frozen=True, slots=True)
class Conservation:
    """The program's own check that no row was lost or counted twice."""

    in_file: int
    """Rows that loading found."""
    written: int
    """Rows that stand in the results."""
    counted: int
    """The sum of the ledger's own counts."""
    in_order: bool
    """Whether the rows are numbered 1, 2, 3 … without a gap or a repeat."""
    agree: bool
    """Whether each outcome's count in the results is the ledger's."""

    @property
    def holds(self) -> bool:
        """Whether all of it fits."""
        return self.in_file == self.written == self.counted and self.in_order and self.agree


@dataclass(frozen=True, slots=True)
class Report:
    """One run, ready to be rendered."""

    run: RunInfo
    folder: Path
    """Where the report's files are, or would be."""
    outcomes: Mapping[Outcome, int]
    """All eleven words."""
    conservation: Conservation
    unexpected: tuple[Mapping[str, Any], ...]
    """Records that the server lists and this run never sent, as they came."""
    rejected: int
    """Rows in rejected.csv."""
    repeated: int
    """Rows that were sent, or may have been, more than once."""
    matches: Mapping[str, int]
    """How rows were matched with batch status → rows."""
    reasons: tuple[Reason, ...]
    """Most rows first."""
    labels: tuple[Group, ...]
    callers: tuple[Group, ...]
    hours: tuple[Group, ...]
    throughput: Throughput | None
    batches: tuple[Batch, ...]
    trend: tuple[PastRun, ...] = ()
    """The last runs of the same account, this one last."""
    comparison: Comparison | None = None
    """What changed since another run, where that was asked for."""
    ledger: str = ""
    """The ledger as `--ledger` takes it; empty for the default, or where it holds a password."""
    first_start: int | None = None
    """The earliest `starts_at` of its rows, epoch ms; None where no row has one."""
    last_end: int | None = None
    """The latest `ends_at` of its rows, epoch ms; None where no row has one."""
    written_at: int = 0
    """When the report was made, epoch ms."""

    @property
    def rows(self) -> int:
        """Rows of the campaign file."""
        return self.conservation.written

    @property
    def conserved(self) -> bool:
        """Whether every row is accounted for exactly once."""
        return self.conservation.holds

    @property
    def settled_well(self) -> bool:
        """Whether there is nothing left to do: every row is confirmed, or a repeat."""
        good = self.outcomes[Outcome.SUCCESS] + self.outcomes[Outcome.DUPLICATE]
        return bool(self.rows) and good == self.rows

    @property
    def verdict(self) -> str:
        """One line: did it work, what did not, where to look."""
        if not self.conserved:
            return (
                "The rows do not add up: do not rely on these figures"
                f" ({counted(self.conservation.written)} written,"
                f" {self.conservation.in_file:,} in the file)."
            )
        line = f"{self._why_not()}{self._how_many()}"
        return f"{line}; see rejected.csv." if self.rejected else f"{line}."

    def _why_not(self) -> str:
        if self.run.state is RunState.WITHHELD and self.run.dry_run:
            would = self.outcomes[Outcome.UNSENT]
            return f"Dry run: nothing sent; {counted(would)} would be sent. "
        if self.run.state is RunState.WITHHELD:
            return "Nothing sent: too many rows are invalid. "
        if self.run.stop_cause is StopCause.SIGNAL:
            return "Interrupted. "
        if self.run.stop_cause is StopCause.STOP_REQUEST:
            return "Stopped on request. "
        reason = self.run.reason.rstrip(".")
        return f"Stopped: {reason}. " if reason else ""

    def _how_many(self) -> str:
        total, good = self.rows, self.outcomes[Outcome.SUCCESS]
        if not total:
            return "No row was loaded"
        repeats = self.outcomes[Outcome.DUPLICATE]
        if self.settled_well and not good:
            return (
                "The one row is a duplicate: nothing to send"
                if total == 1
                else (f"All {total:,} rows are duplicates: nothing to send")
            )
        if self.settled_well:
            confirmed = (
                "The one row is confirmed" if total == 1 else (f"All {total:,} rows are confirmed")
            )
            if not repeats:
                return confirmed
            repeated = "1 duplicate was" if repeats == 1 else f"{repeats:,} duplicates were"
            return f"{good:,} of {total:,} rows confirmed; {repeated} not sent again"
        others = [
            f"{count:,} {outcome.value}"
            for outcome, count in self.outcomes.items()
            if count and outcome is not Outcome.SUCCESS
        ]
        return f"{good:,} of {counted(total)} confirmed; {', '.join(others)}"

    @property
    def tone(self) -> str:
        """The run in one word for colour and icon: good, mixed or bad."""
        if not self.conserved:
            return "bad"
        if self.settled_well:
            return "good"
        if self.run.state is RunState.WITHHELD:
            return "mixed"
        half = self.outcomes[Outcome.SUCCESS] * 2 < self.rows
        return "bad" if half or self.outcomes[Outcome.UNSENT] or self.run.reason else "mixed"


def counted(rows: int) -> str:
    """A number of rows for a person: '1 row', '2 rows'."""
    return "1 row" if rows == 1 else f"{rows:,} rows"
