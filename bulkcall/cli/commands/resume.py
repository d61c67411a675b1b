"""`bulkcall resume [RUN]`: take up a stopped run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from bulkcall.cli.options import LEDGER, SENDING, common
from bulkcall.records import OnUnknown

if TYPE_CHECKING:
    from bulkcall.cli.options import Given
    from bulkcall.errors import ExitStatus


@click.command(name="resume")
@click.argument("run_id", metavar="[RUN]", required=False)
@click.option(
    "--on-unknown",
    type=click.Choice([c.value for c in OnUnknown]),
    help="What to do with a row whose try may have been taken; as the run began by default.",
)
@common(*SENDING, *LEDGER)
def command(given: Given, *, run_id: str | None, on_unknown: str | None) -> ExitStatus:
    """Take up a stopped run where it stands: the last one, or the one named.

    Needs neither the campaign file nor its flags: all is in the ledger. Exit status as of `run`.
    """
    from bulkcall import app
    from bulkcall.cli.progress import progress_for
    from bulkcall.cli.running import show
    from bulkcall.cli.signals import stopping_on_signals

    with stopping_on_signals(given.console) as stop:
        result = app.resume(
            run_id,
            settings=given.settings,
            on_unknown=on_unknown,
            progress=progress_for(given.console),
            stop=stop,
        )
    return show(given, result)
