"""Each option of a run stands once: fields, keywords, flags and documentation agree."""

from __future__ import annotations

import inspect

import pandas as pd
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
    keywords_of,
    split_keywords,
)
from bulkcall.settings import Settings

READ, RUN = asked_of(ReadOptions), asked_of(RunOptions)


def names(command):
    """The parameters of a command."""
    return {each.name for each in command.params}


def test_the_keywords_for_type_checkers_are_the_options():
    """The two TypedDicts name what the dataclasses ask for, and nothing else."""
    assert set(ReadKeywords.__annotations__) == {each.name for each in keywords_of(ReadOptions)}
    both = keywords_of(ReadOptions, RunOptions)
    assert set(RunKeywords.__annotations__) == {each.name for each in both}


def test_the_python_functions_show_them_as_keywords():
    """`help(bulkcall.run)` shows every option with its default, and describes it."""
    shown = inspect.signature(bulkcall.run).parameters
    for each in keywords_of(ReadOptions, RunOptions):
        assert shown[each.name].default == each.default
        assert f"{each.name}: {each.help}" in bulkcall.run.__doc__
    assert {*READ, "map", "region"} <= set(inspect.signature(bulkcall.validate).parameters)


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


def test_a_keyword_goes_before_the_setting():
    """`region=` and `map=` of a call are stronger than the account's own."""
    settings = Settings(region="AE", timezone="Asia/Dubai", columns={"caller_number": "Von"})
    read = ReadOptions.of(
        "a.csv", settings, now_ms=0, asked={"region": "NG", "map": {"label": "L"}}
    )
    assert (read.region, read.timezone, read.columns) == ("NG", "Asia/Dubai", {"label": "L"})


def test_times_and_durations_may_be_those_of_pandas():
    """A Timestamp and a Timedelta mean what they say."""
    asked = {
        "start": pd.Timestamp("2026-12-01 09:00", tz="Asia/Kolkata"),
        "window": pd.Timedelta("90m"),
    }
    read = ReadOptions.of("a.csv", Settings(), now_ms=0, asked=asked)
    assert (read.start, read.window) == ("2026-12-01T09:00:00+05:30", "5400s")


def test_an_unknown_word_is_refused():
    """A channel that does not exist is wrong usage, not a ValueError."""
    with pytest.raises(UsageError, match="fax"):
        split_keywords({"channel": "fax"})
