"""What a run stopped by a signal says and writes agrees, and so does what its resume says."""

from __future__ import annotations

import shlex
import signal
import time

import pytest

from tests.contract.conftest import CALLER, Ended
from tests.contract.test_agreement import TIMES, rows, told, told_again

pytestmark = pytest.mark.alone
GOOD = 60
CAMPAIGN = [
    *rows(GOOD),
    *rows(1),
    (CALLER, "12", "Parcel team"),
    *[(CALLER, f"98765999{last:02d}", "Parcel team") for last in (4, 8)],
]
QUICK = {
    "BULKCALL_REALTIME_PER_SECOND": "1000",
    "BULKCALL_BATCH_PER_MINUTE": "6000",
    "BULKCALL_STATUS_PER_MINUTE": "6000",
    "BULKCALL_BATCH_SIZE": "100",
}
AT_ONCE = "stopped at once; to continue: bulkcall resume"
ENDS = {"success": GOOD, "duplicate": 1, "invalid": 1, "error": 1, "refused": 1}
"""How the campaign's rows end when nothing stops them."""


@pytest.fixture
def paced(client, sandbox):
    """A client with a campaign that takes seconds, and a server that decides by last digits."""
    sandbox.set(rules="digits", latency_ms=50)
    client.environ |= {"BULKCALL_BATCH_SIZE": "2", "BULKCALL_REALTIME_PER_SECOND": "20"}
    client.campaign(CAMPAIGN)
    yield client
    sandbox.set(latency_ms=0)
    sandbox.clear_faults()


def started(place, sandbox, channel, met):
    """Start a run and wait until what the server has got so far meets a condition."""
    process = place.start("run", "campaign.csv", *TIMES, "--channel", channel)
    deadline = time.monotonic() + 60
    while not met(sandbox.journal()):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return process


def some_are_sent(entries):
    """Tell whether the server got some rows; most are still to come."""
    return sum(bool(entry.records) for entry in entries) > 2


def all_are_sent(entries):
    """Tell whether it took all rows that it takes, and was asked for them."""
    taken = sum(len(entry.records) for entry in entries if entry.applied)
    refused = any(entry.status == 400 and len(entry.records) == 1 for entry in entries)
    return taken == GOOD + 1 and refused and entries[-1].call == "batch_status"


def stopped(process, number=signal.SIGTERM):
    """Ask a run to stop, once, and give how it ended."""
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 4, err
    assert "Traceback" not in err, err
    return Ended(process.returncode, out, err)


def printed(ended):
    """Give the arguments of the command that the JSON says goes on."""
    word, *arguments = shlex.split(ended.json["resume"])
    assert word == "bulkcall"
    return arguments


def resumed(place, run_id, *command):
    """Go on with this command; all it says agrees, and each row ends as it should."""
    again = place.run(*command, "--json", environ=QUICK)
    assert again.status == 3, again.err
    assert again.json["run_id"] == run_id
    assert told(place, again) == ENDS


SIGNALS = [("batch", signal.SIGTERM), ("realtime", signal.SIGINT)]


@pytest.mark.parametrize(("channel", "number"), SIGNALS)
def test_stopped_while_sending(paced, sandbox, channel, number):
    """What is in flight is finished: nothing is unknown, and each request is counted."""
    ended = stopped(started(paced, sandbox, channel, some_are_sent), number)
    counts = told(paced, ended)
    assert counts["unsent"] > 0
    assert counts["unknown"] == 0
    assert counts["success"] + counts["pending"] > 0
    requests = [entry for entry in sandbox.journal() if entry.records]
    assert ended.json["requests"] == len(requests)
    told_again(paced, ended)
    resumed(paced, ended.json["run_id"], *printed(ended))


def test_stopped_while_confirming(paced, sandbox):
    """All is sent and nothing is final: the rows are pending, and the status is 4 all the same."""
    sandbox.set(processing_min_ms=600_000, processing_max_ms=600_000)
    paced.environ["BULKCALL_BATCH_SIZE"] = "500"
    paced.environ["BULKCALL_RECONCILE_TIMEOUT"] = "60"
    ended = stopped(started(paced, sandbox, "batch", all_are_sent))
    counts = told(paced, ended)
    assert counts["unsent"] == counts["success"] == 0
    assert counts["pending"] == GOOD + 1
    told_again(paced, ended)
    again = paced.run("reconcile", "--json", environ={"BULKCALL_RECONCILE_TIMEOUT": "0"})
    assert told(paced, again) == counts


def test_stopped_before_the_first_row(paced, sandbox):
    """No token came yet: all that can be sent is unsent, and the server got no record."""
    sandbox.order("status@token,times=0,status=503")
    ended = stopped(started(paced, sandbox, "batch", lambda entries: len(entries) > 1))
    assert told(paced, ended) == {"unsent": GOOD + 2, "duplicate": 1, "invalid": 1}
    assert ended.json["requests"] == 0
    assert not any(entry.records for entry in sandbox.journal())
    told_again(paced, ended)
    sandbox.clear_faults()
    resumed(paced, ended.json["run_id"], *printed(ended))


@pytest.mark.parametrize("channel", ["batch", "realtime"])
def test_stopped_at_once(paced, sandbox, channel):
    """A second signal waits for nothing: it leaves the report to the next command, which agrees."""
    call = "batch_create" if channel == "batch" else "realtime"
    sandbox.order(f"hang@{call},seconds=60,applied=1,after=3")
    process = started(paced, sandbox, channel, lambda entries: any(e.fault for e in entries))
    process.send_signal(signal.SIGTERM)
    assert any("to stop now" in line for line in process.stderr)
    while process.poll() is None:  # those of the first second are no second one
        process.send_signal(signal.SIGTERM)
        time.sleep(0.02)
    ended = stopped(process)
    assert ended.json == {"error": AT_ONCE, "exit_status": 4}
    assert list((paced.folder / "o").iterdir()) == []
    status = paced.run("status", "--json").json
    reported = paced.run("report", "--json")
    counts = told(paced, reported, finished=False)
    assert counts["unknown"] > 0
    assert counts["unsent"] > 0
    assert counts == {word: count for word, count in status["outcomes"].items() if count}
    told_again(paced, reported, finished=False)
    sandbox.clear_faults()
    resumed(paced, reported.json["run_id"], "resume")
