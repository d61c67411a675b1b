"""Who is told what, and where (contract: Commands, Settings)."""

from __future__ import annotations

import json
import os
import pty
import subprocess

import pytest

from tests.contract.conftest import CALLER, receivers
from tests.contract.other_server import ACCOUNT, API_KEY

TIMES = ("--start", "now", "--window", "8h")


def rows(count, first=0):
    """Give rows of a campaign file."""
    return [(CALLER, number, "Parcel team") for number in receivers(count, first)]


def test_every_command_gives_one_json_object(stranger):
    """--json: one object on standard output, also where the command fails."""
    stranger.campaign(rows(2))
    run = stranger.run("run", "campaign.csv", *TIMES, "--json", "--out", "o")
    run_id = run.json["run_id"]
    good = (
        ("validate", "campaign.csv", *TIMES),
        ("plan", "campaign.csv", *TIMES),
        ("reconcile", run_id),
        ("report", run_id),
        ("runs",),
        ("status", run_id),
        ("trace", receivers(1)[0]),
        ("template", "t.csv"),
    )
    for command in good:
        ended = stranger.run(*command, "--json", "-q")
        assert ended.status == 0, (command, ended)
        assert isinstance(ended.json, dict)
        assert ended.err == "", command
    bad = (
        ("run", "no.csv"),
        ("run", "campaign.csv", "--canary", "x"),
        ("validate", "no.csv"),
        ("plan", "no.csv"),
        ("resume", "no-such-run"),
        ("resume",),
        ("reconcile", "no-such-run"),
        ("report", "no-such-run"),
        ("status", "no-such-run"),
        ("template", "t.csv"),
        ("sandbox", "--host", "192.0.2.1"),
        ("demo", "--channel", "fax"),
    )
    for command in bad:
        ended = stranger.run(*command, "--json")
        told = ended.json
        assert ended.status == told["exit_status"] == 2, (command, ended)
        assert told["error"]
        assert len(ended.err.strip().splitlines()) == 1, (command, ended)


def test_result_on_standard_output_progress_on_standard_error(stranger):
    """Without --json too; -q says less, -v more; --log-format json makes lines of JSON."""
    stranger.campaign(rows(2))
    plain = stranger.run("run", "campaign.csv", *TIMES)
    assert "success" in plain.out
    assert "sending" in plain.err
    assert "sending" not in plain.out
    assert "\x1b" not in plain.out + plain.err
    assert "\r" not in plain.err
    assert stranger.run("run", "campaign.csv", *TIMES, "--resend", "-q").err == ""
    for flags in (("-v",), ("-vv",), ()):
        logged = stranger.run(
            *("run", "campaign.csv", *TIMES, "--resend", "--log-format", "json", *flags)
        )
        assert logged.status == 0
        assert all(json.loads(line)["message"] for line in logged.err.splitlines())
    failed = stranger.run("run", "no.csv", "--log-format", "json")
    assert json.loads(failed.err)["level"] == "error"


def test_a_file_whose_name_is_no_utf8_is_a_file(stranger):
    """It is checked, sent and told of; what can't be shown is escaped, and JSON stays JSON."""
    name = os.fsdecode(b"k\xfcndigung.csv")
    stranger.campaign(rows(2)).rename(stranger.folder / name)
    assert stranger.run("validate", name, *TIMES, "--json").json["rows"] == 2
    assert "k\\xfcndigung.csv: 2 rows" in stranger.run("validate", name, *TIMES).out
    ended = stranger.run("run", name, *TIMES, "--json")
    assert (ended.status, ended.json["outcomes"]["success"]) == (0, 2), ended
    assert ended.json["file"] == "k\ufffdndigung.csv"
    assert stranger.run("runs", environ={"PYTHONIOENCODING": "ascii"}).status == 0


@pytest.mark.parametrize(("no_color", "coloured"), [("", True), ("1", False)])
def test_colour_is_for_terminals_that_want_it(place, no_color, coloured):
    """NO_COLOR is respected, and standard output stays plain."""
    master, end = pty.openpty()
    done = subprocess.Popen(
        place.command("run", "no.csv"),
        cwd=place.folder,
        env=place.environ | {"NO_COLOR": no_color, "TERM": "xterm"},
        stdout=subprocess.PIPE,
        stderr=end,
    )
    os.close(end)
    said = b""
    while True:
        try:
            piece = os.read(master, 4096)
        except OSError:
            break
        if not piece:
            break
        said += piece
    out, _ = done.communicate()
    os.close(master)
    assert done.returncode == 2
    assert out == b""
    assert (b"\x1b[" in said) is coloured, said


def test_flags_over_environment_over_file_over_defaults(stranger, other):
    """One setting from each place, a profile over the file's top, --config over both places."""
    del stranger.environ["BULKCALL_STATUS_PER_MINUTE"]
    del stranger.environ["BULKCALL_BATCH_PER_MINUTE"]
    top = "batch_size = 3\nbatch_per_minute = 1200\nstatus_per_minute = 1200\n"
    stranger.write("bulkcall.toml", top + "[profiles.two]\nbatch_size = 2\n")

    def sizes(*flags, **environ):
        before = len(other.calls("batch"))
        stranger.campaign(rows(6))
        ended = stranger.run(
            "run", "campaign.csv", *TIMES, "--resend", "--json", *flags, environ=environ
        )
        assert ended.status == 0, ended
        return [len(seen.records) for seen in other.calls("batch")[before:]]

    assert sizes() == [3, 3]
    assert sizes("--profile", "two") == [2, 2, 2]
    assert sizes(BULKCALL_PROFILE="two") == [2, 2, 2]
    assert sizes(BULKCALL_PROFILE="two", BULKCALL_BATCH_SIZE="5") == [5, 1]
    assert sizes("--batch-size", "4", BULKCALL_BATCH_SIZE="5") == [4, 2]
    stranger.write("other.toml", top.replace("3", "6"))
    assert sizes("--config", "other.toml") == [6]
    (stranger.folder / "bulkcall.toml").unlink()
    home = stranger.folder.parent / "home/.config/bulkcall"
    home.mkdir(parents=True)
    (home / "bulkcall.toml").write_text(top)
    assert sizes() == [3, 3]


def test_the_ledger_stands_where_it_is_set(stranger):
    """BULKCALL_LEDGER and --ledger: a path or a URL; each has its own history."""
    stranger.campaign(rows(1))
    places = ("own.db", f"sqlite:///{stranger.folder / 'url.db'}")
    for place in places:
        ended = stranger.run("run", "campaign.csv", *TIMES, environ={"BULKCALL_LEDGER": place})
        assert ended.status == 0, ended
        listed = stranger.run("runs", "--json", "--ledger", place).json["runs"]
        assert [run["rows"] for run in listed] == [1]
    assert (stranger.folder / "own.db").is_file()
    assert (stranger.folder / "url.db").is_file()
    assert stranger.run("runs", "--json").json == {"runs": []}
    (stranger.folder / "broken.db").write_bytes(b"no database at all" * 100)
    broken = stranger.run("run", "campaign.csv", *TIMES, "--ledger", "broken.db", "--json")
    assert broken.status == 1, broken
    assert (stranger.folder / "broken.db").read_bytes() == b"no database at all" * 100


def test_secrets_are_never_taken_from_the_command_line(stranger):
    """No flag takes one, --help names none, and an error does not repeat one."""
    for flag in ("--api-key", "--key-id", "--token"):
        ended = stranger.run("run", "campaign.csv", flag, API_KEY)
        assert ended.status == 2
        assert API_KEY not in ended.out + ended.err
        assert f"{flag} " not in stranger.run("run", "--help").out
    stranger.write("bulkcall.toml", f"api_key = '{API_KEY}'\nbatch_size = 'many'\n")
    ended = stranger.run("runs")
    assert ended.status == 2
    assert API_KEY not in ended.out + ended.err


@pytest.mark.parametrize(
    ("url", "fine"),
    [
        ("http://example.com", False),
        ("http://192.168.1.7:8080", False),
        ("http://localhost.example.com", False),
        ("http://127.0.0.1.example.com", False),
        ("ftp://127.0.0.1", False),
        ("http://user:pass@127.0.0.1", False),
        ("http://127.0.0.9:1", True),
        ("http://[::1]:1", True),
        ("https://example.invalid", True),
    ],
)
def test_plain_http_is_refused_except_to_loopback(place, url, fine):
    """Judged before anything is opened: `runs` shows it without sending."""
    ended = place.run("runs", environ={"BULKCALL_BASE_URL": url})
    assert (ended.status == 0) is fine, ended
    assert ended.status in {0, 2}
    assert "pass" not in ended.err.replace("password", "")


def test_numbers_of_settings_are_held_to_their_limits(stranger):
    """BULKCALL_TOKENS 1 to 10, BULKCALL_BATCH_SIZE at most 500; --help and docs name them all."""
    for name, value in (("TOKENS", "11"), ("BATCH_SIZE", "501"), ("BATCH_SIZE", "0")):
        ended = stranger.run("runs", environ={f"BULKCALL_{name}": value})
        assert ended.status == 2
        assert f"BULKCALL_{name}" in ended.err
    assert ACCOUNT not in stranger.run("runs").out
