"""`bulkcall check`: try everything that a run needs."""

from __future__ import annotations

from pathlib import Path

import click

from bulkcall.cli.console import Console
from bulkcall.cli.help import Command
from bulkcall.cli.options import SPEAKING
from bulkcall.errors import ExitStatus


def _speaking(function: click.decorators.FC) -> click.decorators.FC:
    for option in reversed(SPEAKING):
        function = option(function)
    return function


@click.command(
    name="check",
    cls=Command,
    examples=(
        "check",
        "check --profile bank --json",
    ),
)
@click.option("--config", type=click.Path(path_type=Path), help="The bulkcall.toml to read.")
@click.option("--profile", metavar="NAME", help="The [profiles.NAME] of bulkcall.toml to use.")
@click.option("--ledger", metavar="TEXT", help="The ledger: a path or a database URL.")
@_speaking
def command(
    *,
    config: Path | None,
    profile: str | None,
    ledger: str | None,
    as_json: bool,
    log_format: str,
    verbose: int,
    quiet: bool,
) -> ExitStatus:
    """Test settings, ledger, disk, credentials and clock; sends no record.

    Unless an earlier run left one, this creates a token (the API allows 10 in 30 minutes), which
    the next run uses. Exit status: 0 everything works, 1 something does not, 2 wrong settings.
    """
    from bulkcall import app
    from bulkcall.run.preflight import Word

    console = Console(as_json=as_json, log_format=log_format, verbosity=-1 if quiet else verbose)
    console.start_logging()
    found = app.check({"profile": profile, "ledger": ledger}, config=config)
    wrong = [finding for finding in found if finding.word is Word.WRONG]
    status = ExitStatus.STOPPED if wrong else ExitStatus.OK
    if any(finding.usage for finding in wrong):
        status = ExitStatus.USAGE
    text = "\n".join(f"{each.word:<8} {each.thing + ':':<13}{each.message}" for each in found)
    data = {
        "findings": [
            {"thing": each.thing, "word": each.word.value, "message": each.message}
            for each in found
        ],
        "exit_status": int(status),
    }
    console.result(text, data, is_all=False)
    return status
