"""Killed at each named point of the program, resumed to the end: nothing lost, nothing unseen."""

from __future__ import annotations

import pytest

from tests.faults.kills.forms import long

CHANNELS = ("batch", "realtime")
CALLS = {"batch": "Api.create_batch", "realtime": "Api.send_record"}
TAKES = {"batch": "Ledger.take_batch", "realtime": "Ledger.take_realtime"}
SHORT = [
    ("batch", "after", "Api.create_batch", 2),
    ("batch", "before", "commit", 12),
    ("batch", "before", "Ledger.note_poll", 1),
    ("batch", "after", "os.replace", 2),
    ("realtime", "after", "Api.send_record", 9),
    ("realtime", "before", "Ledger.record", 1),
]
PLACES = [
    "Ledger.begin_run",
    "Ledger.hold",
    "Ledger.add_rows",
    "Ledger.mark_duplicates",
    "Ledger.mark_repeats",
    "Ledger.set_state",
    "Ledger.record",
    "publish",
    "os.fsync",
    "os.replace",
]
ONLY_BATCH = ["Ledger.note_poll", "Api.batch_status"]


def long_form():
    """Give each point of each channel, before and after, early and late."""
    for channel in CHANNELS:
        points = [*PLACES, CALLS[channel], TAKES[channel]]
        points += ONLY_BATCH if channel == "batch" else []
        for name in points:
            for when in ("before", "after"):
                yield channel, when, name, 1
        for name in (CALLS[channel], "Ledger.record", "os.replace"):
            for nth in (2, 3):
                yield channel, "after", name, nth


def check(place, channel, when, name, nth):
    """Kill a run there, resume it, and compare with the server's journal."""
    process = place.start(*place.begin(channel), at=f"{when} {name} {nth} kill")
    assert place.killed(process, f"{channel}, {when} {name}"), process.err
    place.ended_well(channel)


@pytest.mark.parametrize(("channel", "when", "name", "nth"), SHORT)
def test_killed_at_a_point(place, channel, when, name, nth):
    """Each row ends as it should, and the report agrees with the server's own journal."""
    check(place, channel, when, name, nth)


@pytest.mark.slow
@pytest.mark.parametrize(("channel", "when", "name", "nth"), list(long_form()))
def test_killed_at_every_point(place, channel, when, name, nth):
    """The same at every point of both channels."""
    check(place, channel, when, name, nth)


RESUMING = [
    ("before", "Ledger.recover"),
    ("after", "Ledger.recover"),
    ("before", "Ledger.record"),
    ("after", "Ledger.set_state"),
]


@pytest.mark.parametrize("channel", ["batch", long("realtime")])
def test_killed_while_resuming(place, channel):
    """A resume that is killed, four times at other points, changes nothing for the next."""
    process = place.start(*place.begin(channel), at=f"after {CALLS[channel]} 3 kill")
    assert place.killed(process, f"{channel}, after {CALLS[channel]}")
    for when, name in RESUMING:
        process = place.start("resume", "--json", at=f"{when} {name} 1 kill")
        assert place.killed(process, f"{channel}, resume {when} {name}"), process.err
    place.ended_well(channel)


@pytest.mark.slow
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("channel", CHANNELS)
def test_killed_at_every_commit(new_place, channel, when):
    """The process dies beside its first, second, third … commit, up to the last there is."""
    for nth in range(1, 1000):
        place = new_place()
        process = place.start(*place.begin(channel), at=f"{when} commit {nth} kill")
        if not place.killed(process, f"{channel}, {when} commit"):
            break
        place.ended_well(channel)
    assert nth > 10
