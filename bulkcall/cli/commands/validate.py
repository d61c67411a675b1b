"""`bulkcall validate FILE`: load and validate only."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from bulkcall.cli.help import Command
from bulkcall.cli.options import CHECK_LABELS, READING, common, reading_a_file

if TYPE_CHECKING:
    from pathlib import Path

    from bulkcall.cli.options import Given
    from bulkcall.errors import ExitStatus
    from bulkcall.run.options import ReadKeywords
    from bulkcall.run.validate_only import Validation

_MOST_SHOWN = 12
_WIDEST_VALUE = 40


@click.command(
    name="validate",
    cls=Command,
    examples=(
        "validate campaign.xlsx --start now --window 8h",
        "validate export.csv --map receiver_number=Mobile --date-format dmy --out checked",
    ),
)
@CHECK_LABELS
@reading_a_file
@common(*READING)
def command(
    given: Given,
    *,
    file: str,
    out: Path | None,
    check_labels: bool,
    asked: ReadKeywords,
) -> ExitStatus:
    """Check a campaign file; sends nothing and needs no credentials.

    With --out, rejected.csv holds the invalid rows, to be fixed and run again. Exit status: 0
    every row is valid, 3 some are not, 2 the file can't be read.
    """
    from bulkcall import app
    from bulkcall.cli.progress import progress_for
    from bulkcall.cli.signals import stopping_on_signals

    with stopping_on_signals(given.console) as stop:
        found = app.validate(
            file,
            settings=given.settings,
            check_labels=check_labels,
            out=out,
            progress=progress_for(given.console),
            stop=stop,
            keep_findings=False,
            **asked,
        )
    given.console.result(as_text(found), as_data(found), is_all=False)
    return found.exit_status


def as_text(found: Validation) -> str:
    """What a person reads: how the file was read, counts, the most common problems."""
    from bulkcall.report.model import counted

    share = f" ({found.invalid / found.rows:.1%})" if found.invalid else ""
    lines = [
        *found.understanding.lines(),
        "",
        (
            f"{found.file.path}: {counted(found.rows)}, {found.valid:,} valid, "
            f"{found.invalid:,} invalid{share}, {found.duplicate:,} duplicate"
        ),
    ]
    lines += [f"  {note}" for note in found.notes]
    if found.troubles:
        lines += ["", "Problems, most common first:"]
    for trouble in found.troubles[:_MOST_SHOWN]:
        value = trouble.value if len(trouble.value) <= _WIDEST_VALUE else trouble.value[:39] + "…"
        lines.append(f"  {trouble.count:>9,}  {trouble.field or 'row'}: {trouble.message}")
        lines.append(f"             first in row {trouble.row} (line {trouble.line}): {value!r}")
    if len(found.troubles) > _MOST_SHOWN:
        more = len(found.troubles) - _MOST_SHOWN
        lines.append(f"  and {more} more kind{'' if more == 1 else 's'} of problem")
    for name, path in found.files.items():
        lines.append(f"{name}: {path}")
    return "\n".join(lines)


def as_data(found: Validation) -> dict[str, Any]:
    """The result as JSON-able data."""
    return {
        "file": found.file.path,
        "sha256": found.file.sha256,
        "kind": found.file.kind,
        "encoding": found.file.encoding,
        "delimiter": found.file.delimiter,
        "sheet": found.file.sheet,
        "understood": found.understanding.as_data(),
        "rows": found.rows,
        "valid": found.valid,
        "invalid": found.invalid,
        "duplicate": found.duplicate,
        "findings": [asdict(trouble) for trouble in found.troubles],
        "notes": list(found.notes),
        "unknown_labels": [asdict(label) for label in found.unknown_labels],
        "files": {name: str(path) for name, path in found.files.items()},
        "exit_status": int(found.exit_status),
    }
