"""What can't be undone asks first, and what a person must look at is not resumed in passing."""

from __future__ import annotations

import os
import pty
import subprocess
from contextlib import suppress

from tests.contract.conftest import CALLER, receivers

TIMES = ("--start", "now", "--window", "8h")


def rows(count, first=0):
    """Rows of a campaign file."""
    return [(CALLER, number, "Parcel team") for number in receivers(count, first)]


def at_a_terminal(place, *words, typed):
    """Run a command whose standard input is a terminal, and type something."""
    master, end = pty.openpty()
    done = subprocess.Popen(
        place.command(*words),
        cwd=place.folder,
        env=place.environ | {"NO_COLOR": "1", "TERM": "xterm"},
        stdin=end,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    os.close(end)
    os.write(master, typed.encode())
    out, err = done.communicate(timeout=120)
    with suppress(OSError):
        os.close(master)
    return done.returncode, out, err


def test_purge_shows_what_would_go_and_asks(client):
    """A no removes nothing, a yes does; --dry-run only shows."""
    client.campaign(rows(2))
    run_id = client.run("run", "campaign.csv", *TIMES, "--json").json["run_id"]
    shown = client.run("purge", "--older-than", "0h", "--dry-run")
    assert shown.out.startswith("Would remove 2 rows of 1 run.")
    assert run_id in shown.out
    status, out, err = at_a_terminal(client, "purge", "--older-than", "0h", typed="n\n")
    assert (status, out.strip()) == (0, "Nothing was removed.")
    assert run_id in err
    assert len(client.run("trace", receivers(1)[0], "--json").json["rows"]) == 1
    status, out, _ = at_a_terminal(client, "purge", "--older-than", "0h", typed="y\n")
    assert (status, out.strip()) == (0, "Removed 2 rows of 1 run.")
    assert client.run("trace", receivers(1)[0], "--json").json["rows"] == []


def test_purge_keeps_what_is_still_to_be_sent_unless_it_is_named(client, sandbox):
    """A stopped run is not made impossible to resume by a clean-up."""
    client.write("bulkcall.toml", "first_contact_timeout = 0.5\n")
    sandbox.order("status@token,times=0,status=503")
    client.campaign(rows(3))
    ended = client.run("run", "campaign.csv", *TIMES, "--json")
    assert ended.status == 1, ended
    run_id = ended.json["run_id"]
    kept = client.run("purge", "--older-than", "0h")
    assert f"Kept {run_id}: 3 rows still to be sent or confirmed" in kept.out
    wrong = client.run("purge", "--older-than", "90d", "--run", run_id)
    assert wrong.status == 2
    assert "did not end so long ago" in wrong.err
    gone = client.run("purge", "--older-than", "0h", "--run", run_id, "--json")
    assert gone.json == {"runs": 1, "rows": 3}


def test_a_bare_resume_says_what_it_continues_and_keeps_the_run_s_own_flags(client, sandbox):
    """File and run stand first; --batch-size of the run holds in its resume as well."""
    client.write("bulkcall.toml", "first_contact_timeout = 0.5\n")
    sandbox.order("status@token,times=0,status=503")
    client.campaign(rows(5))
    ended = client.run("run", "campaign.csv", *TIMES, "--batch-size", "2", "--json")
    assert ended.status == 1, ended
    sandbox.clear_faults()
    resumed = client.run("resume", "--json")
    assert resumed.status == 0, resumed
    assert f"continuing run {ended.json['run_id']} of campaign.csv" in resumed.err
    sizes = [len(each.records) for each in sandbox.journal() if each.call == "batch_create"]
    assert sizes == [2, 2, 1]


def test_a_run_that_stopped_for_a_person_is_resumed_by_name_only(client, sandbox):
    """A failed canary is not sent on by a resume that names no run."""
    sandbox.set(rules="digits")
    client.campaign([(CALLER, "9876599904", "Parcel team"), *rows(3, first=20)])
    ended = client.run("run", "campaign.csv", *TIMES, "--canary", "1", "--json")
    assert ended.status == 1, ended
    run_id = ended.json["run_id"]
    bare = client.run("resume")
    assert bare.status == 2
    assert f"bulkcall resume {run_id}" in bare.err
    assert client.run("status", run_id, "--json").json["outcomes"]["unsent"] == 3
    assert client.run("resume", run_id).status in {0, 3}


def test_a_missing_file_is_said_before_missing_credentials(place):
    """Who mistypes the name is not sent looking for keys."""
    ended = place.run("run", "no.csv", *TIMES)
    assert ended.status == 2
    assert "no.csv" in ended.err
    assert "BULKCALL_KEY_ID" not in ended.err


def test_the_sandbox_says_what_to_export(place):
    """`--env` prints lines that a shell takes; a port that is in use has its own words."""
    started = place.start("sandbox", "--port", "0", "--env")
    try:
        lines = [started.stdout.readline().strip() for _ in range(4)]
        port = lines[0].rpartition(":")[2]
        taken = place.run("sandbox", "--port", port)
    finally:
        started.terminate()
        started.communicate(timeout=60)
    assert [line.partition("=")[0] for line in lines] == [
        "export BULKCALL_BASE_URL",
        "export BULKCALL_CLIENT_ACCOUNT_ID",
        "export BULKCALL_KEY_ID",
        "export BULKCALL_API_KEY",
    ]
    assert taken.status == 2
    assert f"port {port} is in use; try --port 0" in taken.err
