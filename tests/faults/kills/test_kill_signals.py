"""SIGTERM at named points: exit 4, a whole report, and a printed command that goes on."""

from __future__ import annotations

import json
import shlex
import signal
import time

import pytest

from tests.faults.kills.forms import long

POINTS = [
    long("batch", "after Ledger.add_rows 1"),
    long("batch", "before Ledger.take_batch 2"),
    ("batch", "after Api.create_batch 2"),
    long("batch", "before Api.batch_status 1"),
    long("realtime", "after Ledger.record 1"),
    ("realtime", "before Api.send_record 5"),
]


@pytest.mark.parametrize(("channel", "point"), POINTS)
def test_sigterm_finishes_what_is_in_flight(place, channel, point):
    """Nothing is in doubt and nothing goes twice; the printed command ends the run."""
    process = place.run(*place.begin(channel), at=f"{point} signal=SIGTERM")
    assert process.status == 4, process.err
    told = json.loads(process.out)
    assert told["exit_status"] == 4
    if told["rows"] == len(place.campaign.rows):
        assert told["conserved"]
        assert not place.found().broken
        assert told["outcomes"]["unknown"] == 0
    word, *arguments = shlex.split(told["resume"])
    assert word == "bulkcall"
    resumed = place.run(*arguments, "--json")
    assert resumed.status == 3, resumed.err
    assert json.loads(resumed.out)["run_id"] == told["run_id"]
    assert place.judged().twice == 0
    assert [row["outcome"] for row in place.outcomes()] == place.campaign.expected


@pytest.mark.parametrize("channel", ["batch", long("realtime")])
def test_sigterm_twice_ends_at_once(place, channel):
    """The second does not wait for an answer: exit 4, and what was going out is shown as such."""
    call = "batch_create" if channel == "batch" else "realtime"
    place.sandbox.order(f"hang@{call},seconds=100,applied=1,after=2")
    process = place.start(*place.begin(channel))
    assert process.wait_for(lambda: any(entry.fault for entry in place.entries())), process.err
    process.send(signal.SIGTERM)
    assert process.wait_for(lambda: "to stop now" in process.err), process.err
    time.sleep(1.2)  # sooner it would be one with the first
    process.send(signal.SIGTERM)
    assert process.wait() == 4, process.err
    place.ends += 1
    place.sandbox.clear_faults()
    place.ended_well(channel)
