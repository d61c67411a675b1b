"""`bulkcall run FILE`: the whole pipeline."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from bulkcall.cli.help import Command
from bulkcall.cli.options import LEDGER, READING, SENDING, common, reading_a_file, run_flags

if TYPE_CHECKING:
    from pathlib import Path

    from bulkcall.cli.options import Given
    from bulkcall.errors import ExitStatus
    from bulkcall.run.options import RunKeywords


@click.command(
    name="run",
    cls=Command,
    examples=(
        "run campaign.xlsx --start now --window 8h --canary 50",
        "run campaign.csv --channel realtime --start 2027-03-31T09:00 --window 4h",
        "run list.csv --map receiver_number=Mobile --map label=Brand --start now --window 8h",
        "run campaign.xlsx --start now --window 8h --dry-run",
    ),
)
@reading_a_file
@run_flags
@common(*SENDING, *READING, *LEDGER)
def command(
    given: Given,
    *,
    file: str,
    out: Path | None,
    asked: RunKeywords,
) -> ExitStatus:
    """Send a campaign file and report what happened to every row.

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
            out=out,
            flags=given.flags,
            progress=progress_for(given.console),
            stop=stop,
            **asked,
        )
    return show(given, result)
