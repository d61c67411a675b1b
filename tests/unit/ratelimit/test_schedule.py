"""What the schedule does at its start, after a 429, after quiet, and with a turn given back."""

from __future__ import annotations

import pytest

from bulkcall.ratelimit.rate import Rate
from bulkcall.ratelimit.schedule import LONGEST_PAUSE, Schedule


def drain(schedule, count, now=0.0, delay=0.001):
    """Send as soon as it may be, each answered soon; give the moments."""
    moments = []
    for _ in range(count):
        now = schedule.earliest(now)
        place = schedule.take(now)
        schedule.answered(place, now + delay)
        moments.append(now)
    return moments


def test_it_starts_evenly():
    """The first window holds no burst: each request comes a spacing after the one before."""
    schedule = Schedule(Rate(100, 1.0))
    moments = drain(schedule, 100)
    assert moments == pytest.approx([i * schedule.spacing for i in range(100)])


def test_it_goes_on_evenly_after_an_idle_time():
    """What was not used while nothing was to be sent is not made up for beyond the catch-up."""
    schedule = Schedule(Rate(10, 1.0))
    last = drain(schedule, 5)[-1]
    moments = drain(schedule, 10, now=last + 60)
    assert moments[-1] - moments[0] >= 9 * schedule.spacing - schedule.catch_up


def test_a_limit_pauses_for_as_long_as_it_says():
    """Nothing goes before Retry-After is over, and what goes then goes evenly."""
    schedule = Schedule(Rate(10, 1.0))
    last = drain(schedule, 5)[-1]
    place = schedule.take(schedule.earliest(last))
    assert schedule.limited(place.sent, place.sent + 0.01, 7.0, draw=0.5) == 7.0
    after = drain(schedule, 3, now=place.sent + 0.02)
    assert after[0] == pytest.approx(place.sent + 7.01)
    assert after[1] - after[0] >= schedule.spacing


def test_limits_from_one_moment_count_once():
    """Several 429s to what was in flight together widen the margin once."""
    schedule = Schedule(Rate(10, 1.0))
    places = [schedule.take(schedule.earliest(i * 0.2)) for i in range(4)]
    schedule.limited(places[0].sent, 1.0, 1.0, draw=0.5)
    guard = schedule.guard
    for place in places[1:]:
        schedule.limited(place.sent, 1.01, 1.0, draw=0.5)
    assert schedule.guard == guard
    schedule.limited(2.5, 2.6, 1.0, draw=0.5)
    assert schedule.guard > 1.5 * guard


def test_without_a_time_the_pause_grows_with_full_jitter():
    """Each 429 in a row doubles the ceiling of the pause; the draw says how much of it is used."""
    schedule = Schedule(Rate(10, 1.0))
    pauses = []
    now = 0.0
    for _ in range(9):
        now = schedule.earliest(now)
        place = schedule.take(now)
        schedule.answered(place, now, limited=True)
        pauses.append(schedule.limited(place.sent, now, None, draw=1.0) - schedule.spacing)
    assert pauses == pytest.approx([1, 2, 4, 8, 16, 32, 60, 60, 60])
    place = schedule.take(schedule.earliest(now + 61))
    assert schedule.limited(place.sent, place.sent, None, draw=0.0) == schedule.spacing


def test_a_good_answer_ends_the_growth():
    """After an answer that is no 429 the next pause begins small again."""
    schedule = Schedule(Rate(10, 1.0))
    now = 0.0
    for _ in range(5):
        place = schedule.take(now := schedule.earliest(now))
        schedule.limited(place.sent, now, None, draw=1.0)
    place = schedule.take(now := schedule.earliest(now))
    schedule.answered(place, now + 0.01)
    place = schedule.take(now := schedule.earliest(now + 0.01))
    assert schedule.limited(place.sent, now, None, draw=1.0) == pytest.approx(1 + schedule.spacing)


def test_an_old_limit_without_a_time_does_not_pause_anew():
    """A 429 to what was sent before the pause began names no new one."""
    schedule = Schedule(Rate(10, 1.0))
    early, late = schedule.take(0.0), schedule.take(schedule.earliest(0.0))
    schedule.limited(late.sent, 1.0, None, draw=1.0)
    until = schedule.paused_until
    left = schedule.limited(early.sent, 1.2, None, draw=1.0)
    assert (schedule.paused_until, left) == (until, pytest.approx(until - 1.2))


def test_an_absurd_time_is_cut():
    """A Retry-After beyond any window of this API is taken for a mistake."""
    schedule = Schedule(Rate(10, 1.0))
    place = schedule.take(0.0)
    assert schedule.limited(place.sent, 0.0, 1e12, draw=0.5) == LONGEST_PAUSE


def test_quiet_goes_back_to_the_limit():
    """What a 429 widened is narrowed by windows without one."""
    schedule = Schedule(Rate(10, 1.0))
    place = schedule.take(0.0)
    schedule.limited(place.sent, 0.0, 0.5, draw=0.5)
    wide = schedule.guard
    assert wide > schedule.guard_floor
    drain(schedule, 600, now=1.0)
    assert schedule.guard == pytest.approx(schedule.guard_floor, rel=0.1)


def test_a_server_with_a_lower_limit_is_found():
    """Where the real limit is half of what was set, 429s settle to a few in a hundred."""
    schedule = Schedule(Rate(10, 1.0))
    taken, over, now = [], 0, 0.0
    for _ in range(1500):
        now = schedule.earliest(now)
        place = schedule.take(now)
        taken = [at for at in taken if at > now - 1]
        schedule.answered(place, now, limited=len(taken) >= 5)
        if len(taken) >= 5:
            over += 1
            schedule.limited(place.sent, now, taken[0] + 1 - now, draw=0.5)
        else:
            taken.append(now)
    assert over < 1500 * 0.05


def test_a_turn_given_back_leaves_no_trace():
    """The next request goes when the one that was given back would have."""
    schedule = Schedule(Rate(2, 1.0))
    first = schedule.take(schedule.earliest(0.0))
    second = schedule.take(schedule.earliest(0.0))
    schedule.give_back(second)
    assert schedule.earliest(first.sent) == pytest.approx(second.sent)
    again = schedule.take(schedule.earliest(second.sent))
    assert schedule.earliest(again.sent) >= 1.0


def test_an_answer_after_its_place_was_taken_anew_changes_nothing():
    """A very late answer does not shorten the hold of whoever has the place by now."""
    schedule = Schedule(Rate(1, 1.0))
    slow = schedule.take(0.0)
    quick = schedule.take(schedule.earliest(1.5))
    schedule.answered(slow, 1.6)
    assert schedule.earliest(1.6) == pytest.approx(quick.until)


def test_a_far_server_costs_no_share():
    """What every answer takes is not taken for jitter: 300 ms away, 97 % or more of the limit."""
    schedule = Schedule(Rate(100, 1.0))
    moments, flying, now = [], [], 0.0
    while now < 20:
        due = schedule.earliest(now)
        if flying and flying[0][0] <= due:
            now, place = flying.pop(0)
            schedule.answered(place, now)
            continue
        now = due
        flying.append((now + 0.3, schedule.take(now)))
        moments.append(now)
    assert len(moments) >= 0.97 * 2000
