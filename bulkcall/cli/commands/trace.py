"""`bulkcall trace NUMBER`: every row of one phone number, in every run."""

from __future__ import annotations

import re
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from bulkcall.cli.options import LEDGER, common
from bulkcall.errors import UsageError

if TYPE_CHECKING:
    from bulkcall.cli.options import Given

SHOWN = 1000
"""How many rows a person is shown who did not say how many."""


@click.command(name="trace")
@click.argument("number", metavar="NUMBER")
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    help=f"The newest so many rows only. {SHOWN:,} by default; with --json, all of them.",
)
@common("region", *LEDGER)
def command(given: Given, *, number: str, limit: int | None) -> None:
    """Show every row of one caller or receiver number: when it was sent, what was answered.

    The newest come first.

    NUMBER is written as in a campaign file: +91 98765 43210, 09876543210 …
    """
    from bulkcall.app import open_ledger
    from bulkcall.cli.running import moment, table

    candidates = _candidates(number, given.settings.region)
    with open_ledger(given.settings) as ledger:
        if limit is None and not given.console.as_json:
            limit = SHOWN
        traces = [ledger.trace(digits, limit=limit) for digits in candidates]
    found = [row for trace in traces for row in trace.rows][:limit]
    total = sum(trace.total for trace in traces)
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
        for row in found
    ]
    head = ("RUN", "ROW", "OUTCOME", "CALLER", "RECEIVER", "SENT", "BATCH", "MESSAGE")
    text = table(head, rows) if rows else f"no row of any run has the number {candidates[0]}"
    if total > len(found):
        text += f"\n{total - len(found):,} older ones are not shown; --limit {total} shows all"
    data = {"number": candidates[0], "total": total, "rows": [asdict(row) for row in found]}
    given.console.result(text, data)


def _candidates(number: str, region: str) -> list[str]:
    """Give the digits that the number may stand under: as written, and as a national number."""
    import phonenumbers

    digits = re.sub(r"\D", "", number)
    # What is left of 9.19877E+11 without its letter is another number.
    if not digits or re.search(r"[^\W\d_]", number):
        raise UsageError(f"{number!r} is no phone number")
    if number.strip().startswith("00"):
        digits = digits[2:]
    found = [digits]
    if not number.strip().startswith(("+", "00")):
        try:
            parsed = phonenumbers.parse(number, region)
        except phonenumbers.NumberParseException:
            return found
        if phonenumbers.is_valid_number(parsed):
            found.append(f"{parsed.country_code}{parsed.national_number}")
    return list(dict.fromkeys(found))
