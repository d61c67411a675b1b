"""`bulkcall inbox` on the command line."""

from __future__ import annotations

from bulkcall.cli.commands.inbox import command
from bulkcall.cli.commands.run import command as run_command


def names(of):
    """Name a command's parameters."""
    return {each.name for each in of.params}


def test_every_flag_of_run_is_there_or_makes_no_sense_for_many_files():
    """A flag that `run` learns has to be thought of here."""
    assert names(run_command) - names(command) == {"file", "out", "dry_run"}


def test_its_own_flags():
    """And `--out`, which is for one run, is not among them."""
    assert names(command) - names(run_command) == {"folder", "once", "order", "settle", "every"}
