"""How a command speaks: results on standard output, everything else on standard error."""

from __future__ import annotations

import json

import pytest

from bulkcall.cli.console import Console
from bulkcall.cli.main import run
from bulkcall.cli.progress import Lines, SilentProgress, progress_for
from bulkcall.errors import ExitStatus


def test_a_result_is_text_or_one_json_object(capsys):
    """People get the text, scripts the object, and neither gets both."""
    Console().result("seven rows", {"rows": 7})
    Console(as_json=True).result("seven rows", {"rows": 7, "name": "अमित"})
    assert capsys.readouterr().out.splitlines() == ["seven rows", '{"rows": 7, "name": "अमित"}']


def test_a_failure_is_one_line_and_with_json_one_object(capsys):
    """An error of several lines becomes one; the object carries the exit status."""
    Console(as_json=True).failed("it is\nbroken", ExitStatus.USAGE)
    out, err = capsys.readouterr()
    assert err == "bulkcall: it is broken\n"
    assert json.loads(out) == {"error": "it is broken", "exit_status": 2}


def test_json_lines_for_log_collectors(capsys):
    """--log-format json makes each line of standard error an object."""
    Console(log_format="json").line("info", "going on")
    line = json.loads(capsys.readouterr().err)
    assert (line["level"], line["message"]) == ("info", "going on")
    assert line["at"].endswith("Z")


def test_plain_progress_says_how_each_stage_ended(capsys):
    """Without a terminal, a stage that did something says so once, with its rate."""
    lines = progress_for(Console())
    assert isinstance(lines, Lines)
    lines.begin("send", 4)
    lines.advance("send", 3)
    lines.advance("send", 1)
    lines.end("send")
    lines.begin("reconcile", 0)
    lines.end("reconcile")
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 1
    assert said[0].startswith("sending: 4 of 4 rows")


def test_quiet_leaves_news_out_but_no_error(capsys):
    """With --quiet a line of news is not written, as text or JSON; an error is."""
    for log_format in ("text", "json"):
        console = Console(verbosity=-1, log_format=log_format)
        console.line("info", "a.csv: done")
        console.line("error", "the disk is full")
    written = capsys.readouterr().err
    assert "a.csv" not in written
    assert written.count("the disk is full") == 2


def test_quiet_says_nothing(capsys):
    """-q leaves standard error to errors."""
    quiet = progress_for(Console(verbosity=-1))
    assert isinstance(quiet, SilentProgress)
    quiet.begin("send", 4)
    quiet.advance("send", 4)
    quiet.note("paused")
    quiet.end("send")
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("arguments", [["--version"], ["--help"], ["run", "--help"]])
def test_help_and_version_end_well(arguments, capsys):
    """Asking what there is is no error."""
    assert run(arguments) == 0
    assert "bulkcall" in capsys.readouterr().out


def test_an_unknown_command_is_wrong_usage(capsys):
    """A misspelt command is one line and status 2."""
    assert run(["rnu"]) == 2
    assert "rnu" in capsys.readouterr().err


def test_an_internal_error_is_one_short_line(capsys, monkeypatch):
    """What nobody foresaw is told in one line, cut short, with status 1."""

    def broken(**_):
        raise RuntimeError("secret row " * 100)

    monkeypatch.setattr("bulkcall.cli.main.bulkcall.main", broken)
    assert run(["runs"]) == 1
    err = capsys.readouterr().err
    assert err.startswith("bulkcall: internal error: RuntimeError")
    assert len(err) < 300
