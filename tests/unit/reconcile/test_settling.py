"""When a listing is settled, and when a batch is asked for next."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkcall.reconcile.batch_watch import (
    LAST_LOOK,
    LONGEST,
    LOOKS_LEFT,
    SHORTEST,
    BatchWatch,
    first_due,
    most_worth,
    next_due,
)
from bulkcall.reconcile.settling import FIRST_GUESS, QUICKEST, SLOWEST, Readiness, Settling


def seen(*answers, accepted_at=0.0):
    """Let a batch be seen: (seconds, listing, whole) for each answer."""
    settling = Settling(accepted_at)
    for now, shown, whole in answers:
        settling.see(now, shown, whole=whole)
    return settling


def test_three_equal_answers_over_ten_seconds_settle_a_listing():
    """Three alike, ten seconds apart, all final: settled; two, or nine seconds: not."""
    assert seen((1, "x", True), (6, "x", True), (11, "x", True)).settled
    assert not seen((1, "x", True), (11, "x", True)).settled
    assert not seen((1, "x", True), (6, "x", True), (10, "x", True)).settled


def test_an_empty_or_open_listing_never_settles():
    """What is not whole does not settle, however long it stays."""
    answers = [(second, "x", False) for second in range(0, 1000, 10)]
    assert not seen(*answers).settled
    assert not seen(*answers).settled_at_the_end


def test_a_change_starts_the_count_anew():
    """A listing that changed must stay as it is again, and longer if the server was slow."""
    early = [(1, "x", True), (6, "x", True), (30, "y", True), (40, "y", True), (50, "y", True)]
    assert not seen(*early).settled
    assert seen(*early, (61, "y", True)).settled


def test_the_time_to_settle_is_bounded():
    """However slow the server was: a minute without change is enough."""
    late = [(1, "x", True), (900, "y", True), (930, "y", True), (960, "y", True)]
    assert seen(*late).settled


def test_an_old_batch_settles_quickly():
    """Accepted days ago and not seen to change: three answers over two seconds."""
    assert seen((0, "x", True), (1, "x", True), (2.1, "x", True), accepted_at=-200_000).settled


def test_at_the_end_two_equal_answers_settle():
    """When the wait is over, the last two answers decide."""
    assert seen((1, "x", True), (2, "x", True)).settled_at_the_end
    assert not seen((1, "x", True)).settled_at_the_end
    assert not seen((1, "x", True), (2, "y", True)).settled_at_the_end


@given(st.lists(st.tuples(st.floats(0, 500), st.booleans()), max_size=60))
def test_readiness_stays_within_its_bounds(lessons):
    """Whatever it is taught, the first poll is neither at once nor later than a minute."""
    readiness = Readiness()
    for age, first in lessons:
        readiness.learn(age, first_poll=first)
        assert QUICKEST <= readiness.seconds <= SLOWEST


def test_readiness_learns_and_creeps_back():
    """From a guess to what batches took; found ready at the first poll, it asks a bit earlier."""
    readiness = Readiness()
    assert readiness.seconds == FIRST_GUESS
    for _ in range(20):
        readiness.learn(12.0, first_poll=False)
    assert readiness.seconds == 12.0
    for _ in range(20):
        readiness.learn(12.0, first_poll=True)
    assert readiness.seconds == pytest.approx(10.8)


def watch(**changes):
    """Make a batch under watch."""
    return BatchWatch(1, "b-1", 500, Settling(0.0), **({"due": 0.0, "open_rows": 500} | changes))


@given(st.integers(0, 200), st.floats(0, 1), st.floats(0, 900))
def test_backoff_grows_within_bounds_and_ends_before_the_end(misses, chance, wait):
    """The next poll lies ahead, within the longest pause, and one falls before the wait ends."""
    one = watch(misses=misses)
    due = next_due(one, 100.0, readiness=Readiness(), chance=chance, end=100.0 + wait, wait=wait)
    assert 100.0 < due <= 100.0 + LONGEST * 1.2
    if wait > LAST_LOOK:
        assert due <= 100.0 + wait - LAST_LOOK


@given(st.integers(0, 200), st.floats(0, 1), st.floats(0, 900), st.booleans())
def test_no_pause_takes_more_than_its_share_of_what_is_left(misses, chance, left, whole):
    """However often nothing new was told, looks come closer together as the end does."""
    one = watch(misses=misses)
    one.settling.whole = whole
    due = next_due(one, 100.0, readiness=Readiness(), chance=chance, end=100.0 + left, wait=900.0)
    assert due - 100.0 <= max(SHORTEST, left / LOOKS_LEFT) + 1e-9


@given(st.floats(0, 900), st.floats(0, 100), st.floats(0.5, 60))
def test_a_batch_is_first_asked_within_the_wait(wait, age, took):
    """A short wait leaves time for more polls, whatever batches of the run took so far."""
    fresh = Readiness.within(wait)
    assert QUICKEST <= fresh.seconds <= FIRST_GUESS
    fresh.learn(took, first_poll=False)
    due = first_due(100.0, age, readiness=fresh, wait=wait)
    assert 100.0 <= due <= 100.0 + max(SHORTEST, wait / 2)
    assert due <= 100.0 + max(0.0, fresh.seconds - age)


def test_repeated_misses_wait_longer():
    """Each poll that tells nothing new makes the next pause longer."""
    pauses = [
        next_due(watch(misses=n), 0.0, readiness=Readiness(), chance=0.5, end=None, wait=300.0)
        for n in range(8)
    ]
    assert pauses == sorted(pauses)
    assert pauses[-1] > 5 * pauses[0]


def test_fullest_first_but_fresh_ones_before_those_that_missed():
    """Most rows by one request: first the batches not yet asked in vain, the fullest first."""
    watches = [
        watch(open_rows=10),
        watch(open_rows=400),
        watch(open_rows=500, misses=2),
        watch(open_rows=500, due=99.0),
        watch(open_rows=500, done=True),
        watch(open_rows=500, asking=True),
    ]
    assert [one.open_rows for one in most_worth(watches, 1.0)] == [400, 10, 500]
