"""`bulkcall purge`: take old personal data out of the ledger."""

from __future__ import annotations

import re
import sys
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import click

from bulkcall.cli.help import Command
from bulkcall.cli.options import LEDGER, common
from bulkcall.errors import UsageError

if TYPE_CHECKING:
    from bulkcall.cli.options import Given
    from bulkcall.run.purge import Purge

_UNITS = {"h": "hours", "d": "days", "w": "weeks"}
_MOST_DAYS = 36_500


def _span(
    context: click.Context,  # noqa: ARG001 - click's signature
    parameter: click.Parameter,  # noqa: ARG001
    value: str,
) -> timedelta:
    found = re.fullmatch(r"\s*(\d{1,6})\s*([hdw])\s*", value)
    span = timedelta(**{_UNITS[found[2]]: int(found[1])}) if found else None
    if span is None or span.days > _MOST_DAYS:
        raise UsageError(f"--older-than: invalid duration {value!r}; use 90d, 12w or 48h")
    return span


@click.command(
    name="purge",
    cls=Command,
    examples=(
        "purge --older-than 90d --dry-run",
        "purge --older-than 90d --yes",
    ),
)
@click.option(
    "--older-than",
    metavar="SPAN",
    required=True,
    callback=_span,
    help="How long ago a run must have ended: 90d, 12w, 48h.",
)
@click.option(
    "--run", "runs", metavar="RUN", multiple=True, help="Purge this run only, open rows or not."
)
@click.option("--dry-run", is_flag=True, help="Show what would be removed, and remove nothing.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@common(*LEDGER)
def command(
    given: Given, *, older_than: timedelta, runs: tuple[str, ...], dry_run: bool, yes: bool
) -> None:
    """Remove rows, phone numbers and texts of old runs from the ledger, for good.

    Counts stay; purged rows are not known as repeats any more. Runs with rows still to be sent or
    confirmed are kept unless --run names them. Reports in their folders are left alone. On a
    terminal it shows what would go and asks. `keep_days` in bulkcall.toml purges after each run.
    """
    from bulkcall import app

    asks = not (yes or dry_run or given.console.as_json) and sys.stdin.isatty()
    if dry_run or asks:
        found = app.purge(older_than, runs=runs, dry_run=True, settings=given.settings)
        if dry_run or not found.runs:
            given.console.result(
                _text(found, done=False), _data(found) | {"dry_run": True}, is_all=False
            )
            return
        click.echo(_text(found, done=False), err=True)
        if not click.confirm("Remove them?", err=True):
            given.console.result("Nothing was removed.", {"runs": 0, "rows": 0}, is_all=False)
            return
    found = app.purge(older_than, runs=runs, settings=given.settings)
    given.console.result(_text(found, done=True), _data(found), is_all=False)


def _text(found: Purge, *, done: bool) -> str:
    from bulkcall.cli.running import moment, table
    from bulkcall.report.model import counted

    what = f"{counted(found.rows)} of {'1 run' if found.runs == 1 else f'{found.runs:,} runs'}"
    lines = [f"{'Removed' if done else 'Would remove'} {what}."]
    if found.chosen and not done:
        rows = [
            (each.run.run_id, moment(each.run.started_at), f"{each.run.rows:,}", each.run.file)
            for each in found.chosen
        ]
        lines.append(table(("RUN", "STARTED", "ROWS", "FILE"), rows))
    kept = [
        f"Kept {each.run.run_id}: {counted(each.open_rows)} still to be sent or confirmed;"
        f" --run {each.run.run_id} removes it all the same."
        for each in found.kept
    ]
    return "\n".join([*lines, *kept])


def _data(found: Purge) -> dict[str, Any]:
    data: dict[str, Any] = {"runs": found.runs, "rows": found.rows}
    if found.kept:
        data["kept"] = [each.run.run_id for each in found.kept]
    return data
