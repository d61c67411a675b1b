"""The wall clock jumps in mid-run: nothing is sent past its time, nothing waits for ever."""

from __future__ import annotations

import json

import pytest

from tests.faults.kills.forms import long

HOUR = 3_600_000
POINTS = {"batch": "after Api.create_batch 1", "realtime": "after Api.send_record 5"}


@pytest.mark.parametrize("hours", [-30, long(-1), long(1)])
@pytest.mark.parametrize("channel", [long("batch"), "realtime"])
def test_a_jump_within_the_window_changes_nothing(place, channel, hours):
    """An hour ahead, an hour or a day back: each row ends as it should, sent once."""
    process = place.run(*place.begin(channel), at=f"{POINTS[channel]} clock={hours * HOUR}")
    assert process.status == 3, process.err
    assert place.judged().twice == 0
    assert [row["outcome"] for row in place.outcomes()] == place.campaign.expected


@pytest.mark.parametrize("channel", ["batch", long("realtime")])
def test_a_jump_past_the_window_ends_the_rest_as_expired(place, channel):
    """Two days ahead, what was not sent is `expired`; what was sent keeps the server's word."""
    process = place.run(*place.begin(channel), at=f"{POINTS[channel]} clock={48 * HOUR}")
    assert process.status == 3, process.err
    assert place.judged().twice == 0
    pairs = [
        (row["outcome"], expected)
        for row, expected in zip(place.outcomes(), place.campaign.expected, strict=True)
    ]
    assert all(outcome in (expected, "expired") for outcome, expected in pairs)
    assert ("expired", "success") in pairs
    assert ("success", "success") in pairs


@pytest.mark.parametrize("hours", [long(-30), 1])
def test_a_jump_between_a_kill_and_the_resume(place, hours):
    """The resume runs under another clock than the run: each row ends as it should."""
    process = place.start(*place.begin("batch"), at="after Api.create_batch 2 kill")
    assert place.killed(process, "batch, before the clock jumped")
    process = place.run("resume", "--json", at=f"before Ledger.hold 1 clock={hours * HOUR}")
    assert process.status == 3, process.err
    assert json.loads(process.out)["conserved"]
    place.judged()
    assert [row["outcome"] for row in place.outcomes()] == place.campaign.expected
