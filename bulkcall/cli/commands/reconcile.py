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
    from bulkcall.cli.running import pipeline_for, show

    with pipeline_for(given) as pipeline:
        return show(given, pipeline.reconcile(run_id))
