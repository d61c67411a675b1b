"""`bulkcall stop [RUN]`: ask a live run to stop, from another shell or machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from bulkcall.cli.help import Command
from bulkcall.cli.options import LEDGER, common

if TYPE_CHECKING:
    from bulkcall.cli.options import Given


@click.command(
    name="stop",
    cls=Command,
    examples=(
        "stop",
        "stop 20261121-203631-036547",
    ),
)
@click.argument("run_id", metavar="[RUN]", required=False)
@click.option(
    "--wait",
    "wait_seconds",
    type=click.FloatRange(min=0),
    default=0,
    metavar="SECONDS",
    help="Wait so long for it to have stopped; status 1 where it has not.",
)
@common(*LEDGER)
def command(given: Given, *, run_id: str | None, wait_seconds: float) -> None:
    """Ask a live run to stop as the first signal does: the one named, or the only one.

    It finishes what is in flight, writes its report and ends with status 4; `bulkcall resume` goes
    on. Any shell or machine that shares the ledger may ask; the run looks once a second.
    """
    from bulkcall import app

    asked = app.stop(run_id, settings=given.settings, wait_seconds=wait_seconds)
    how = "has stopped" if asked.stopped else "was asked to stop and finishes what is in flight"
    lines = [
        f"Run {asked.run.run_id} ({asked.holder}) {how}",
        f"to continue it: bulkcall resume {asked.run.run_id}",
    ]
    data = {
        "run_id": asked.run.run_id,
        "holder": asked.holder,
        "stopped": asked.stopped,
        "exit_status": 0,
    }
    given.console.result("\n".join(lines), data)
