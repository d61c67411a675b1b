"""Killed while `bulkcall reconcile` asks again: asked once more, each row ends as it should."""

from __future__ import annotations

import pytest

from tests.faults.kills.forms import long

POINTS = [
    "before Ledger.note_poll 2",
    long("before Ledger.record 1"),
    long("after Ledger.record 2"),
    long("after os.replace 1"),
]


@pytest.mark.parametrize("point", POINTS)
def test_killed_while_asking_again(place, point):
    """A run that ended with `pending` rows; the report of the killed reconcile is made good."""
    place.sandbox.set(processing_min_ms=1500, processing_max_ms=1500)
    process = place.run(*place.begin("batch"), BULKCALL_RECONCILE_TIMEOUT="0")
    place.sandbox.set(processing_min_ms=20, processing_max_ms=60)
    assert process.status == 3, process.err
    assert "pending" in {row["outcome"] for row in place.outcomes()}
    process = place.start("reconcile", "--json", at=f"{point} kill")
    assert place.killed(process, f"batch, reconcile, {point}"), process.err
    process = place.run("reconcile", "--json")
    assert process.status == 3, process.err
    place.judged()
    assert [row["outcome"] for row in place.outcomes()] == place.campaign.expected
