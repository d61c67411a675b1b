"""`bulkcall retry [RUN]`: send again what can go again without editing."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from bulkcall.cli.help import Command
from bulkcall.cli.options import LEDGER, SENDING, common
from bulkcall.records import Channel, OnUnknown

if TYPE_CHECKING:
    from bulkcall.cli.options import Given
    from bulkcall.errors import ExitStatus


@click.command(
    name="retry",
    cls=Command,
    examples=(
        "retry",
        "retry 20261121-203631-036547",
        "retry 20261121-203631-036547 --channel realtime --out again",
    ),
)
@click.argument("run_id", metavar="[RUN]", required=False)
@click.option(
    "--channel",
    type=click.Choice([c.value for c in Channel]),
    help="How they are sent; as in that run by default.",
)
@click.option(
    "--on-unknown",
    type=click.Choice([c.value for c in OnUnknown]),
    help="What to do with a row whose try may have been taken; as in that run by default.",
)
@click.option("--out", type=click.Path(path_type=Path), help="The folder for the report.")
@common(*(name for name in SENDING if name != "out"), *LEDGER)
def command(
    given: Given,
    *,
    run_id: str | None,
    channel: str | None,
    on_unknown: str | None,
    out: Path | None,
) -> ExitStatus:
    """Send again, as a new run, those rows of a run (the last by default) that can go as they are.

    They are the rows that failed, and those in error for a reason that may pass, while their
    ends_at lies ahead. Needs neither the campaign file nor its flags. Exit status as of `run`; 2
    where no row can go again.
    """
    from bulkcall import app
    from bulkcall.cli.progress import progress_for
    from bulkcall.cli.running import show
    from bulkcall.cli.signals import stopping_on_signals

    with stopping_on_signals(given.console) as stop:
        result = app.retry(
            run_id,
            settings=given.settings,
            channel=channel,
            on_unknown=on_unknown,
            out=out,
            progress=progress_for(given.console),
            stop=stop,
        )
    return show(given, result)
