"""`bulkcall run FILE`: the whole pipeline."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from bulkcall.cli.options import LEDGER, READING, SENDING, common, reading_a_file
from bulkcall.records import Channel, OnUnknown

if TYPE_CHECKING:
    from pathlib import Path

    from bulkcall.cli.options import Given
    from bulkcall.errors import ExitStatus


@click.command(name="run")
@reading_a_file
@click.option(
    "--channel",
    type=click.Choice([c.value for c in Channel]),
    default=Channel.BATCH.value,
    show_default=True,
    help="batch: many records a request, confirmed later; realtime: one, answered at once.",
)
@click.option("--dry-run", is_flag=True, help="Do everything but send.")
@click.option(
    "--canary",
    type=click.IntRange(min=1),
    default=None,
    metavar="N",
    help="Send N rows and confirm them; only then the rest.",
)
@click.option("--resend", is_flag=True, help="Send also what earlier runs have sent.")
@click.option("--allow-duplicates", is_flag=True, help="Send equal rows of the file, each of them.")
@click.option("--max-invalid", metavar="N|P%", help="Send nothing if more rows are invalid.")
@click.option(
    "--on-unknown",
    type=click.Choice([c.value for c in OnUnknown]),
    default=OnUnknown.RESEND.value,
    show_default=True,
    help="What to do with a row whose try may have been taken.",
)
@common(*SENDING, *READING, *LEDGER)
def command(
    given: Given,
    *,
    file: str,
    sheet: str | None,
    start: str | None,
    window: str | None,
    out: Path | None,
    channel: str,
    dry_run: bool,
    canary: int | None,
    resend: bool,
    allow_duplicates: bool,
    max_invalid: str | None,
    on_unknown: str,
) -> ExitStatus:
    """Send a campaign file and report what became of every row.

    FILE is a CSV (also gz or zip), XLSX, XLS or ODS with columns caller, receiver and label or
    label_id. Exit status: 0 every row is success, 1 stopped on an error (resumable), 2 wrong usage,
    settings or file, 3 some rows are not success, 4 stopped by a signal (resumable).
    """
    from bulkcall import app
    from bulkcall.cli.progress import progress_for
    from bulkcall.cli.running import show
    from bulkcall.cli.signals import stopping_on_signals

    with stopping_on_signals(given.console) as stop:
        result = app.run(
            file,
            settings=given.settings,
            channel=channel,
            out=out,
            sheet=sheet,
            start=start,
            window=window,
            dry_run=dry_run,
            canary=canary or 0,
            resend=resend,
            allow_duplicates=allow_duplicates,
            max_invalid=max_invalid,
            on_unknown=on_unknown,
            progress=progress_for(given.console),
            stop=stop,
        )
    return show(given, result)
