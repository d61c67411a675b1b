"""`bulkcall inbox DIR`: take what has arrived in a drop folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from bulkcall.cli.help import Command
from bulkcall.cli.options import LEDGER, READING, SENDING, common, run_flags_of_many_files

if TYPE_CHECKING:
    from bulkcall.cli.options import Given
    from bulkcall.errors import ExitStatus
    from bulkcall.inbox import RoundResult
    from bulkcall.run.options import RunKeywords


@click.command(
    name="inbox",
    cls=Command,
    examples=(
        "inbox /srv/campaigns --start now --window 8h",
        "inbox /srv/campaigns --watch --order deadline",
    ),
)
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option(
    "--once/--watch", default=True, help="Take what is there and end (default), or stay and look."
)
@click.option(
    "--order",
    type=click.Choice(["arrival", "deadline"]),
    default="arrival",
    show_default=True,
    help="Which file goes first: the oldest, or the one with the earliest ends_at.",
)
@click.option(
    "--settle",
    type=click.FloatRange(min=0),
    default=10.0,
    show_default=True,
    metavar="SECONDS",
    help="A file without its .done mark is ready once it has not changed for so long.",
)
@click.option(
    "--every",
    type=click.FloatRange(min=0.1),
    default=30.0,
    show_default=True,
    metavar="SECONDS",
    help="With --watch: how often to look.",
)
@run_flags_of_many_files
@common(*SENDING, *READING, *LEDGER)
def command(
    given: Given,
    *,
    folder: Path,
    once: bool,
    order: str,
    settle: float,
    every: float,
    asked: RunKeywords,
) -> ExitStatus:
    """Run every campaign file that has arrived in a folder, and archive it with its report.

    What an earlier round left is resumed first. A file ends in DIR/done/RUN or DIR/failed/RUN; one
    whose run was stopped stays, and the next round continues it. No file is run twice.

    Exit status: the worst of all files, as of `run` (1, 2, 4, 3, 0); 1 where another process works
    on this folder.
    """
    from bulkcall.cli.progress import progress_for
    from bulkcall.cli.signals import stopping_on_signals
    from bulkcall.inbox import Inbox, Order, RunFlags

    with stopping_on_signals(given.console) as stop:
        inbox = Inbox(
            folder,
            given.settings,
            RunFlags(asked),
            settle=settle,
            order=Order(order),
            progress=progress_for(given.console),
            stop=stop,
        )
        if not once:
            return inbox.watch(lambda result: _show(given, result), every=every)
        result = inbox.once()
    _show(given, result)
    return result.exit_status


def _show(given: Given, result: RoundResult) -> None:
    from bulkcall.support.text import shown

    for each in result.taken:
        why = f": {each.why}" if each.why else ""
        given.console.line("info", f"{shown(each.name)}: {each.fate.value}, {each.folder}{why}")
    if result.error is not None:
        given.console.line("error", " ".join(str(result.error).split()))
    given.console.result(result.line(), result.as_data(), is_all=False)
