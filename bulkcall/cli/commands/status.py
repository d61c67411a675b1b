"""`bulkcall status [RUN]`: one run's counts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from bulkcall.cli.commands.runs import as_data
from bulkcall.cli.help import Command
from bulkcall.cli.options import LEDGER, common

if TYPE_CHECKING:
    from bulkcall.cli.options import Given
    from bulkcall.ledger import RunInfo


@click.command(
    name="status",
    cls=Command,
    examples=(
        "status",
        "status 20261121-203631-036547 --json",
    ),
)
@click.argument("run_id", metavar="[RUN]", required=False)
@common(*LEDGER)
def command(given: Given, *, run_id: str | None) -> None:
    """Show the state and the counts of one run: the last one, or the one named."""
    from bulkcall.app import open_ledger
    from bulkcall.cli.running import moment

    with open_ledger(given.settings, must_exist=True) as ledger:
        run = ledger.run(run_id)
        counts = ledger.counts(run.run_id)
        holder = ledger.holder(run.run_id)
    lines = [f"Run {run.run_id}: {run.state.value}" + (f" ({run.reason})" if run.reason else "")]
    lines += [f"  {word.value:<10}{count:>12,}" for word, count in counts.items() if count]
    lines += [f"  {'rows':<10}{run.rows:>12,}", f"Started {moment(run.started_at)}"]
    if holder:
        lines.append(f"Being worked on by {holder}")
        if run.stop_requested_at:
            lines.append(f"Asked to stop {moment(run.stop_requested_at)}")
    if run.finished_at:
        lines.append(f"Ended   {moment(run.finished_at)}")
    lines.append(f"Report  {_report(run, given)}")
    given.console.result("\n".join(lines), as_data(run, counts) | {"held_by": holder})


def _report(run: RunInfo, given: Given) -> str:
    """Where the report is; where there is none, the command that writes it."""
    from bulkcall.cli.running import shown_path
    from bulkcall.report.commands import ledger_flag, on_run

    page = Path(run.out_dir) / "report.html"
    if page.is_file():
        return shown_path(page)
    if run.purged_at is not None:
        return "none: the run's rows were purged"
    return f"not there; to write it: {on_run('report', run, ledger_flag(given.settings.ledger))}"
