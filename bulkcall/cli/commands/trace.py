"""`bulkcall trace NUMBER`: every row of one phone number, in every run."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from bulkcall.cli.help import Command
from bulkcall.cli.options import LEDGER, common

if TYPE_CHECKING:
    from bulkcall.cli.options import Given

SHOWN = 1000
"""How many rows a person is shown who did not say how many."""


@click.command(
    name="trace",
    cls=Command,
    examples=(
        "trace '+91 98765 43210'",
        "trace 9876543210 --limit 20",
    ),
)
@click.argument("number", metavar="NUMBER")
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    help=f"The newest so many rows only. {SHOWN:,} by default; with --json, all of them.",
)
@common("region", *LEDGER)
def command(given: Given, *, number: str, limit: int | None) -> None:
    """Show every row of one phone number, caller or receiver, newest first.

    Each with its run, when it was sent, in which batch, and what was answered. NUMBER is written as
    in a campaign file: '+91 98765 43210', 09876543210.
    """
    from bulkcall.app import open_ledger
    from bulkcall.cli.running import moment, table
    from bulkcall.run.trace import possible_digits, trace_number

    region = given.settings.region
    digits = possible_digits(number, region)[0]
    if limit is None and not given.console.as_json:
        limit = SHOWN
    with open_ledger(given.settings, must_exist=True) as ledger:
        found = trace_number(ledger, number, region, limit=limit)
    rows = [
        (
            row.run_id,
            str(row.row),
            row.outcome,
            row.record.caller_number,
            row.record.receiver_number,
            moment(row.sent_at),
            row.batch_id or row.channel.value,
            row.message,
        )
        for row in found.rows
    ]
    head = ("RUN", "ROW", "OUTCOME", "CALLER", "RECEIVER", "SENT", "BATCH", "MESSAGE")
    text = table(head, rows) if rows else f"no row of any run has the number {digits}"
    if older := found.total - len(found.rows):
        text += f"\n{older:,} older ones are not shown; --limit {found.total} shows all"
    data = {"number": digits, "total": found.total, "rows": [asdict(row) for row in found.rows]}
    given.console.result(text, data)
