"""Each option of a run stands once: fields, keywords, flags and documentation agree."""

from __future__ import annotations

import inspect
from typing import get_type_hints

import pytest

import bulkcall
from bulkcall.cli.commands.inbox import command as inbox_command
from bulkcall.cli.commands.run import command as run_command
from bulkcall.cli.commands.validate import command as validate_command
from bulkcall.errors import UsageError
from bulkcall.records import Channel, OnUnknown
from bulkcall.run.options import (
    ReadKeywords,
    ReadOptions,
    RunKeywords,
    RunOptions,
    asked_of,
    split_keywords,
)

READ, RUN = asked_of(ReadOptions), asked_of(RunOptions)


def names(command):
    """The parameters of a command."""
    return {each.name for each in command.params}


def test_the_keywords_for_type_checkers_are_the_options():
    """The two TypedDicts name what the dataclasses ask for, and nothing else."""
    assert set(ReadKeywords.__annotations__) == set(READ)
    assert set(RunKeywords.__annotations__) == {*READ, *RUN}


def test_the_python_functions_show_them_as_keywords():
    """`help(bulkcall.run)` shows every option with its default, and describes it."""
    shown = inspect.signature(bulkcall.run).parameters
    assert {name: shown[name].default for name in {**READ, **RUN}} == {
        name: default for name, (_, default) in {**READ, **RUN}.items()
    }
    for name, (asked, _) in {**READ, **RUN}.items():
        assert f"{name}: {asked.help}" in bulkcall.run.__doc__
    assert set(READ) <= set(inspect.signature(bulkcall.validate).parameters)


def test_the_commands_have_a_flag_for_each():
    """Run has all, validate those of the file, an inbox those that suit many files."""
    assert {*READ, *RUN} <= names(run_command)
    assert set(READ) <= names(validate_command)
    assert not set(RUN) & names(validate_command)
    many = {name for name, (asked, _) in RUN.items() if not asked.one_file}
    assert many | set(READ) <= names(inbox_command)
    assert "dry_run" not in names(inbox_command)


def test_keywords_become_options():
    """Words become members of their enumerations; what is absent has its default."""
    run, read = split_keywords(
        {"channel": "realtime", "on_unknown": "hold", "canary": 5, "start": "now"}
    )
    assert run == RunOptions(channel=Channel.REALTIME, on_unknown=OnUnknown.HOLD, canary=5)
    assert read == {"start": "now"}
    assert get_type_hints(RunOptions, localns={"Path": object})["canary"] is int


def test_an_unknown_word_is_refused():
    """A channel that does not exist is wrong usage, not a ValueError."""
    with pytest.raises(UsageError, match="fax"):
        split_keywords({"channel": "fax"})
