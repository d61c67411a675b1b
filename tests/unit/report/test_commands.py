"""The commands that a report offers: whole, quoted, and the same in each of its files."""

from __future__ import annotations

import json
import shlex
from dataclasses import replace
from pathlib import Path

import pytest

from bulkcall.ledger.model import RunState
from bulkcall.records import Channel
from bulkcall.report import build_report, publish
from bulkcall.report.advice import DEMO_OVER, next_steps
from bulkcall.report.commands import ledger_flag
from tests.unit.report.ledgers import START, FakeLedger, result

HOUR = 3_600_000


def report_of(*words, source=None, facts=None, now=START, **run):
    """A report on rows of these outcomes, of a file that was read as `source` says."""
    source = {"file": "/data/my list.csv", "region": "IN", "timezone": "Asia/Kolkata"} | (
        source or {}
    )
    rows = [result(word, starts_at=START, ends_at=START + HOUR) for word in words]
    ledger = FakeLedger(
        ["a"],
        [["x"]] * len(rows),
        rows,
        file_facts={"source": source, **(facts or {})},
        run_id="r1",
        out_dir="/out/r1",
        **run,
    )
    return build_report(ledger, "r1", now_ms=now)


def commands(report, **options):
    """Outcome → command of each next step."""
    return {step.outcome.value: step.command for step in next_steps(report, **options)}


def test_a_command_has_every_flag_that_the_rows_need():
    """Mapping, times, region, zone, dates, channel, profile, configuration and ledger."""
    source = {
        "columns": {"receiver_number": "Mobile No"},
        "start": "now",
        "window": "8h",
        "region": "AE",
        "timezone": "Asia/Dubai",
        "date_format": "dmy",
        "sheet": "Sheet 1",
    }
    report = report_of(
        "invalid",
        "pending",
        source=source,
        facts={"flags": {"config": "/etc/my bulkcall.toml"}},
        channel=Channel.REALTIME,
        profile="bank",
    )
    report = replace(report, ledger="/srv/l.db")
    found = commands(report)
    where = "--config '/etc/my bulkcall.toml' --profile bank --ledger /srv/l.db"
    assert found["invalid"] == (
        "bulkcall run /out/r1/rejected.csv --map 'receiver_number=Mobile No' --region AE"
        " --timezone Asia/Dubai --date-format dmy --start now --window 8h --channel realtime"
        f" {where}"
    )
    assert found["pending"] == f"bulkcall reconcile r1 {where}"


def test_what_is_the_default_is_not_in_the_command():
    """Rows with times of their own, in India, need no flag."""
    assert commands(report_of("invalid"))["invalid"] == "bulkcall run /out/r1/rejected.csv"


def test_what_needs_no_editing_is_retried_while_its_window_is_open():
    """Afterwards it stands in rejected.csv, for another window."""
    assert commands(report_of("failed", "error"))["failed"] == "bulkcall retry r1"
    over = commands(report_of("failed", "error", now=START + HOUR))
    assert over["failed"] == over["error"] == "bulkcall run /out/r1/rejected.csv"


def test_paths_are_as_short_as_they_can_be_typed():
    """In the folder that one works in; a name that looks like a flag stays a name."""
    found = commands(report_of("invalid"), here=Path("/out"))
    assert found["invalid"] == "bulkcall run r1/rejected.csv"


@pytest.mark.parametrize(("now", "start"), [(START, "2026-12-01T09:00"), (START + 2 * HOUR, "now")])
def test_a_start_whose_window_is_over_becomes_now(now, start):
    """Else every row would be invalid."""
    report = report_of("invalid", source={"start": "2026-12-01T09:00", "window": "1h"}, now=now)
    assert commands(report)["invalid"].endswith(f"--start {start} --window 1h")


@pytest.mark.parametrize(
    ("state", "dry_run", "command"),
    [
        (RunState.STOPPED, False, "bulkcall resume r1"),
        (RunState.WITHHELD, False, "bulkcall resume r1"),
        (RunState.WITHHELD, True, "bulkcall run '/data/my list.csv'"),
        (RunState.ABANDONED, False, "bulkcall run '/data/my list.csv'"),
    ],
)
def test_unsent_rows_are_sent_by_what_can_send_them(state, dry_run, command):
    """A stopped run is resumed, a dry run is run; what was given up starts anew."""
    assert commands(report_of("unsent", state=state, dry_run=dry_run))["unsent"] == command


def test_a_file_of_duplicates_says_how_to_send_it_all_the_same():
    """Beside other rows that were sent there is no command: it would send those again."""
    assert commands(report_of("duplicate")) == {
        "duplicate": "bulkcall run '/data/my list.csv' --resend"
    }
    assert commands(report_of("duplicate", "success")) == {"duplicate": ""}


def test_what_came_from_a_pipe_is_not_run_again():
    """There is no file to name."""
    assert commands(report_of("duplicate", source={"file": "/data/-"})) == {"duplicate": ""}


def test_a_demo_offers_no_command():
    """Its sandbox is gone, and its sample rows must not go to the real API."""
    report = report_of("invalid", "pending", "unknown", facts={"demo": True})
    assert set(commands(report).values()) == {""}
    assert all(step.text for step in next_steps(report))


@pytest.mark.parametrize(
    ("ledger", "flag"),
    [
        ("", ""),
        ("/srv/l.db", "/srv/l.db"),
        ("l.db", str(Path("l.db").absolute())),
        ("postgresql://db/l", "postgresql://db/l"),
        ("postgresql://me@db/l", "postgresql://me@db/l"),
        ("postgresql://me:secret@db/l", ""),
        ("postgresql://db/l?password=secret", ""),
    ],
)
def test_a_ledger_is_named_unless_that_would_show_a_password(ledger, flag):
    """A path holds anywhere."""
    assert ledger_flag(ledger) == flag


def test_each_file_of_the_report_has_the_same_commands(tmp_path):
    """report.html, report.xlsx and summary.md say what the terminal and --json say."""
    from html import unescape

    from openpyxl import load_workbook

    rows = [result("invalid"), result("pending")]
    facts = {"source": {"file": "/data/a.csv", "start": "now", "window": "8h"}}
    ledger = FakeLedger(["a"], [["x"]] * 2, rows, file_facts=facts, run_id="r1")
    published = publish(ledger, "r1", tmp_path / "my out", ledger_at="/srv/l.db")
    told = [step.command for step in next_steps(published.report) if step.command]
    assert told == [
        "bulkcall reconcile r1 --ledger /srv/l.db",
        (
            f"bulkcall run {shlex.quote(str(tmp_path / 'my out/rejected.csv'))} --start now"
            " --window 8h --ledger /srv/l.db"
        ),
    ]
    page = unescape(published.files["report.html"].read_text())
    ticket = published.files["summary.md"].read_text()
    sheet = load_workbook(published.files["report.xlsx"])["Summary"]
    cells = " ".join(str(cell.value) for row in sheet.iter_rows() for cell in row)
    for command in told:
        assert command in page
        assert command in ticket
        assert command in cells
    assert json.loads(published.files["summary.json"].read_text())["run_id"] == "r1"
    assert DEMO_OVER not in page
