"""The report as a frozen object: all that the files of a run show, rendered by none of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bulkcall.report.advice import verdict

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bulkcall.ledger.model import Batch, RunInfo
    from bulkcall.records import Outcome
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

    @property
    def others(self) -> int:
        """Rows of the group that are not `success`."""
        return self.rows - self.confirmed


@dataclass(frozen=True, slots=True)
class Throughput:
    """How many rows went out in each stretch of time."""

    start: int
    """Epoch ms of the first stretch."""
    seconds: int
    """Length of a stretch."""
    rows: tuple[int, ...]
    limit: float | None
    """Rows a second that the account's limits allow; None where it is not known."""


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

    @property
    def rows(self) -> int:
        """Rows of the campaign file."""
        return self.conservation.written

    @property
    def conserved(self) -> bool:
        """Whether every row is accounted for exactly once."""
        return self.conservation.holds

    @property
    def verdict(self) -> str:
        """One line: did it work, what did not, where to look."""
        return verdict(self)
