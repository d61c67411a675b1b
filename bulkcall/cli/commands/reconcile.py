"""`bulkcall reconcile [RUN]`: ask again for what is not final, and write the report again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from bulkcall.cli.options import LEDGER, SENDING, common

if TYPE_CHECKING:
    from bulkcall.cli.options import Given
    from bulkcall.errors import ExitStatus


@click.command(name="reconcile")
@click.argument("run_id", metavar="[RUN]", required=False)
@common(*SENDING, *LEDGER)
def command(given: Given, *, run_id: str | None) -> ExitStatus:
    """Ask the API again for what is not final; sends no record. The last run by default.

    Exit status as of `run`.
    """
    from bulkcall import campaigns
    from bulkcall.cli.progress import progress_for
    from bulkcall.cli.running import show
    from bulkcall.cli.signals import stopping_on_signals

    with stopping_on_signals() as stop:
        result = campaigns.reconcile(
            run_id, settings=given.settings, progress=progress_for(given.console), stop=stop
        )
    return show(given, result)
