"""`bulkcall resume [RUN]`: take up a stopped run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from bulkcall.cli.help import Command
from bulkcall.cli.options import LEDGER, SENDING, common
from bulkcall.records import OnUnknown

if TYPE_CHECKING:
    from bulkcall.cli.options import Given
    from bulkcall.errors import ExitStatus
    from bulkcall.ledger import RunInfo


@click.command(
    name="resume",
    cls=Command,
    examples=(
        "resume",
        "resume 20261121-203631-036547",
        "resume 20261121-203631-036547 --tokens 4",
    ),
)
@click.argument("run_id", metavar="[RUN]", required=False)
@click.option(
    "--on-unknown",
    type=click.Choice([c.value for c in OnUnknown]),
    help="What to do with a row whose try may have been taken; as the run began by default.",
)
@common(*SENDING, *LEDGER)
def command(given: Given, *, run_id: str | None, on_unknown: str | None) -> ExitStatus:
    """Continue a stopped run: the last one, or the one named.

    Needs neither the campaign file nor its flags: all is in the ledger, and the run keeps its own
    settings (--tokens, limits) unless new ones are given. A run that stopped for a person to look
    at it (its canary, most rows turned down) must be named. Exit status as of `run`.
    """
    from bulkcall import app
    from bulkcall.cli.options import with_flags_of
    from bulkcall.cli.progress import progress_for
    from bulkcall.cli.running import show
    from bulkcall.cli.signals import stopping_on_signals

    with app.open_ledger(given.settings, must_exist=True) as ledger:
        run = ledger.run(run_id) if run_id else ledger.last_stopped()
    if run is not None:
        given = with_flags_of(run, given)
        run_id = run_id or _unless_for_a_person(run)
    with stopping_on_signals(given.console) as stop:
        result = app.resume(
            run_id,
            settings=given.settings,
            on_unknown=on_unknown,
            progress=progress_for(given.console),
            stop=stop,
        )
    return show(given, result)


def _unless_for_a_person(run: RunInfo) -> str | None:
    """The run's id; None where it has to be named, which the pipeline says."""
    waits = run.stop_cause is not None and run.stop_cause.needs_person
    return None if waits else run.run_id
