"""The gate: sending begins and ends with the hours, on a clock that tests move."""

from __future__ import annotations

import asyncio

import pytest

from bulkcall.clock import ManualClock
from bulkcall.errors import InterruptedRun
from bulkcall.progress import NullProgress, StopToken
from bulkcall.run.sending_window import CLOSING_LEAD_MS, SendingWindow
from bulkcall.settings import Settings

MIDNIGHT = 1_763_683_200_000  # 2025-11-21T00:00Z
HOUR = 3_600_000


class Notes(NullProgress):
    """Progress that keeps the notes."""

    def __init__(self):
        self.lines = []

    def note(self, text):
        """Keep the line."""
        self.lines.append(text)


def gate_at(hour, *, stop=None, **settings):
    """A gate that is open from 8 to 20 UTC, looked at at this hour."""
    clock, notes = ManualClock(MIDNIGHT + round(hour * HOUR), auto=True), Notes()
    given = {"not_before": "08:00", "not_after": "20:00", "quiet_timezone": "UTC"} | settings
    gate = SendingWindow(Settings(**given), clock=clock, progress=notes, stop=stop or StopToken())
    return gate, clock, notes


async def some():
    """Five rows wait."""
    return 5


def test_inside_the_hours_it_opens_at_once():
    """No wait, no note."""
    gate, clock, notes = gate_at(12)
    assert asyncio.run(gate.opened(some))
    assert (clock.monotonic(), notes.lines) == (0, [])


def test_without_hours_it_is_always_open():
    """The default settings hold nothing back."""
    gate, clock, _ = gate_at(3, not_before="", not_after="")
    assert asyncio.run(gate.opened(some))
    assert clock.monotonic() == 0


def test_outside_it_waits_until_the_opening_and_says_so_once():
    """From six in the morning it waits two hours, with one note."""
    gate, clock, notes = gate_at(6)
    assert asyncio.run(gate.opened(some))
    assert 2 * 3600 <= clock.monotonic() < 2 * 3600 + 1
    assert notes.lines == [
        "outside hours (08:00 to 20:00 UTC): paused until 2025-11-21 08:00 UTC; 5 rows wait"
    ]


def test_the_wait_ends_when_nothing_waits_any_more():
    """Rows that expire during the pause end it before the opening."""
    left = iter([5, 5, 0])
    gate, clock, _ = gate_at(6)

    async def fewer():
        return next(left)

    assert not asyncio.run(gate.opened(fewer))
    assert clock.monotonic() < 300


def test_a_stop_ends_the_wait():
    """A signal during the pause is minded at once."""
    stop = StopToken()
    gate, clock, _ = gate_at(6, stop=stop)

    async def some_and_a_signal():
        stop.request("SIGTERM")
        return 5

    assert not asyncio.run(gate.opened(some_and_a_signal))
    assert clock.monotonic() < 1


def test_where_it_stops_it_says_when_it_opens():
    """`outside_hours = stop` ends the run with exit status 4, if a row waits."""
    gate, _, _ = gate_at(21, outside_hours="stop")
    with pytest.raises(InterruptedRun, match=r"outside hours .*: 5 rows wait for 2025-11-22 08:00"):
        asyncio.run(gate.opened(some))

    async def none():
        return 0

    assert not asyncio.run(gate.opened(none))


def test_it_closes_just_before_the_hours_are_over():
    """The stop is requested half a second before 20:00, and not before that."""
    clock = ManualClock(MIDNIGHT + 20 * HOUR - 60_000)
    settings = Settings(not_before="08:00", not_after="20:00", quiet_timezone="UTC")
    gate = SendingWindow(settings, clock=clock, progress=NullProgress(), stop=StopToken())

    async def watch():
        async with gate.until_closing() as closing:
            await clock.advance(60 - CLOSING_LEAD_MS / 1000 - 0.01)
            early = closing.requested
            await clock.advance(0.02)
            return early, closing.requested, closing.reason

    assert asyncio.run(watch()) == (False, True, "outside hours (08:00 to 20:00 UTC)")


def test_a_wall_clock_that_is_set_is_followed():
    """When the clock is set into the night, the gate closes within seconds."""
    clock = ManualClock(MIDNIGHT + 12 * HOUR)
    settings = Settings(not_before="08:00", not_after="20:00", quiet_timezone="UTC")
    gate = SendingWindow(settings, clock=clock, progress=NullProgress(), stop=StopToken())

    async def watch():
        async with gate.until_closing() as closing:
            await clock.advance(1)
            clock.jump_wall(9 * HOUR)
            await clock.advance(10)
            return closing.requested

    assert asyncio.run(watch())


def test_the_zone_is_that_of_times_where_no_other_is_set():
    """`timezone` counts for the hours too: 12:00Z is 17:30 in Kolkata."""
    gate, clock, _ = gate_at(12, quiet_timezone="", timezone="Asia/Kolkata", not_after="17:00")
    assert asyncio.run(gate.opened(some))
    assert clock.monotonic() > 14 * 3600


def test_a_part_is_stopped_with_the_whole_and_not_the_other_way_round():
    """Closing the gate is no stop of the run; stopping the run closes the gate."""
    whole = StopToken()
    part = StopToken(whole)
    part.request("closing")
    assert (part.requested, whole.requested, part.reason) == (True, False, "closing")
    other = StopToken(whole)
    whole.request("SIGINT")
    assert (other.requested, other.reason, part.reason) == (True, "SIGINT", "closing")
