"""What the tests of deploy/ have in common: its files, and bulkcall's own reading of a command."""

from __future__ import annotations

from pathlib import Path

import click

from bulkcall.cli.main import bulkcall
from bulkcall.settings import RULES, env_name

ROOT = Path(__file__).parents[3]
DEPLOY = ROOT / "deploy"
VARIABLES = {env_name(name) for name in RULES}


def parse(words):
    """Let the command line read a command's words (without `bulkcall`) as it would before running.

    Raises click.UsageError where an option or argument does not exist.
    """
    top = click.Context(bulkcall, info_name="bulkcall")
    command = bulkcall.get_command(top, words[0])
    assert command is not None, f"bulkcall has no command {words[0]!r}"
    return command.make_context(words[0], list(words[1:]), parent=top)
