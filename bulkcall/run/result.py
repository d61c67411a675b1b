"""What a run comes to: its report, its files, its exit status."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bulkcall.errors import BulkcallError, ExitStatus
from bulkcall.records import Outcome
from bulkcall.run.html import html_table

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import pandas as pd

    from bulkcall.report import Report


@dataclass(frozen=True, slots=True, repr=False)
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

    def outcomes_frame(self) -> pd.DataFrame:
        """outcomes.csv as a DataFrame: one line for each row of the campaign file, in file order.

        The file's own columns are its text; `outcome`, `channel`, `match` and `code` are
        categories; `row`, `attempts` and `http_status` whole numbers; `sent_at` and `confirmed_at`
        UTC times. Raises UsageError where the report's folder has gone.
        """
        from bulkcall.run.frames import outcomes_frame  # noqa: PLC0415 - pandas, once it is wanted

        return outcomes_frame(self.files["outcomes.csv"])

    def __repr__(self) -> str:
        run = self.report.run
        counts = ", ".join(f"{n:,} {word.value}" for word, n in self.report.outcomes.items() if n)
        return f"<RunResult {run.run_id}: {self.report.rows:,} rows ({counts}); {self.folder}>"

    def _repr_html_(self) -> str:
        rows = [(word.value, f"{n:,}") for word, n in self.report.outcomes.items() if n]
        return html_table(f"Run {self.report.run.run_id}", self.report.verdict, rows)
