"""`bulkcall runs`: the history."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING, Any

import click

from bulkcall.cli.help import Command
from bulkcall.cli.options import LEDGER, common
from bulkcall.records import Outcome

if TYPE_CHECKING:
    from bulkcall.cli.options import Given
    from bulkcall.ledger import RunInfo


@click.command(
    name="runs",
    cls=Command,
    examples=(
        "runs",
        "runs --limit 100",
        "runs --json",
    ),
)
@click.option(
    "--limit", type=click.IntRange(min=1), default=20, show_default=True, help="How many."
)
@common(*LEDGER)
def command(given: Given, *, limit: int) -> None:
    """List all runs, newest first."""
    from bulkcall.app import open_ledger
    from bulkcall.cli.running import moment, table

    with open_ledger(given.settings, must_exist=True) as ledger:
        found = ledger.runs(limit)
        counts = {run.run_id: ledger.counts(run.run_id) for run in found}
    rows = [
        (
            run.run_id,
            moment(run.started_at),
            run.state.value,
            run.channel.value,
            f"{run.rows:,}",
            f"{counts[run.run_id][Outcome.SUCCESS]:,}",
            PurePath(run.file).name + (f" (retry of {run.parent})" if run.parent else ""),
        )
        for run in found
    ]
    head = ("RUN", "STARTED", "STATE", "CHANNEL", "ROWS", "SUCCESS", "FILE")
    text = table(head, rows) if rows else "no runs yet"
    given.console.result(text, {"runs": [as_data(run, counts[run.run_id]) for run in found]})


def as_data(run: RunInfo, counts: Any) -> dict[str, Any]:
    """Return a run as JSON-able data."""
    from bulkcall.report.times import iso

    return {
        "run_id": run.run_id,
        "state": run.state.value,
        "reason": run.reason,
        "stop_cause": run.stop_cause,
        "stop_requested_at": iso(run.stop_requested_at) if run.stop_requested_at else None,
        "parent": run.parent or None,
        "file": run.file,
        "sha256": run.sha256,
        "channel": run.channel.value,
        "rows": run.rows,
        "outcomes": {word.value: count for word, count in counts.items()},
        "requests": run.requests,
        "retries": run.retries,
        "started_at": iso(run.started_at),
        "finished_at": None if run.finished_at is None else iso(run.finished_at),
        "out": run.out_dir,
        "profile": run.profile,
    }
