"""How a configured limit is read."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkcall.ratelimit import Rate


@pytest.mark.parametrize(
    ("amount", "window", "limit", "seconds"),
    [
        (100, 1.0, 100, 1.0),
        (60, 60.0, 60, 60.0),
        (2.5, 1.0, 2, 1.0),
        (0.5, 1.0, 1, 2.0),
        (6000, 60.0, 1000, 10.0),
        (1500, 1.0, 750, 0.5),
    ],
)
def test_a_limit_becomes_whole_places(amount, window, limit, seconds):
    """Fractions round down, less than one takes longer, very many are split into windows."""
    assert Rate.of(amount, window) == Rate(limit, pytest.approx(seconds))


@given(amount=st.floats(0.001, 1e6), window=st.sampled_from([1.0, 60.0]))
def test_the_places_never_allow_more_than_was_set(amount, window):
    """However a limit is split, one of its windows never holds more than was set."""
    rate = Rate.of(amount, window)
    whole_windows = math.ceil(window / rate.window - 1e-9)
    assert rate.limit >= 1
    assert whole_windows * rate.limit <= max(amount, 1)


@pytest.mark.parametrize("amount", [0, -1, math.inf, math.nan])
def test_no_limit_is_no_rate(amount):
    """Nothing, less, and no end are refused."""
    with pytest.raises(ValueError, match="above zero"):
        Rate.of(amount, 1.0)
