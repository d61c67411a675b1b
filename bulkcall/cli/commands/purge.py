"""`bulkcall purge`: take old personal data out of the ledger."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

import click

from bulkcall.cli.options import LEDGER, common
from bulkcall.errors import UsageError

if TYPE_CHECKING:
    from bulkcall.cli.options import Given

_UNITS = {"h": "hours", "d": "days", "w": "weeks"}
_MOST_DAYS = 36_500


def _span(
    context: click.Context,  # noqa: ARG001 - click's signature
    parameter: click.Parameter,  # noqa: ARG001
    value: str,
) -> timedelta:
    found = re.fullmatch(r"\s*(\d{1,6})\s*([hdw])\s*", value)
    span = timedelta(**{_UNITS[found[2]]: int(found[1])}) if found else None
    if span is None or span.days > _MOST_DAYS:
        raise UsageError(f"--older-than: {value!r} is no length of time: write e.g. 90d, 12w, 48h")
    return span


@click.command(name="purge")
@click.option(
    "--older-than",
    metavar="SPAN",
    required=True,
    callback=_span,
    help="How long ago a run must have ended: 90d, 12w, 48h.",
)
@common(*LEDGER)
def command(given: Given, *, older_than: timedelta) -> None:
    """Take rows, phone numbers and texts of old runs out of the ledger, for good.

    Counts stay. What was still to be sent can't be resumed, and purged rows are not known as
    repeats any more. Reports in their folders are left alone. `keep_days` in bulkcall.toml does the
    same after each run.
    """
    from bulkcall import app

    purged = app.purge(older_than, settings=given.settings)
    text = f"purged {purged.rows:,} rows of {purged.runs:,} runs"
    given.console.result(text, {"runs": purged.runs, "rows": purged.rows}, is_all=False)
