"""Stopped by signals, killed, resumed: nothing is lost (contract: Exit status, Outcomes)."""

from __future__ import annotations

import json
import re
import shlex
import signal
import time

import pytest

from tests.contract.conftest import CALLER, receivers

pytestmark = pytest.mark.alone
TIMES = ("--start", "now", "--window", "8h")
RESUME = re.compile(r"bulkcall (resume \S+[^\n\"]*)")


@pytest.fixture
def slow(client, sandbox):
    """A client that sends a row at a time, and a server that takes its time over each."""
    sandbox.set(latency_ms=150)
    client.environ["BULKCALL_BATCH_SIZE"] = "2"
    client.campaign([(CALLER, number, "Parcel team") for number in receivers(40)])
    yield client
    sandbox.set(latency_ms=0)


def creates(sandbox):
    """Count the batches that the server took."""
    return sum(entry.call == "batch_create" for entry in sandbox.journal())


def started(slow, sandbox, *flags):
    """Start a run and wait until it sends."""
    process = slow.start("run", "campaign.csv", *TIMES, "--out", "o", *flags)
    deadline = time.monotonic() + 60
    while creates(sandbox) < 2:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return process


def every_row_once(sandbox):
    """Check that the server took each record once."""
    took = [r.receiver_number for e in sandbox.journal() if e.applied for r in e.records]
    assert sorted(took) == sorted("91" + number for number in receivers(40))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_4_on_a_signal_with_the_command_that_goes_on(slow, sandbox, number):
    """Status 4, a whole report, and a command that, typed as it stands, ends the run with 0."""
    process = started(slow, sandbox, "--ledger", str(slow.folder / "own ledger.db"))
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 4, err
    outcomes = [row["outcome"] for row in slow.table("o/outcomes.csv")]
    assert len(outcomes) == 40
    assert "unsent" in outcomes
    assert set(outcomes) <= {"unsent", "success", "pending"}
    [command] = {found.strip() for found in RESUME.findall(err)}
    assert command in out
    resumed = slow.run(*shlex.split(command), "--json")
    assert (resumed.status, resumed.json["outcomes"]["success"]) == (0, 40), resumed
    assert resumed.json["conserved"]
    every_row_once(sandbox)


@pytest.mark.parametrize("channel", ["batch", "realtime"])
def test_4_on_a_stop_request_from_another_process(slow, sandbox, channel):
    """`bulkcall stop` is what the first signal is: status 4, a whole report, and resume goes on."""
    flags = ("--channel", channel, "--json")
    if channel == "realtime":
        slow.environ["BULKCALL_REALTIME_PER_SECOND"] = "2"
    process = slow.start("run", "campaign.csv", *TIMES, "--out", "o", *flags)
    while not sandbox.journal():
        assert process.poll() is None, process.communicate()
        time.sleep(0.02)
    live = slow.run("status", "--json").json
    assert live["held_by"].startswith(f"process {process.pid} on ")
    asked = slow.run("stop", "--json", "--wait", "60")
    assert (asked.status, asked.json["stopped"]) == (0, True), asked
    assert asked.json["holder"] == live["held_by"]
    out, err = process.communicate(timeout=60)
    assert process.returncode == 4, err
    told = json.loads(out)
    assert told["outcomes"]["unsent"] > 0
    assert told["conserved"]
    stopped = slow.run("status", "--json").json
    assert (stopped["state"], stopped["stop_cause"]) == ("stopped", "stop_request")
    slow.environ.pop("BULKCALL_REALTIME_PER_SECOND", None)
    resumed = slow.run("resume", "--json")
    assert (resumed.status, resumed.json["outcomes"]["success"]) == (0, 40), resumed
    every_row_once(sandbox)


def test_stop_says_where_nothing_is_to_be_stopped(slow):
    """No run, none that is live, and one named that is over: status 2 and one line."""
    assert slow.run("stop").status == 2
    run_id = slow.run("run", "campaign.csv", *TIMES, "--dry-run", "--json").json["run_id"]
    for words in (("stop",), ("stop", run_id)):
        ended = slow.run(*words)
        assert ended.status == 2, ended
        assert "nothing to stop" in ended.err


def test_json_of_a_stopped_run_is_one_object(slow, sandbox):
    """With --json a stopped run prints one object with its error and the way on."""
    process = started(slow, sandbox, "--json", "--log-format", "json")
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 4, err
    told = json.loads(out)
    assert told["exit_status"] == 4
    assert told["resume"].startswith("bulkcall resume " + told["run_id"])
    assert told["outcomes"]["unsent"] > 0
    assert all(json.loads(line) for line in err.splitlines() if line)


def test_a_second_signal_ends_at_once(slow, sandbox):
    """The first waits for what is in flight, the second does not; resume still goes on."""
    sandbox.order("hang@batch_create,seconds=60,applied=1")
    process = started(slow, sandbox, "--json")
    process.send_signal(signal.SIGTERM)
    time.sleep(1.2)  # sooner it would be one with the first
    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=60)
    assert time.monotonic() - began < 30, "it did not wait for the request that hangs"
    assert json.loads(out)["exit_status"] == 4
    assert process.returncode == 4, err
    assert "Traceback" not in err
    sandbox.clear_faults()
    resumed = slow.run("resume", "--json")
    assert resumed.status == 0, resumed
    assert resumed.json["outcomes"]["success"] == 40


def test_after_a_kill_resume_loses_nothing(slow, sandbox):
    """SIGKILL in mid-run: resume needs no campaign file, and every row ends confirmed."""
    process = started(slow, sandbox)
    process.kill()
    process.communicate()
    (slow.folder / "campaign.csv").unlink()
    status = slow.run("status", "--json").json
    assert sum(status["outcomes"].values()) == 40
    report = slow.run("report", "--json")
    assert report.status == 3, report
    assert report.json["conserved"]
    resumed = slow.run("resume", "--json")
    assert resumed.status == 0, resumed
    assert (resumed.json["outcomes"]["success"], resumed.json["conserved"]) == (40, True)
    rows = slow.table("o/outcomes.csv")
    took = [r.receiver_number for e in sandbox.journal() if e.applied for r in e.records]
    for row in rows:
        assert int(row["attempts"]) >= took.count("91" + row["receiver"]) >= 1
    assert slow.run("resume").status == 2


def test_resume_beside_a_live_process_says_who_works_on_the_run(slow, sandbox):
    """Status 1 and one line that names the process, with the run's id and without; nothing sent."""
    process = started(slow, sandbox)
    run_id = slow.run("status", "--json").json["run_id"]
    for words in (("resume",), ("resume", run_id)):
        second = slow.run(*words)
        assert second.status == 1, second
        assert f"run {run_id} is being worked on by process {process.pid}" in second.err
        assert len(second.err.strip().splitlines()) == 1
    _, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    every_row_once(sandbox)
