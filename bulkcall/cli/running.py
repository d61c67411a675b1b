"""What the commands that work on a run have in common: showing the result."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bulkcall.cli.options import Given
    from bulkcall.errors import ExitStatus
    from bulkcall.run.result import RunResult


def show(given: Given, result: RunResult, *, status: ExitStatus | None = None) -> ExitStatus:
    """Print how a run stands, and give its exit status."""
    from bulkcall.report import summary
    from bulkcall.support.log_context import log_context

    status = result.exit_status if status is None else status
    error = " ".join(str(result.error).split()) if result.error else None
    resume = _resume_command(given, result)
    with log_context(result.report.run.run_id):
        for note in result.notes:
            given.console.line("info", note)
        if error:
            given.console.line("error", f"{error}. Go on with: {resume}" if resume else error)
    data: dict[str, Any] = {
        **summary(result.report),
        "verdict": result.report.verdict,
        "out": str(result.folder),
        "files": {name: str(path) for name, path in result.files.items()},
        "notes": list(result.notes),
        "error": error,
        "resume": resume,
        "exit_status": int(status),
    }
    if result.report.comparison is not None:
        data["compared"] = result.report.comparison.as_data()
    given.console.result(_text(result, result.report.verdict, resume), data)
    return status


def _resume_command(given: Given, result: RunResult) -> str | None:
    if result.error is None:
        return None
    return f"bulkcall resume {result.report.run.run_id}{given.resume_flags}"


def _text(result: RunResult, verdict: str, resume: str | None) -> str:
    lines = [verdict, ""]
    lines += [
        f"  {word.value:<10}{count:>12,}" for word, count in result.report.outcomes.items() if count
    ]
    lines += [f"  {'rows':<10}{result.report.rows:>12,}"]
    if result.report.unexpected:
        lines += [
            f"  {len(result.report.unexpected):,} records on the server that this run never sent"
        ]
    if result.report.comparison is not None:
        compared = result.report.comparison
        lines += ["", f"since {compared.against.run_id}, by {compared.by}:"]
        lines += [f"  {change.value:<22}{count:>12,}" for change, count in compared.counts.items()]
    if not result.report.conserved:
        lines += ["", "NOT CONSERVED: rows are missing or doubled in this report; keep the ledger"]
    report = result.files.get("report.html", result.folder)
    lines += ["", f"Run     {result.report.run.run_id}", f"Report  {shown_path(report)}"]
    if result.report.rejected:
        rejected = shown_path(result.files["rejected.csv"])
        lines.append(f"Mend    {rejected} ({result.report.rejected:,} rows) and run it again")
    if resume:
        lines.append(f"Resume  {resume}")
    return "\n".join(lines)


def shown_path(path: Path) -> str:
    """Give a path as short as it can be typed from here."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    """Lay rows out in columns for a terminal."""
    widths = [max(len(row[i]) for row in [head, *rows]) for i in range(len(head))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in [head, *rows]
    )


def moment(at: int | None) -> str:
    """Give a time for a terminal: UTC, to the second."""
    from datetime import UTC, datetime

    return "" if at is None else f"{datetime.fromtimestamp(at / 1000, UTC):%Y-%m-%d %H:%M:%SZ}"
