"""The same campaign file started twice at once: nothing that one run has out goes with the other.

What one run saw turned down (`error`, `refused`) may go with the other as well, as it may with a
later run (contract: Outcomes, `duplicate`). Each time that a row was sent is shown in one of them.
"""

from __future__ import annotations

from collections import Counter

import pytest

from bulkcall.sandbox.process import applied
from tests.faults.kills.forms import long

CALLS = {"batch": "Api.create_batch", "realtime": "Api.send_record"}
TAKES = {"batch": "Ledger.take_batch", "realtime": "Ledger.take_realtime"}
TURNED_DOWN = ("error", "refused")
SLOWER = {"BULKCALL_REALTIME_PER_SECOND": "200", "BULKCALL_BATCH_PER_MINUTE": "780"}
"""Some 50 rows are on their way at once, of 306."""


@pytest.fixture
def larger(place):
    """A campaign that is not sent at one go."""
    place.write(300)
    return place


def start(place, channel, name, at="", **environ):
    """Start a run with a report and a napping file of its own."""
    home = place.home / name
    home.mkdir()
    arguments = [*place.begin(channel)[:-2], name, "--json"]
    return place.start(*arguments, at=at, HOME=str(home), **environ), home / "napping"


def accounted(place):
    """Check that the server applied each row as often as the two reports say; give the pairs."""
    one, two = (place.outcomes(place.work / name) for name in ("one", "two"))
    took = Counter(record.receiver_number for record in applied(place.entries()).elements())
    pairs = []
    for mine, other, expected in zip(one, two, place.campaign.expected, strict=True):
        pair = mine["outcome"], other["outcome"]
        assert set(pair) in ({expected}, {expected, "duplicate"}), (mine, other)
        if expected == "success":
            assert "duplicate" in pair, (mine, other)
        if expected in ("success", "error"):
            times = sum(word == expected for word in pair)
            assert took["91" + mine["receiver"]] == times, (mine, other)
            assert int(mine["attempts"]) + int(other["attempts"]) >= times, (mine, other)
        pairs.append(pair)
    return pairs


def ends(process):
    """Wait for the end of a run in which some rows do not succeed."""
    assert process.wait() == 3, process.err


@pytest.mark.parametrize("channel", [long("batch"), "realtime"])
def test_two_runs_of_one_file(larger, channel):
    """Sending at the same time, whoever takes a row first: it goes out with one of the two."""
    both = [start(larger, channel, name)[0] for name in ("one", "two")]
    for process in both:
        ends(process)
    accounted(larger)


@pytest.mark.parametrize("channel", ["batch", long("realtime")])
def test_what_the_other_saw_turned_down_goes_again(larger, channel):
    """Loaded before the other sent, sending after it ended: exactly `error` and `refused` go."""
    first, nap = start(larger, channel, "one", at=f"before {TAKES[channel]} 1 nap")
    assert first.wait_for(nap.exists), first.err
    ends(start(larger, channel, "two")[0])
    nap.unlink()
    ends(first)
    for (mine, other), expected in zip(accounted(larger), larger.campaign.expected, strict=True):
        assert other == expected
        assert mine == ("duplicate" if expected == "success" else expected)


@pytest.mark.parametrize("channel", [long("batch"), "realtime"])
def test_what_the_other_has_on_its_way_does_not_go(larger, channel):
    """Rows taken by one are left alone by the other, whatever is answered for them afterwards."""
    first, nap = start(larger, channel, "one", at=f"before {CALLS[channel]} 1 nap", **SLOWER)
    assert first.wait_for(nap.exists), first.err
    ends(start(larger, channel, "two")[0])
    nap.unlink()
    ends(first)
    errors = Counter()
    for (mine, other), expected in zip(accounted(larger), larger.campaign.expected, strict=True):
        if expected in ("success", *TURNED_DOWN):
            taken = other == "duplicate"
            assert mine == ("duplicate" if expected == "success" and not taken else expected)
            errors[taken] += expected == "error"
    assert errors == {True: 1, False: 1}, "one was on its way, the other was not"
