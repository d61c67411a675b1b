"""`bulkcall reconcile [RUN]`: ask again for what is not final, and write the report again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from bulkcall.cli.help import Command
from bulkcall.cli.options import LEDGER, READING, SENDING, common, reading_flags
from bulkcall.errors import UsageError

if TYPE_CHECKING:
    from bulkcall.cli.options import Given
    from bulkcall.errors import ExitStatus
    from bulkcall.run.options import ReadKeywords


@click.command(
    name="reconcile",
    cls=Command,
    examples=(
        "reconcile",
        "reconcile 20261121-203631-036547",
        "reconcile --file sent.csv --batch-id 6dabe53b-0000-4000-8000-000000000000",
    ),
)
@click.argument("run_id", metavar="[RUN]", required=False)
@click.option("--file", help="A campaign file that others sent, instead of a run.")
@click.option(
    "--batch-id", "batch_ids", metavar="ID", multiple=True, help="A batch it was sent in."
)
@click.option(
    "--status-file",
    "status_files",
    type=click.Path(path_type=Path),
    multiple=True,
    help="A saved batch status answer (JSON), instead of asking the API.",
)
@reading_flags
@common(*SENDING, *READING, *LEDGER)
def command(
    given: Given,
    *,
    run_id: str | None,
    file: str | None,
    batch_ids: tuple[str, ...],
    status_files: tuple[Path, ...],
    out: Path | None,
    asked: ReadKeywords,
) -> ExitStatus:
    """Ask the API again for what is not final; sends no record. The last run by default.

    With --file and --batch-id (or --status-file) it holds a campaign file that something else sent
    against its batches, and the same report comes out. Exit status as of `run`.
    """
    from bulkcall import app
    from bulkcall.cli.progress import progress_for
    from bulkcall.cli.running import show
    from bulkcall.cli.signals import stopping_on_signals

    others = bool(batch_ids or status_files)
    if (file is not None) != others or (file is not None and run_id is not None):
        raise UsageError(
            "reconcile takes a RUN, or --file together with --batch-id or --status-file"
        )
    with stopping_on_signals(given.console) as stop:
        progress = progress_for(given.console)
        if file is None:
            result = app.reconcile(
                run_id, settings=given.settings, out=out, progress=progress, stop=stop
            )
        else:
            result = app.compare(
                file,
                batch_ids=batch_ids,
                status_files=status_files,
                settings=given.settings,
                out=out,
                progress=progress,
                stop=stop,
                **asked,
            )
    return show(given, result)
