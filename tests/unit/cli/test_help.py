"""`--help`: options in groups, working examples, whole summaries; and what a slip meant."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys

import click
import pytest

from bulkcall.cli.help import SECTIONS
from bulkcall.cli.main import COMMANDS, bulkcall, run

PARENT = click.Context(bulkcall, info_name="bulkcall")


def helped(*words, capsys):
    """The text of a command's help."""
    assert run([*words, "--help"]) == 0
    return capsys.readouterr().out


def test_every_command_stands_in_a_section_with_its_whole_summary(capsys):
    """None is cut short, and none is left for 'More'."""
    text = helped(capsys=capsys)
    assert "..." not in text.replace("[ARGS]...", "")
    assert "More:" not in text
    for heading in SECTIONS:
        if any(name in COMMANDS for name in SECTIONS[heading]):
            assert f"{heading}:" in text
    for name in COMMANDS:
        assert re.search(rf"^  {name} ", text, re.MULTILINE), name


@pytest.mark.parametrize("name", [name for name in COMMANDS if name != "config"])
def test_each_command_has_examples_that_it_takes(name, capsys):
    """Each example is read by the command line; nothing in it is made up."""
    text = helped(name, capsys=capsys)
    assert "Examples:" in text
    examples = [line.strip() for line in text.partition("Examples:")[2].splitlines() if line]
    assert examples
    command = bulkcall.get_command(PARENT, name)
    for example in examples:
        words = shlex.split(example)
        assert words[:2] == ["bulkcall", name]
        command.make_context(name, words[2:], parent=PARENT)


def test_options_stand_in_groups(capsys):
    """Who looks for a sheet's name need not read about the API's limits."""
    text = helped("run", capsys=capsys)
    groups = re.findall(r"^(\w[\w ]+):$", text, re.MULTILINE)
    assert groups == [
        "Reading the file",
        "Sending",
        "Account and limits",
        "Output and settings",
        "Examples",
    ]


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (["rnu"], "no such command: rnu; did you mean run? (see `bulkcall --help`)"),
        (["run", "a.csv", "--windw", "8h"], "no such option: --windw; did you mean --window?"),
        (["config", "chek"], "no such command: chek; did you mean check?"),
        (["--versoin"], "no such option: --versoin; did you mean --version?"),
        (["xyzzy"], "no such command: xyzzy (see `bulkcall --help`)"),
    ],
)
def test_a_slip_is_answered_with_what_was_meant(words, meant, capsys):
    """One line, status 2."""
    assert run(words) == 2
    assert meant in capsys.readouterr().err


def test_the_version_has_a_short_flag(capsys):
    """-V as elsewhere."""
    assert run(["-V"]) == 0
    assert re.fullmatch(r"bulkcall \d+\.\d+\.\d+\S*\n", capsys.readouterr().out)


def test_the_shell_completes_commands_and_options():
    """What docs/guide/completion.md sets up: bash gets a script, and words for what was begun."""
    program = [sys.executable, "-c", "from bulkcall.cli.main import main; main()"]

    def answer(**environ):
        environ = {**os.environ, **environ}
        done = subprocess.run(program, env=environ, capture_output=True, text=True, check=False)
        return done.stdout

    assert "complete" in answer(_BULKCALL_COMPLETE="bash_source")
    words = answer(_BULKCALL_COMPLETE="bash_complete", COMP_WORDS="bulkcall rec", COMP_CWORD="1")
    assert words.splitlines() == ["plain,reconcile"]
    words = answer(
        _BULKCALL_COMPLETE="bash_complete", COMP_WORDS="bulkcall run --can", COMP_CWORD="2"
    )
    assert words.splitlines() == ["plain,--canary"]
