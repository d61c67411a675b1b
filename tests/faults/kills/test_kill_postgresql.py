"""The ledger on PostgreSQL: its server restarts in mid-run, or bulkcall is killed beside it."""

from __future__ import annotations

import pytest

from tests.faults.kills.forms import long

RESTARTS = [
    long("batch", "before Ledger.add_rows 1", "immediate"),
    long("batch", "before Ledger.take_batch 2", "fast"),
    long("batch", "before Api.create_batch 2", "immediate"),
    long("batch", "before Ledger.note_poll 1", "fast"),
    ("batch", "before commit 12", "immediate"),
    long("batch", "before publish 1", "immediate"),
    ("realtime", "before Ledger.record 1", "immediate"),
    long("realtime", "before commit 9", "fast"),
]
KILLS = [
    long("batch", "after Ledger.add_rows 1"),
    long("batch", "before Api.create_batch 2"),
    ("batch", "before commit 12"),
    long("realtime", "before Ledger.record 1"),
    long("realtime", "after commit 9"),
]


@pytest.fixture
def shared(place, postgresql):
    """A place whose ledger is a database on the server."""
    with postgresql.database() as url:
        place.environ["BULKCALL_LEDGER"] = url
        yield place


@pytest.mark.parametrize(("channel", "point", "mode"), RESTARTS)
def test_the_server_restarts(shared, postgresql, channel, point, mode):
    """The run waits for its ledger and ends as if nothing had been; nothing goes twice."""
    process = shared.start(*shared.begin(channel), at=f"{point} nap")
    napping = shared.napping(process)
    postgresql.stop(mode)
    try:
        napping.unlink()
    finally:
        postgresql.start()
    assert process.wait() == 3, process.err
    assert "Traceback" not in process.err
    assert shared.judged().twice == 0
    assert [row["outcome"] for row in shared.outcomes()] == shared.campaign.expected


@pytest.mark.parametrize(("channel", "point"), KILLS)
def test_killed_beside_a_server(shared, channel, point):
    """The dead process's hold ends with its session; the resume loses nothing."""
    process = shared.start(*shared.begin(channel), at=f"{point} kill")
    assert shared.killed(process, f"{channel}, on PostgreSQL, {point}"), process.err
    shared.ended_well(channel)
