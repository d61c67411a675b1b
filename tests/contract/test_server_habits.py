"""Servers that show times in their own way, or speak version 3: no row is lost for it."""

from __future__ import annotations

import pytest

from tests.contract.other_server import part
from tests.contract.test_other_server import go, rows, words

HOUR = 3_600_000


def seconds(element):
    """Keep whole seconds."""
    return {name: element[name] // 1000 * 1000 for name in ("starts_at", "ends_at")}


def example_span(element):
    """Show the span of the documentation's own example: 32 hours."""
    return {"ends_at": element["starts_at"] + 32 * HOUR}


def other_times(element):
    """Show times that have nothing to do with those sent."""
    other = sum(map(ord, element["id"]))
    return {"starts_at": other, "ends_at": 1000 * other}


def another_zone(element):
    """Write local time as if it were UTC."""
    return {name: element[name] + 19_800_000 for name in ("starts_at", "ends_at")}


HABITS = [seconds, example_span, other_times, another_zone]


def shown(habit):
    """Make a listing whose times are shown so."""
    return lambda _, elements, __: [one | habit(one) for one in elements]


@pytest.mark.parametrize("habit", HABITS)
def test_whole_numbers_need_no_times(stranger, other, habit):
    """Numbers are shown: every row is `success` by `number`, and nothing is unexpected."""
    other.mask = str
    other.listing = shown(habit)
    ended, outcomes = go(stranger, rows(9))
    assert (ended.status, words(outcomes)) == (0, ["success"] * 9), ended
    assert words(outcomes, "match") == ["number"] * 9
    assert ended.json["unexpected"] == []
    told = [note for note in ended.json["notes"] if "this server" in note]
    assert len(told) == 1, ended.json["notes"]
    assert told[0] in (stranger.folder / "o/report.html").read_text()
    assert stranger.run("report", "--out", "again").status in (0, 3)
    assert told[0] in (stranger.folder / "again/report.html").read_text()


@pytest.mark.parametrize("habit", HABITS)
def test_masked_rows_that_all_ended_alike_are_known(stranger, other, habit):
    """Numbers are hidden: the rows are a group, or found by times moved alike."""
    other.listing = shown(habit)
    ended, outcomes = go(stranger, rows(9))
    assert (ended.status, words(outcomes)) == (0, ["success"] * 9), ended
    assert set(words(outcomes, "match")) == {"stamp" if habit is another_zone else "group"}
    assert ended.json["unexpected"] == []


@pytest.mark.parametrize("mask", [part, lambda _: "************"], ids=["part", "all"])
@pytest.mark.parametrize("habit", [seconds, example_span, other_times])
def test_masked_rows_that_ended_otherwise_are_never_guessed(stranger, other, habit, mask):
    """Some failed: a row is right by its visible digits, or said to be unknown; never `missing`."""
    other.mask = mask
    other.listing = shown(habit)
    bad = {"status": "error", "message": "Not a Truecaller user"}
    other.fate = lambda r: bad if r["receiver_number"][-1] == "2" else {"status": "success"}
    ended, outcomes = go(stranger, rows(8), "--reconcile-timeout", "2")
    for row in outcomes:
        right = "error" if row["receiver"][-1] == "2" else "success"
        assert row["outcome"] in (right, "pending"), row
        assert row["message"] or row["outcome"] == "success"
    assert ended.json["unexpected"] == []


def test_version_3(stranger, other):
    """`BULKCALL_API_VERSION=3`: the v3 path, numbers with the plus, found by them all the same."""
    stranger.environ["BULKCALL_API_VERSION"] = "3"
    other.version = 3
    other.mask = str
    ended, outcomes = go(stranger, rows(4))
    assert (ended.status, words(outcomes, "match")) == (0, ["number"] * 4), ended
    assert all(r["receiver_number"].startswith("+91") for r in other.calls("batch")[0].records)
