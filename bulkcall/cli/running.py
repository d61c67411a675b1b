"""What the commands that work on a run have in common: showing the result."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from bulkcall.records import Outcome

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bulkcall.cli.options import Given
    from bulkcall.errors import ExitStatus
    from bulkcall.report.advice import NextStep
    from bulkcall.report.comparison import Comparison
    from bulkcall.report.model import Report
    from bulkcall.run.result import RunResult

_LONGEST_CELL = 300
"""Characters of a table's cell that a terminal is shown."""


def show(given: Given, result: RunResult, *, status: ExitStatus | None = None) -> ExitStatus:
    """Print how a run stands, and return its exit status."""
    from bulkcall.report import summary
    from bulkcall.report.advice import next_steps, resume_command
    from bulkcall.support.log_context import log_context

    status = result.exit_status if status is None else status
    report = result.report
    error = " ".join(str(result.error).split()) if result.error else None
    resume = resume_command(report) if error else None
    with log_context(report.run.run_id):
        for note in result.notes:
            given.console.line("info", note)
        if error:
            given.console.line("error", f"{error.rstrip('.')}. To continue: {resume}")
    steps = next_steps(report)
    data: dict[str, Any] = {
        **summary(report),
        "verdict": report.verdict,
        "out": str(result.folder),
        "files": {name: str(path) for name, path in result.files.items()},
        "notes": list(result.notes),
        "next_steps": [
            {
                "outcome": step.outcome.value,
                "rows": step.rows,
                "text": step.text,
                "command": step.command or None,
            }
            for step in steps
        ],
        "error": error,
        "resume": resume,
        "exit_status": int(status),
    }
    if report.comparison is not None:
        data["compared"] = report.comparison.as_data()
    given.console.result(_text(result), data, is_all=False)
    return status


def _text(result: RunResult) -> str:
    from bulkcall.report.model import counted

    report = result.report
    lines = [report.verdict, ""]
    lines += [f"  {word.value:<10}{count:>12,}" for word, count in report.outcomes.items() if count]
    lines += [f"  {'rows':<10}{report.rows:>12,}"]
    if report.repeated:
        lines += ["", f"{counted(report.repeated)} sent, or perhaps sent, more than once"]
    if report.unexpected:
        records = (
            "1 record" if len(report.unexpected) == 1 else f"{len(report.unexpected):,} records"
        )
        lines += ["", f"The API lists {records} that this run never sent; see report.html"]
    if report.comparison is not None:
        lines += ["", *_compared(report.comparison)]
    if not report.conserved:
        lines += ["", "NOT CONSERVED: rows are missing or doubled in this report; keep the ledger"]
    page = result.files.get("report.html", result.folder)
    lines += ["", f"Run     {report.run.run_id}", f"Report  {shown_path(page)}"]
    return "\n".join([*lines, *_next_lines(report)])


def _compared(compared: Comparison) -> list[str]:
    lines = [f"Compared with {compared.against.run_id}, by {compared.by}:"]
    lines += [f"  {change.value:<22}{count:>12,}" for change, count in compared.counts.items()]
    if compared.unreadable or compared.earlier_unreadable:
        lines.append(
            f"  without a readable receiver, so not compared: {compared.unreadable:,} of this run,"
            f" {compared.earlier_unreadable:,} of the other"
        )
    return lines


def _next_lines(report: Report) -> list[str]:
    """What to type next: each command once, with all the outcomes that it is for."""
    from bulkcall.report.advice import DEMO_OVER, is_demo, next_steps

    steps = next_steps(report, here=Path.cwd())
    if is_demo(report):
        return ["", DEMO_OVER]
    found: dict[str, list[str]] = {}
    for step in steps:
        if step.command:
            found.setdefault(step.command, []).append(f"{step.rows:,} {step.outcome.value}")
    lines = ["", "Next"] if found else []
    for command, rows in found.items():
        fix = "; fix them in rejected.csv, then" if _is_to_fix(steps, command) else ""
        lines += [f"  {', '.join(rows)}{fix}:", f"    {command}"]
    return lines


def _is_to_fix(steps: Sequence[NextStep], command: str) -> bool:
    return any(
        step.command == command and step.outcome in {Outcome.INVALID, Outcome.REFUSED}
        for step in steps
    )


def shown_path(path: Path) -> str:
    """A path as short as it can be typed from here."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    """Rows laid out in columns for a terminal."""
    from bulkcall.support.text import shown

    rows = [tuple(shown(cell, _LONGEST_CELL) for cell in row) for row in rows]
    widths = [max(len(row[i]) for row in [head, *rows]) for i in range(len(head))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in [head, *rows]
    )


def moment(at: int | None) -> str:
    """A time for a terminal: UTC, to the second."""
    from datetime import UTC, datetime

    return "" if at is None else f"{datetime.fromtimestamp(at / 1000, UTC):%Y-%m-%d %H:%M:%SZ}"
