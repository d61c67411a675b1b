"""Backoff and tries."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bulkcall.send.retry import Backoff, spent


@given(st.floats(0, 1, exclude_max=True), st.integers(1, 10_000))
def test_a_wait_lies_between_nothing_and_the_ceiling(draw, failures):
    """Full jitter: never negative, never above the ceiling, which never passes the cap."""
    backoff = Backoff(0.5, 30.0, lambda: draw)
    assert 0 <= backoff.wait(failures) <= backoff.ceiling(failures) <= 30.0


def test_ceilings_double_up_to_the_cap():
    """0.5, 1, 2, 4 … 30, 30."""
    backoff = Backoff(0.5, 30.0, lambda: 0.0)
    assert [backoff.ceiling(n) for n in range(1, 9)] == [0.5, 1, 2, 4, 8, 16, 30, 30]


def test_the_last_try_is_told():
    """With three tries allowed, the third one to be spent is the last."""
    assert [spent(tries, 3) for tries in range(3)] == [False, False, True]
