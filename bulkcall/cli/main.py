"""`bulkcall`: the one place where errors become a line on standard error and an exit status.

Commands are imported when they are named, and import what they need when they run: `--help` and
`--version` load neither pandas nor httpx.
"""

from __future__ import annotations

import gc
import importlib
import itertools
import sys
import traceback
from typing import TYPE_CHECKING

import click

from bulkcall import __version__
from bulkcall.cli.console import Console
from bulkcall.cli.help import Group
from bulkcall.cli.streams import prepare
from bulkcall.errors import BulkcallError, ExitStatus

if TYPE_CHECKING:
    from collections.abc import Sequence

COMMANDS = (
    "run",
    "validate",
    "plan",
    "map",
    "inbox",
    "resume",
    "retry",
    "stop",
    "reconcile",
    "report",
    "runs",
    "status",
    "trace",
    "purge",
    "config",
    "check",
    "labels",
    "probe",
    "explain",
    "template",
    "sandbox",
    "demo",
)

_LONGEST_INTERNAL = 160


class Commands(Group):
    """Finds a command in the file of its name."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """The commands' names."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import the command's file."""
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"bulkcall.cli.commands.{cmd_name}")
        command = module.command
        assert isinstance(command, click.Command)  # noqa: S101 - a slip of ours, not of the user's
        return command


@click.group(
    cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.version_option(__version__, "-V", "--version", message="bulkcall %(version)s")
def bulkcall() -> None:
    """Send a campaign file to Truecaller for Business, and prove what happened to every row.

    Try `bulkcall demo` first: it needs no credentials and no network. `bulkcall COMMAND --help`
    shows a command's options and examples.
    """


def run(arguments: Sequence[str]) -> int:
    """Run one command and return its exit status; what it raises becomes one line."""
    try:
        result = bulkcall.main(args=list(arguments), prog_name="bulkcall", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        return ExitStatus.USAGE
    except BrokenPipeError:
        sys.stderr.close()  # whoever read us has gone; there is nobody to tell
        return ExitStatus.STOPPED
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - the last line of defence
        if "-v" in arguments or "--verbose" in arguments:
            traceback.print_exc()
        return _console(arguments).failed(*_line_and_status(error))
    return result if isinstance(result, int) else ExitStatus.OK


def _line_and_status(error: BaseException) -> tuple[str, ExitStatus]:
    if isinstance(error, BulkcallError):
        return str(error), error.exit_status
    if isinstance(error, click.ClickException):
        context = error.ctx if isinstance(error, click.UsageError) else None
        hint = f" (see `{context.command_path} --help`)" if context else ""
        return error.format_message().rstrip(".") + hint, ExitStatus.USAGE
    if isinstance(error, click.Abort | KeyboardInterrupt):
        return "interrupted", ExitStatus.INTERRUPTED
    # Cut short: a library's message may quote the data that it choked on.
    message = f"{type(error).__name__}: {error}"[:_LONGEST_INTERNAL]
    return f"internal error: {message} (-v shows where; please report it)", ExitStatus.STOPPED


def _console(arguments: Sequence[str]) -> Console:
    # The command line may be what is wrong, so its two words about speaking are looked for by eye.
    as_lines = "--log-format=json" in arguments or any(
        pair == ("--log-format", "json") for pair in itertools.pairwise(arguments)
    )
    return Console(as_json="--json" in arguments, log_format="json" if as_lines else "text")


def main() -> None:
    """Be the `bulkcall` command."""
    prepare()
    status = int(run(sys.argv[1:]))
    # The process ends: looking for garbage once more takes as long as many a command.
    gc.freeze()
    sys.exit(status)
