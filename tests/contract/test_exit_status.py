"""The exit status tells the truth, and errors are one line each (contract: Exit status)."""

from __future__ import annotations

import json
import socket
import subprocess
from pathlib import Path

import pytest

from tests.contract.conftest import CALLER, receivers

TIMES = ("--start", "now", "--window", "8h")


def rows(count, first=0):
    """Give rows of a campaign file."""
    return [(CALLER, number, "Parcel team") for number in receivers(count, first)]


def one_line(ended, told):
    """Check that standard error says one line that holds this text, and nothing else went out."""
    lines = [line for line in ended.err.splitlines() if line.startswith("bulkcall: ")]
    assert len(lines) == 1, ended.err
    assert told in lines[0]


@pytest.mark.parametrize("channel", ["batch", "realtime"])
def test_0_when_every_row_is_success(client, channel):
    """All rows confirmed: status 0, and summary.json says the same."""
    client.campaign(rows(6))
    ended = client.run("run", "campaign.csv", *TIMES, "--channel", channel, "--out", "o", "--json")
    assert ended.status == 0, ended.err
    summary = json.loads((client.folder / "o/summary.json").read_text())
    assert summary["outcomes"]["success"] == summary["rows"] == 6
    assert ended.json["exit_status"] == 0
    assert ended.json["outcomes"] == summary["outcomes"]


def test_3_when_some_rows_are_not(client):
    """One invalid row among good ones: the good ones go, status 3."""
    client.campaign([*rows(3), (CALLER, "12", "Parcel team")])
    ended = client.run("run", "campaign.csv", *TIMES, "--out", "o")
    assert ended.status == 3
    assert [row["outcome"] for row in client.table("o/outcomes.csv")] == ["success"] * 3 + [
        "invalid"
    ]


def test_2_for_wrong_usage(client, sandbox):
    """Unknown flags, values and missing arguments: status 2, one line, nothing sent."""
    client.campaign(rows(1))
    for arguments in (
        ("run",),
        ("run", "campaign.csv", "--channel", "fax"),
        ("run", "campaign.csv", "--no-such-flag"),
        ("run", "campaign.csv", *TIMES, "--max-invalid", "many"),
        ("run", "campaign.csv", *TIMES, "--canary", "0"),
        ("run", "campaign.csv", *TIMES, "--map", "receiver"),
        ("run", "campaign.csv", *TIMES, "--map", "fax=caller"),
        ("run", "campaign.csv", "--start", "whenever", "--window", "8h"),
        ("run", "campaign.csv", "--start", "now", "--window", "long"),
        ("run", "campaign.csv", "--start", "now", "--window", "25h"),
        ("no-such-command",),
    ):
        ended = client.run(*arguments)
        assert ended.status == 2, (arguments, ended)
        one_line(ended, "")
    assert sandbox.journal() == []


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("missing.csv", None, "missing.csv"),
        ("empty.csv", b"", "empty"),
        ("blank.csv", b"\n\n ,\n", "blank.csv"),
        ("header.csv", b"caller,receiver,label\n", "no rows"),
        ("binary.csv", bytes(range(256)) * 40, "binary.csv"),
        ("picture.xlsx", b"\x89PNG\r\n\x1a\n" + bytes(200), "picture.xlsx"),
        ("broken.xlsx", b"PK\x03\x04" + bytes(300), "broken.xlsx"),
        ("words.csv", b"one,two\n1,2\n", "words.csv"),
        ("no_receiver.csv", b"caller,label\n911140000000,Parcel team\n", "receiver_number"),
        ("two.csv", b"caller,receiver,phone,label\n1,2,3,4\n", "receiver"),
    ],
)
def test_2_for_a_file_that_cannot_be_read(client, sandbox, name, content, told):
    """A missing, empty, binary or headless file: status 2, one line that names it, nothing sent."""
    if content is not None:
        (client.folder / name).write_bytes(content)
    for command in ("run", "validate", "plan"):
        ended = client.run(command, name, *TIMES)
        assert ended.status == 2, (command, ended)
        one_line(ended, told)
    assert sandbox.journal() == []
    assert client.run("runs", "--json").json == {"runs": []}


@pytest.mark.parametrize(
    ("environ", "told"),
    [
        ({"BULKCALL_API_KEY": ""}, "BULKCALL_API_KEY"),
        ({"BULKCALL_CLIENT_ACCOUNT_ID": ""}, "BULKCALL_CLIENT_ACCOUNT_ID"),
        ({"BULKCALL_TOKENS": "0"}, "BULKCALL_TOKENS"),
        ({"BULKCALL_BASE_URL": "http://example.com"}, "plain http"),
        ({"BULKCALL_TIMEZONE": "Atlantis"}, "BULKCALL_TIMEZONE"),
        ({"BULKCALL_PROFILE": "nobody"}, "nobody"),
    ],
)
def test_2_for_wrong_settings(client, sandbox, environ, told):
    """A wrong or missing setting: status 2, one line that names it, nothing sent."""
    client.campaign(rows(1))
    ended = client.run("run", "campaign.csv", *TIMES, environ=environ)
    assert ended.status == 2, ended
    one_line(ended, told)
    assert sandbox.journal() == []


@pytest.mark.parametrize("number", ["9.19877E+11", "nobody", "+"])
def test_2_for_a_number_that_is_none(client, number):
    """What is left of it without its letters is not looked for."""
    ended = client.run("trace", number)
    assert ended.status == 2, ended
    one_line(ended, "is not a valid phone number")


@pytest.mark.parametrize("command", ["run", "validate", "plan"])
@pytest.mark.parametrize("out", ["/proc/new", "/proc/self", "campaign.csv/new"])
def test_2_where_no_file_can_be_put_into_out(client, sandbox, command, out):
    """A folder that can't be made or written to: status 2 and one line, before any work is done."""
    client.campaign(rows(1))
    ended = client.run(command, "campaign.csv", *TIMES, "--out", out)
    assert ended.status == 2, ended
    one_line(ended, "--out")
    assert sandbox.journal() == []


def test_1_where_standard_output_is_full(client):
    """One line says so, with --json and without; no traceback follows at the process's end."""
    for flags in ((), ("--json",)):
        with Path("/dev/full").open("wb") as full:
            ended = subprocess.run(
                client.command("runs", *flags),
                cwd=client.folder,
                env=client.environ,
                stdout=full,
                stderr=subprocess.PIPE,
                text=True,
                check=False,
            )
        assert ended.returncode == 1
        told = "standard output can't be written: No space left on device"
        assert ended.stderr == f"bulkcall: {told}\n"


def test_1_when_the_server_is_away(client):
    """Nobody listens: status 1, one line with the command that goes on, rows unsent."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{closed.getsockname()[1]}"
    client.campaign(rows(3))
    client.write("bulkcall.toml", "first_contact_timeout = 0.5")
    environ = {"BULKCALL_BASE_URL": address}
    ended = client.run("run", "campaign.csv", *TIMES, "--out", "o", "--json", environ=environ)
    assert ended.status == 1, ended
    one_line(ended, "bulkcall resume")
    assert ended.json["outcomes"]["unsent"] == 3
    assert [row["attempts"] for row in client.table("o/outcomes.csv")] == ["0"] * 3


def test_1_when_the_credentials_are_wrong_and_resume_goes_on(client):
    """A refused key stops the run with status 1; with the right one, resume sends what is left."""
    client.campaign(rows(3))
    wrong = {"BULKCALL_API_KEY": "00000000-0000-4000-8000-00000000dead"}
    ended = client.run("run", "campaign.csv", *TIMES, "--out", "o", environ=wrong)
    assert ended.status == 1, ended
    assert "00000000dead" not in ended.err + ended.out
    resumed = client.run("resume", "--json")
    assert resumed.status == 0, resumed
    assert resumed.json["outcomes"]["success"] == 3
    assert client.run("resume").status == 2, "nothing is left to resume"


@pytest.mark.parametrize(("channel", "most"), [("realtime", 20), ("batch", 510)])
def test_1_when_answers_can_not_be_read_and_resume_sends_the_rest(client, sandbox, channel, most):
    """A maintenance page with status 200: few rows are unknown, the rest goes later."""
    sandbox.order("html@realtime,times=0,status=200")
    sandbox.order("html@batch_create,times=0,status=200")
    client.campaign(rows(2000))
    ended = client.run("run", "campaign.csv", *TIMES, "--channel", channel, "--out", "o", "--json")
    assert ended.status == 1, ended
    one_line(ended, "can't be read")
    lost = ended.json["outcomes"]["unknown"]
    assert 0 < lost <= most
    assert ended.json["outcomes"]["unsent"] == 2000 - lost
    again = client.run("resume", "--json")
    assert again.status == 1, again
    assert again.json["outcomes"]["unknown"] <= lost + 8, "no batch goes into the same page again"
    lost = again.json["outcomes"]["unknown"]
    sandbox.clear_faults()
    environ = {"BULKCALL_REALTIME_PER_SECOND": "1000"}
    sandbox.set(realtime_limit=0)
    resumed = client.run("resume", "--json", environ=environ)
    assert resumed.status == 3, resumed
    assert resumed.json["outcomes"]["success"] == 2000 - lost
    assert resumed.json["outcomes"]["unknown"] == lost


def test_json_stands_alone_on_standard_output_also_on_failure(client):
    """With --json, standard output is one object whatever happens, usage errors included."""
    for arguments in (("run", "none.csv", "--json"), ("run", "--json"), ("resume", "--json")):
        ended = client.run(*arguments)
        assert ended.status == ended.json["exit_status"] == 2
        assert ended.json["error"]


def test_validate_needs_no_credentials(place):
    """validate: 0 for a valid file, also with equal rows; 3 with an invalid one."""
    place.campaign([*rows(2), *rows(1)])
    ended = place.run("validate", "campaign.csv", *TIMES, "--json")
    assert (ended.status, ended.json["valid"], ended.json["duplicate"]) == (0, 2, 1)
    place.campaign([*rows(2), (CALLER, "1.2E+11", "Parcel team")])
    ended = place.run("validate", "campaign.csv", *TIMES, "--out", "v", "--json")
    assert (ended.status, ended.json["invalid"]) == (3, 1)
    summary = json.loads((place.folder / "v/summary.json").read_text())
    assert summary == {"rows": 3, "valid": 2, "invalid": 1, "duplicate": 0}
    assert [row["error_field"] for row in place.table("v/rejected.csv")] == ["receiver_number"]


def test_2_when_a_run_is_resumed_under_another_account(client):
    """A run's rows are never sent in another account's name."""
    client.campaign(rows(2))
    wrong = {"BULKCALL_API_KEY": "00000000-0000-4000-8000-00000000dead"}
    assert client.run("run", "campaign.csv", *TIMES, environ=wrong).status == 1
    ended = client.run("resume", environ={"BULKCALL_CLIENT_ACCOUNT_ID": "somebody-else"})
    assert ended.status == 2, ended
    one_line(ended, "belongs to the client account")
