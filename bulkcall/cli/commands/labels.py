"""`bulkcall labels`: the account's labels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from bulkcall.cli.help import Command
from bulkcall.cli.options import LEDGER, SENDING, common

if TYPE_CHECKING:
    from bulkcall.cli.options import Given


@click.command(
    name="labels",
    cls=Command,
    examples=(
        "labels",
        "labels --json --profile bank",
    ),
)
@click.option("--refresh", is_flag=True, help="Ask the API even if it was asked a moment ago.")
@common(*SENDING, *LEDGER)
def command(given: Given, *, refresh: bool) -> None:
    """List the account's labels that a record may name: id, name, category.

    They are kept for ten minutes. Deleted labels are left out, and those that are not dynamic.
    """
    from bulkcall import app
    from bulkcall.cli.progress import progress_for
    from bulkcall.cli.running import moment, table
    from bulkcall.cli.signals import stopping_on_signals
    from bulkcall.report.times import iso

    with stopping_on_signals(given.console) as stop:
        listing = app.labels(
            settings=given.settings,
            refresh=refresh,
            progress=progress_for(given.console),
            stop=stop,
        )
    rows = [(label.id, label.name, label.category) for label in listing.usable]
    text = table(("ID", "NAME", "CATEGORY"), rows) if rows else "this account has no labels"
    data = {
        "labels": [
            {"id": label.id, "name": label.name, "category": label.category}
            for label in listing.usable
        ],
        "listed_at": iso(listing.listed_at),
    }
    given.console.result(f"{text}\n\nas of {moment(listing.listed_at)}", data)
