"""Counting, in each of the three ways, on times that are given."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkcall.sandbox.enums import Counting
from bulkcall.sandbox.limits import BucketCounter, FixedCounter, Gauge, Limit, SlidingCounter

TEN_A_SECOND = Limit(10, 1.0)
ARRIVALS = st.lists(st.floats(0, 5), max_size=120).map(sorted)


def taken(counter, arrivals, limit=TEN_A_SECOND):
    """The arrivals that were within the limit."""
    return [at for at in arrivals if counter.hit(at, limit) == 0]


@given(ARRIVALS)
def test_sliding_is_strict(arrivals):
    """No window, wherever it ends, holds more than the limit, and none is refused needlessly."""
    kept: list[float] = []
    counter = SlidingCounter()
    for at in arrivals:
        inside = sum(1 for t in kept if t > at - 1.0)
        ok = counter.hit(at, TEN_A_SECOND) == 0
        assert ok == (inside < 10)
        if ok:
            kept.append(at)
    assert counter.over == len(arrivals) - len(kept)


@given(ARRIVALS)
def test_sliding_most(arrivals):
    """`most` is the fullest window, refused requests included."""
    counter = SlidingCounter()
    taken(counter, arrivals)
    fullest = [sum(1 for t in arrivals[: i + 1] if t > at - 1.0) for i, at in enumerate(arrivals)]
    assert counter.most == max(fullest, default=0)


@given(ARRIVALS)
def test_fixed_is_strict(arrivals):
    """Each whole window takes exactly as many as come, up to the limit."""
    kept = taken(FixedCounter(), arrivals)
    for window in range(6):
        came = sum(1 for at in arrivals if math.floor(at) == window)
        assert sum(1 for at in kept if math.floor(at) == window) == min(10, came)


@given(ARRIVALS, st.integers(1, 10))
def test_bucket_is_strict(arrivals, size):
    """Between any two taken requests there are at most size + rate * time."""
    kept = taken(BucketCounter(), arrivals, Limit(10, 1.0, bucket_size=size))
    for i, first in enumerate(kept):
        for j in range(i, len(kept)):
            assert j - i + 1 <= size + 10 * (kept[j] - first) + 1e-6


@pytest.mark.parametrize("counter", [SlidingCounter, FixedCounter, BucketCounter])
def test_wait_is_true(counter):
    """A refused request that waits as long as it was told is taken."""
    used = counter()
    for _ in range(10):
        assert used.hit(100.25, TEN_A_SECOND) == 0
    wait = used.hit(100.3, TEN_A_SECOND)
    assert 0 < wait <= 1.0
    assert used.hit(100.3 + wait + 1e-6, TEN_A_SECOND) == 0
    assert used.over == 1


def test_ways_differ_at_the_edge():
    """Two full bursts round a window's edge pass a fixed count, half pass a sliding one."""
    gauge = Gauge()
    for at in [0.9] * 10 + [1.1] * 10:
        gauge.hit(at, TEN_A_SECOND, Counting.FIXED)
    assert gauge.counters[Counting.FIXED].over == 0
    assert gauge.counters[Counting.FIXED].most == 10
    assert gauge.counters[Counting.SLIDING].over == 10
    assert gauge.counters[Counting.SLIDING].most == 20
    assert gauge.counters[Counting.BUCKET].over == 8
    assert gauge.counters[Counting.BUCKET].most == 11


@pytest.mark.parametrize("counter", [SlidingCounter, FixedCounter, BucketCounter])
def test_no_limit(counter):
    """Zero is no limit."""
    used = counter()
    assert len(taken(used, [1.0] * 1000, Limit(0, 1.0))) == 1000
    assert used.over == 0


def test_refused_may_count():
    """With `count_refused` a client that hammers on never gets in; without, it does."""
    hammer = [i / 100 for i in range(200)]
    patient = taken(SlidingCounter(), hammer, Limit(10, 1.0))
    hammered = taken(SlidingCounter(), hammer, Limit(10, 1.0, count_refused=True))
    assert (len(patient), len(hammered)) == (20, 10)


@pytest.mark.parametrize("counting", list(Counting))
def test_limit_is_kept_by_the_call(desk, counting):
    """The 101st real-time request of a second is a 429; a second later all is well again."""
    at = desk(counting=counting)
    at.pass_time(0.25)
    answers = [at.realtime().status for _ in range(101)]
    assert answers == [200] * 100 + [429]
    at.pass_time(1.0)
    assert at.realtime().status == 200
    assert [e["over"] for e in at.journal()].count(True) == 1


def test_limits_are_each_calls_own(desk):
    """Sixty batches a minute do not eat into batch status or real-time."""
    at = desk()
    answers = [at.create([at.record()]).status for _ in range(61)]
    assert answers == [200] * 60 + [429]
    assert at.realtime().status == 200
    assert [at.status("x").status for _ in range(61)] == [404] * 60 + [429]


@pytest.mark.parametrize(
    ("form", "value"),
    [("seconds", b"60"), ("date", b"Tue, 14 Nov 2023 22:14:20 GMT"), ("absent", None)],
)
def test_retry_after_forms(desk, form, value):
    """Retry-After comes as seconds, as an HTTP date or not at all."""
    from bulkcall.sandbox.enums import RetryAfter

    at = desk(batch_limit=1, retry_after=RetryAfter(form))
    at.create([at.record()])
    assert dict(at.create([at.record()]).headers).get(b"retry-after") == value
