"""Killed from outside at random instants, again and again, and resumed to the end."""

from __future__ import annotations

import random
import signal
import time

import pytest

SHORT = [("batch", 1, True), ("realtime", 1, False)]
# With a ready token, or with a key pair for two tokens.
LONG = [
    (channel, seed, seed % 3 == 0) for channel in ("batch", "realtime") for seed in range(100, 130)
]


def instant(chance, place, channel):
    """Choose when to kill a process that has just been started; gives what to wait for, a name."""
    began = place.journal.stat().st_size if place.journal.exists() else 0
    if chance.random() < 0.6:
        more = chance.randrange(1, 9_000 if channel == "batch" else 12_000)
        return (lambda: place.journal.stat().st_size >= began + more), "bytes of the journal"
    until = time.monotonic() + chance.uniform(0.0, 1.5)
    return (lambda: time.monotonic() >= until), "time"


def check(place, channel, seed, keys):
    """Kill the run and then its resumes up to four times; compare with the server's journal."""
    if keys:
        place.use_keys(2)
    with_ = ", key pair" if keys else ""
    chance = random.Random(f"{channel} {seed}")
    arguments = place.begin(channel)
    for life in range(chance.randint(2, 5)):
        process = place.start(*arguments)
        due, by = instant(chance, place, channel)
        process.wait_for(due)
        process.send(signal.SIGKILL)
        process.wait()
        if process.status == 2:
            assert "no stopped run" in process.err, process.err
        elif not place.killed(
            process, f"{channel}{with_}, {'resume' if life else 'run'}, random {by}"
        ):
            break
        began = place.ledger.exists() and place.run("status", "--json").status == 0
        if began and chance.random() < 0.4 and place.run("report", "--json").status == 3:
            place.judged_midway()  # whatever stands there now, the report of it is true
        arguments = ("resume", "--json") if began else place.begin(channel)
    tokens = place.ended_well(channel).tokens
    assert 0 < tokens <= 10 if keys else tokens == 0


@pytest.mark.parametrize(("channel", "seed", "keys"), SHORT)
def test_killed_at_random(place, channel, seed, keys):
    """Each row ends as it should, and the report agrees with the server's own journal."""
    check(place, channel, seed, keys)


@pytest.mark.slow
@pytest.mark.parametrize(("channel", "seed", "keys"), LONG)
def test_killed_at_random_for_long(place, channel, seed, keys):
    """The same, sixty times."""
    check(place, channel, seed, keys)
