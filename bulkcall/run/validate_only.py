"""What `bulkcall validate` does: read and check a campaign file, send nothing."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bulkcall.errors import ExitStatus
from bulkcall.progress import NullProgress, StopToken
from bulkcall.run.checked_file import open_checked
from bulkcall.run.html import html_table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import pandas as pd
    import pyarrow as pa

    from bulkcall.progress import Progress
    from bulkcall.records import CampaignFile
    from bulkcall.report import ValidationReport
    from bulkcall.run.label_use import LabelUse, UnknownLabel
    from bulkcall.run.options import ReadOptions
    from bulkcall.run.understanding import Understanding


@dataclass(slots=True)
class Problem:
    """One reason for which cells are invalid: how many are, and the first of them."""

    field: str
    code: str
    row: int
    line: int
    value: str
    message: str
    count: int = 0


@dataclass(frozen=True, slots=True, repr=False)
class Validation:
    """What became of a campaign file that was checked and not sent."""

    file: CampaignFile
    rows: int
    valid: int
    """Rows that would be sent: valid, and not equal to an earlier one."""
    invalid: int
    duplicate: int
    troubles: tuple[Problem, ...]
    """Most cells first."""
    notes: tuple[str, ...]
    understanding: Understanding
    """How the file was read."""
    files: Mapping[str, Path] = field(default_factory=dict)
    tables: Sequence[pa.Table] = field(default=(), repr=False)
    """The findings as they were made, chunk by chunk, where they were to be kept."""

    label_use: LabelUse | None = field(default=None, repr=False)
    """Which label ids the rows name, where that was asked."""
    unknown_labels: tuple[UnknownLabel, ...] = ()
    """Those that the account does not have, where it was asked."""

    @property
    def findings(self) -> pd.DataFrame:
        """Every reason of every invalid cell: row, line, field, code, value, message."""
        from bulkcall.run.frames import findings_frame  # noqa: PLC0415 - pandas, once it is wanted

        return findings_frame(self.tables)

    def __repr__(self) -> str:
        return (
            f"<Validation {self.file.path}: {self.rows:,} rows, {self.valid:,} valid, "
            f"{self.invalid:,} invalid, {self.duplicate:,} duplicate>"
        )

    def _repr_html_(self) -> str:
        counts = f"{self.valid:,} valid, {self.invalid:,} invalid, {self.duplicate:,} duplicate"
        rows = [
            (f"{each.field or 'row'}: {each.message}", f"{each.count:,}") for each in self.troubles
        ]
        return html_table(f"{self.file.path}: {self.rows:,} rows", counts, rows)

    @property
    def exit_status(self) -> ExitStatus:
        """0 where every row is valid (equal rows are no fault), else 3."""
        return ExitStatus.NOT_ALL if self.invalid else ExitStatus.OK


def validate(
    read: ReadOptions,
    *,
    out: Path | None = None,
    keep_findings: bool = False,
    count_labels: bool = False,
    progress: Progress | None = None,
    stop: StopToken | None = None,
) -> Validation:
    """Check a campaign file; with `out`, write rejected.csv and summary.json there.

    `keep_findings` keeps them all for `Validation.findings`, some 100 bytes each. `count_labels`
    counts which label ids the rows name.

    Raises:
        UsageError: a flag or the file itself is wrong.
        DiskFullError: `out` can't be written.
    """
    troubles = ProblemCounter()
    tables: list[pa.Table] = []
    with ExitStack() as stack:
        checked = stack.enter_context(
            open_checked(read, progress or NullProgress(), stop or StopToken())
        )
        if count_labels:
            checked.count_labels()
        report = _report(out, checked.file, stack) if out is not None else None
        for chunk in checked.chunks():
            troubles.add(chunk.findings)
            if keep_findings and chunk.findings.num_rows:
                tables.append(chunk.findings)
            if report is not None:
                report.add(chunk)
        duplicate = len(checked.duplicates.finish()[0])
        files = report.close(duplicate) if report is not None else {}
    return Validation(
        file=checked.file,
        rows=checked.rows,
        valid=checked.rows - checked.invalid - duplicate,
        invalid=checked.invalid,
        duplicate=duplicate,
        troubles=troubles.most_first(),
        notes=(*checked.notes, *checked.diagnostics.lines()),
        understanding=checked.understanding,
        files=files,
        tables=tables,
        label_use=checked.label_use,
    )


def _report(out: Path, file: CampaignFile, stack: ExitStack) -> ValidationReport:
    # The renderer is imported only where files are wanted.
    from bulkcall.report import ValidationReport  # noqa: PLC0415

    return stack.enter_context(ValidationReport(out, file))


class ProblemCounter:
    """Counts findings by field and rule, keeping the first of each."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str], Problem] = {}

    def add(self, findings: pa.Table) -> None:
        """Count a chunk's findings."""
        # Found by now: reading has imported it beside its own work.
        from bulkcall.validate import count_findings  # noqa: PLC0415

        for kind in count_findings(findings):
            key = kind.field, kind.code
            if key not in self._found:
                self._found[key] = Problem(
                    field=kind.field,
                    code=kind.code,
                    row=kind.first["row"],
                    line=kind.first["line"],
                    value=kind.first["value"] or "",
                    message=kind.first["message"],
                )
            self._found[key].count += kind.count

    def most_first(self) -> tuple[Problem, ...]:
        """Return what was found, the commonest first."""
        return tuple(sorted(self._found.values(), key=lambda t: (-t.count, t.row)))
