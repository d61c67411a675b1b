"""What a run remembers of the server's habits, and what it says of them."""

from __future__ import annotations

import random

import pytest

from bulkcall.reconcile.habit_memory import HabitMemory
from bulkcall.reconcile.matching import match
from bulkcall.records import CallRecord
from tests.unit.reconcile.habit_scenes import HABITS, START, Row, _listed

HOUR = 3_600_000
UNRELATED_ENDS = "this server shows end times that have no relation to those sent"
NOON = START + 13_000


def learn(habit: str, mask: str, rows: int = 20, *, alike: bool = True):
    """Show a memory one whole listing of a batch on a server with this habit."""
    dice = random.Random(5)
    sent = [
        Row(
            place,
            CallRecord(
                "918000000001",
                f"9198765{place:05}",
                NOON + (0 if alike else place * 900_000),
                NOON + 8 * HOUR + (-place if alike else place * 900_000),
                None,
                "Parcel team",
            ),
        )
        for place in range(1, rows + 1)
    ]
    shown = [
        _listed(row.record, f"id-{row.row}", "success", mask, HABITS[habit], dice) for row in sent
    ]
    memory = HabitMemory()
    memory.note("b", shown, match(sent, shown))
    return memory


@pytest.mark.parametrize(
    ("habit", "mask", "line"),
    [
        ("as sent", "full", None),
        ("as sent", "whole", None),
        (
            "cut to seconds",
            "full",
            "this server keeps whole seconds: 20 rows matched as groups",
        ),
        ("cut to seconds", "whole", "this server keeps whole seconds: 20 rows found by number"),
        ("rounded to minutes", "part", "this server keeps whole minutes: 20 rows found by stamp"),
        (
            "another time zone",
            "full",
            "this server moves times by +19,800 s: 20 rows found by stamp",
        ),
        ("a span of 32 hours", "full", f"{UNRELATED_ENDS}: 20 rows matched as groups"),
        (
            "no relation",
            "whole",
            "this server shows times that have no relation to those sent: 20 rows found by number",
        ),
    ],
)
def test_what_is_said(habit, mask, line):
    """A habit is said in one line, with how the rows were found all the same; none, no line."""
    assert learn(habit, mask).lines() == ([line] if line else [])


@pytest.mark.parametrize(
    ("habit", "mask", "unit"),
    [
        ("as sent", "full", 1),
        ("cut to seconds", "full", 1000),
        ("cut to seconds", "whole", 1),
        ("cut to minutes", "part", 1),
        ("no relation", "full", 0),
        ("a span of 32 hours", "full", 0),
    ],
)
def test_how_near_stamps_may_be(habit, mask, unit):
    """Stamps need no distance where numbers tell rows apart, and are of no use without relation."""
    assert learn(habit, mask).stamp_unit_ms == unit


def test_a_later_listing_of_a_batch_takes_the_place_of_the_earlier():
    """Asked for twice, a batch's rows are counted once."""
    memory = learn("cut to seconds", "full")
    again = learn("cut to seconds", "full")
    memory._counted.update(again._counted)
    assert memory.lines() == ["this server keeps whole seconds: 20 rows matched as groups"]


def test_a_habit_is_remembered_for_listings_that_show_too_little():
    """One record of a batch shows no shift; that all others were moved alike does."""
    memory = learn("another time zone", "full", alike=False)
    sent = [
        Row(place, CallRecord("918000000001", f"9198765{place:05}", NOON, NOON + 8 * HOUR - place))
        for place in (1, 2)
    ]
    shown = [
        _listed(row.record, "x", "success", "full", HABITS["another time zone"], random.Random(1))
        for row in sent[:1]
    ]
    alone, known = match(sent, shown), match(sent, shown, memory.known)
    assert not any(one.settled for one in alone.verdicts)
    assert [one.settled for one in known.verdicts] == [True, False]
