"""Killed at random while the server answers badly: what was in doubt before stays accounted for."""

from __future__ import annotations

import random
import signal

import pytest

from tests.faults.kills.forms import long

FAULTS = {
    "reset, applied": "reset@{call},share=0.2,times=0,applied=1",
    "reset": "reset@{call},share=0.2,times=0",
    "502, applied": "html@{call},share=0.2,times=0,applied=1",
    "503": "status@{call},share=0.2,times=0,status=503",
    "429": "limit@{call},share=0.1,times=0,seconds=0",
    "answers cut off": "cut@{call},share=0.1,times=0",
}
CASES = [
    ("batch", "reset, applied"),
    *(long("batch", name) for name in FAULTS if name != "reset, applied"),
    *(long("realtime", name) for name in FAULTS),
]


@pytest.mark.parametrize(("channel", "name"), CASES)
def test_killed_in_bad_weather(place, channel, name):
    """Three kills and bad answers: rows end as they should (an unreadable 2xx: `unknown`)."""
    chance = random.Random(f"{channel} {name}")
    call = "batch_create" if channel == "batch" else "realtime"
    place.sandbox.order(FAULTS[name].format(call=call))
    place.environ["BULKCALL_MAX_TRIES"] = "9"
    arguments = place.begin(channel)
    for _ in range(3):
        posts = place.posts()
        more = chance.randint(1, 4 if channel == "batch" else 30)
        process = place.start(*arguments)
        process.wait_for(lambda least=posts + more: place.posts() >= least)
        process.send(signal.SIGKILL)
        if process.wait() == 2 or not place.killed(process, f"{channel}, bad weather: {name}"):
            break
        arguments = ("resume", "--json")
    place.sandbox.clear_faults()
    place.to_the_end(channel)
    place.judged()
    for row, expected in zip(place.outcomes(), place.campaign.expected, strict=True):
        held = name == "answers cut off" and row["outcome"] == "unknown"
        assert held or row["outcome"] == expected, row
