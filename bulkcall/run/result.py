"""What a run comes to: its report, its files, its exit status."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bulkcall.errors import BulkcallError, ExitStatus
from bulkcall.records import Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from bulkcall.report import Report


@dataclass(frozen=True, slots=True)
class RunResult:
    """How a run stands: its report, the report's files, and the error that stopped it, if any."""

    report: Report
    files: Mapping[str, Path]
    """File name → path."""
    folder: Path
    error: BulkcallError | None = None
    notes: tuple[str, ...] = ()
    """Lines that a person should read: what is wrong with the file in general, what was skipped."""

    @property
    def exit_status(self) -> ExitStatus:
        """The contract's exit status of this run."""
        if self.error is not None:
            return self.error.exit_status
        if self.report.outcomes[Outcome.SUCCESS] == self.report.rows and self.report.conserved:
            return ExitStatus.OK
        return ExitStatus.NOT_ALL
