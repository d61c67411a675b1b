"""Killed before, in and after the canary: its rows are confirmed first, then the rest goes out."""

from __future__ import annotations

import pytest

from tests.faults.kills.forms import long

POINTS = [
    ("batch", "after Api.create_batch 1"),
    long("batch", "before Ledger.take_batch 1"),
    long("batch", "before Ledger.note_poll 1"),
    long("batch", "after Ledger.note_poll 1"),
    long("batch", "after Api.create_batch 3"),
    long("realtime", "after Ledger.take_realtime 1"),
    long("realtime", "after Ledger.record 1"),
]


@pytest.mark.parametrize(("channel", "point"), POINTS)
def test_killed_with_a_canary(place, channel, point):
    """One resume is enough: rows of the canary in doubt are settled before the rest is sent."""
    process = place.start(*place.begin(channel, "--canary", "10"), at=f"{point} kill")
    assert place.killed(process, f"{channel}, canary, {point}"), process.err
    place.ended_well(channel)
