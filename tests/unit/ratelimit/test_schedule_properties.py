"""The schedule's promise: never more than the limit, however the server counts."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bulkcall.ratelimit.rate import Rate
from bulkcall.ratelimit.schedule import Schedule
from tests.unit.ratelimit.simulation import Bucket, Fixed, Sliding, Way, simulate, steady

rates = st.builds(Rate, st.integers(1, 12), st.sampled_from([0.5, 1.0, 60.0]))
SERVERS = {
    "sliding": Sliding,
    "fixed": Fixed,
    "fixed, any phase": lambda rate: Fixed(rate, rate.window * 0.37),
    "bucket": Bucket,
}


@pytest.mark.parametrize("counting", SERVERS)
@given(data=st.data(), rate=rates, narrow=st.booleans())
@settings(max_examples=60, deadline=None)
def test_no_way_of_counting_sees_more_than_the_limit(counting, data, rate, narrow):
    """Any demand, any lateness, any way back, lost answers, and jitter up to the stated bound."""
    schedule = steady(rate) if narrow else Schedule(rate)
    drawn = random.Random(data.draw(st.integers(0, 2**32)))
    base = data.draw(st.floats(0, 0.5)) * rate.window
    jitter = data.draw(st.floats(0, 1)) * (schedule.jitter if narrow else schedule.reach)
    if not narrow and base:
        jitter = min(jitter, schedule.jitter)
    back = data.draw(st.sampled_from([0.0, 0.001, 0.2, 1.5])) * rate.window
    lost = data.draw(st.sampled_from([0.0, 0.0, 0.3, 1.0]))
    idle = data.draw(st.sampled_from([0.0, 0.5, 3.0])) * rate.window
    stall = data.draw(st.sampled_from([0.0, 0.05, 0.9])) * rate.window
    corner = data.draw(st.booleans())

    def pick(most):
        return most * (drawn.choice([0.0, 1.0]) if corner else drawn.random())

    way = Way(
        there=lambda: base + pick(jitter),
        back=lambda: None if drawn.random() < lost else pick(back),
        late=lambda: pick(stall) if drawn.random() < 0.1 else 0.0,
    )
    result = simulate(
        schedule,
        SERVERS[counting](rate),
        way,
        seconds=rate.window * 12,
        demand=lambda: pick(idle) if drawn.random() < 0.05 else 0.0,
    )
    assert result.over == 0


@given(rate=rates, offsets=st.lists(st.floats(0, 1), min_size=1, max_size=40))
def test_requests_are_never_closer_than_the_squeeze(rate, offsets):
    """Whatever was missed, it is made up for at a bounded pace: there are no bursts."""
    schedule = Schedule(rate)
    now = 0.0
    sent = []
    for offset in offsets:
        now = schedule.earliest(now) + offset * rate.window
        sent.append(schedule.take(now).sent)
    assert all(b - a >= schedule.gap - 1e-9 for a, b in pairwise(sent))


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("counting", SERVERS)
def test_nearly_all_of_the_limit_is_used(counting, seed):
    """At 100 a second with up to 10 ms of jitter: 98 % or more, and nothing over the limit."""
    drawn = random.Random(seed)
    rate = Rate(100, 1.0)
    way = Way(
        there=lambda: drawn.uniform(0, 0.010),
        back=lambda: drawn.uniform(0.0002, 0.002),
        late=lambda: drawn.uniform(0, 0.001),
    )
    result = simulate(Schedule(rate), SERVERS[counting](rate), way, seconds=30)
    assert result.over == 0
    assert len(result.sent) >= 0.98 * 30 * 100


def test_slow_answers_cost_little():
    """With 50±50 ms until the answer, still 95 % or more and nothing over the limit."""
    drawn = random.Random(4)
    rate = Rate(100, 1.0)
    way = Way(
        there=lambda: drawn.uniform(0, 0.001),
        back=lambda: drawn.uniform(0, 0.1),
        late=lambda: drawn.uniform(0, 0.001),
    )
    result = simulate(Schedule(rate), Sliding(rate), way, seconds=60)
    assert result.over == 0
    assert len(result.sent) >= 0.95 * 60 * 100


@given(seconds=st.integers(2, 40))
@settings(max_examples=10, deadline=None)
def test_the_schedule_does_not_drift(seconds):
    """Always woken up a little late, it sends as many as if it had been woken in time."""
    rate = Rate(10, 1.0)
    way = Way(there=lambda: 0.0, back=lambda: 0.0, late=lambda: 0.02)
    result = simulate(Schedule(rate), Sliding(rate), way, seconds=float(seconds))
    assert len(result.sent) >= 0.975 * 10 * seconds
