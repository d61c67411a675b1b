"""`bulkcall report [RUN]`: write the report again, from the ledger alone."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from bulkcall.cli.help import Command
from bulkcall.cli.options import LEDGER, common

if TYPE_CHECKING:
    from bulkcall.cli.options import Given
    from bulkcall.errors import ExitStatus


@click.command(
    name="report",
    cls=Command,
    examples=(
        "report",
        "report 20261121-203631-036547 --out report-of-monday",
        "report --against 20261121-0400",
    ),
)
@click.argument("run_id", metavar="[RUN]", required=False)
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where to write it; the run's own folder by default.",
)
@click.option(
    "--against",
    metavar="RUN",
    help="Show what changed since that run, and write compared.csv.",
)
@click.option("--show-numbers", is_flag=True, help="Show phone numbers in report.html.")
@common(*LEDGER)
def command(
    given: Given,
    *,
    run_id: str | None,
    out: Path | None,
    against: str | None,
    show_numbers: bool,
) -> ExitStatus:
    """Write a run's report again; asks no server and needs no campaign file.

    With --against, the same file is compared row by row, other files by receiver.

    Exit status: 0 every row is success, 3 some are not.
    """
    from bulkcall import app
    from bulkcall.cli.running import show

    result = app.report(
        run_id, settings=given.settings, out=out, against=against, show_numbers=show_numbers
    )
    return show(given, result)
