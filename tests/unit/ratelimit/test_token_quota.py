"""The cap on token creation."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bulkcall.ratelimit import CREATION_WINDOW_MS, MOST_CREATIONS, next_creation_ms, room_for_tokens

NOW = 1_700_000_000_000


def test_ten_are_free_at_first():
    """With none created there is room for ten, at once."""
    assert (room_for_tokens([], NOW), next_creation_ms([], NOW)) == (10, 0)


def test_the_eleventh_waits_for_the_first_to_be_half_an_hour_old():
    """The wait ends a little after the oldest of ten leaves the window."""
    noted = [NOW - 600_000 + i * 1000 for i in range(10)]
    wait = next_creation_ms(noted, NOW)
    assert 0 <= wait - (CREATION_WINDOW_MS - 600_000) <= 5_000
    assert room_for_tokens(noted, NOW) == 0
    assert next_creation_ms(noted, NOW + wait) == 0


def test_a_moment_that_lies_ahead_counts_as_now():
    """A clock that was set back does not lock the account for longer than a window."""
    assert next_creation_ms([NOW + 10**9] * 10, NOW) <= CREATION_WINDOW_MS + 5_000


@given(st.lists(st.integers(0, 3 * CREATION_WINDOW_MS), max_size=40))
def test_no_window_ever_holds_more_than_ten(gaps):
    """Creating whenever it is allowed, any half hour holds at most ten."""
    now, noted = NOW, []
    for gap in gaps:
        now += gap % 300_000
        now += next_creation_ms(noted, now)
        noted.append(now)
    for at in noted:
        assert sum(at - CREATION_WINDOW_MS < other <= at for other in noted) <= MOST_CREATIONS
