"""The breaker and the watch for a campaign that is turned down."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkcall.send.circuit_breaker import CircuitBreaker, RejectionRate
from bulkcall.send.retry import Backoff


def breaker(**changes):
    """A breaker with whole numbers."""
    return CircuitBreaker(
        **{
            "unreachable": 5,
            "overloaded": 3,
            "away_timeout": 300.0,
            "first_contact_timeout": 15.0,
            "backoff": Backoff(1.0, 15.0, lambda: 0.5),
        }
        | changes
    )


def test_the_first_failure_opens_it_while_nothing_was_ever_answered():
    """A server that was never there is away at once, and has the shorter time."""
    state = breaker()
    assert state.failed(10.0, 1, "refused", answered=False)
    assert state.deadline == 25.0
    assert not state.given_up(24.9)
    assert state.given_up(25.0)


def test_some_in_a_row_open_it_later():
    """Once the server has answered, it takes five without an answer between."""
    state = breaker()
    state.answered()
    assert not any(state.failed(n, n, "reset", answered=False) for n in range(4))
    state.answered()
    assert [state.failed(n, n, "reset", answered=False) for n in range(5)] == [False] * 4 + [True]
    assert state.deadline == 300.0


def test_one_row_that_always_gets_a_503_does_not_open_it():
    """The same request failing again and again is that row's own affair."""
    state = breaker()
    state.answered()
    assert not any(state.failed(n, "row 7", "busy", answered=True) for n in range(100))
    state.failed(100, "row 8", "busy", answered=True)
    assert state.failed(101, "row 9", "busy", answered=True)


def test_an_answer_closes_it():
    """Any real answer ends the pause, and the count begins anew."""
    state = breaker()
    state.failed(0.0, 1, "refused", answered=False)
    assert state.open
    assert state.answered()
    assert not state.open
    assert not state.answered()
    assert state.deadline is None


@given(st.floats(0, 1, exclude_max=True))
def test_probes_grow_rarer_but_never_stop(draw):
    """Intervals lie between half a ceiling and the ceiling, which doubles to 15 s."""
    state = breaker(backoff=Backoff(1.0, 15.0, lambda: draw), away_timeout=1e9)
    state.answered()
    now = 0.0
    for n in range(5):
        state.failed(now, n, "reset", answered=False)
    for ceiling in (1.0, 2.0, 4.0, 8.0, 15.0, 15.0):
        assert ceiling / 2 - 1e-6 <= state.next_probe - now <= ceiling + 1e-6
        now = state.next_probe
        state.probe_failed(now)


@pytest.mark.parametrize(
    ("good", "bad", "stops"), [(0, 99, False), (0, 100, True), (10, 90, True), (11, 89, False)]
)
def test_stops_at_share_and_count(good, bad, stops):
    """90 % of at least 100 settled rows."""
    watch = RejectionRate(0.9, 100)
    watch.note(good)
    for row in range(bad):
        watch.note(1, f"number {row} is not known")
    assert bool(watch.verdict) is stops


def test_different_reasons_do_not_add_up():
    """Half for one reason and half for another is no one reason."""
    watch = RejectionRate(0.9, 10)
    for row in range(100):
        watch.note(1, "label unknown" if row % 2 else "window too long")
    assert not watch.verdict


def test_zero_turns_the_watch_off():
    """`turned_down_count = 0`: never."""
    watch = RejectionRate(0.9, 0)
    watch.note(5000, "no")
    assert not watch.verdict


def test_batches_refused_in_a_row_are_enough():
    """A whole batch that is split and refused down to pairs stops the run; one taken does not."""
    watch = RejectionRate(0.9, 1000, in_a_row=10)
    for _ in range(9):
        watch.note(0, "label_id is not of this client")
    watch.note(4)
    for _ in range(9):
        watch.note(0, "label_id is not of this client")
    assert not watch.verdict
    watch.note(1, "label_id is not of this client")
    assert watch.verdict.startswith("10 batches in a row")
