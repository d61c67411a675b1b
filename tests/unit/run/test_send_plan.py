"""The arithmetic of `bulkcall plan`."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from bulkcall.records import Channel
from bulkcall.run.send_plan import plan
from bulkcall.settings import Secret, Settings

NOW = 1_800_000_000_000
HOUR = 3_600_000


def times(*values):
    """An array of epoch ms."""
    return np.array(values, dtype=np.int64)


def same(count, starts=NOW + HOUR, ends=NOW + 9 * HOUR):
    """So many rows with one window."""
    return np.full(count, starts, dtype=np.int64), np.full(count, ends, dtype=np.int64)


def test_the_documentation_s_headline():
    """Ten tokens, 60 requests a minute, 500 records: 300,000 records take a minute."""
    made = plan(*same(300_000), Settings(tokens=10), now_ms=NOW)
    assert made.batch.requests == made.batch.polls == 600
    assert 59.8 < made.batch.seconds < 60
    assert made.realtime.requests == 300_000
    assert 299.9 < made.realtime.seconds < 300
    assert (made.batch.expired, made.batch.late, made.batch.tokens_on_time) == (0, 0, 1)
    assert made.channel(Channel.REALTIME) is made.realtime


def test_rows_that_expire_and_the_tokens_that_save_them():
    """6,000 rows end in 20 s: at 100 a second 2,000 make it; three tokens get all through."""
    made = plan(*same(6000, NOW + 5_000, NOW + 20_000), Settings(), now_ms=NOW)
    assert made.realtime.expired == 4000
    assert made.realtime.requests == 2000
    assert made.realtime.tokens_in_time == 3
    assert made.realtime.late == 1499
    assert made.batch.expired == 0


def test_a_token_that_is_brought_is_the_only_one():
    """However many tokens are set, a ready one goes out alone, and none is created."""
    made = plan(*same(3000), Settings(token=Secret("a.b.c"), tokens=3), now_ms=NOW)
    assert (made.tokens, made.realtime.token_creations) == (1, 0)
    assert 29.9 < made.realtime.seconds < 30


def test_not_even_ten_tokens():
    """Where ten are not enough, no number is given."""
    made = plan(*same(60_000, NOW + 5_000, NOW + 20_000), Settings(), now_ms=NOW)
    assert made.realtime.tokens_in_time is None
    assert made.realtime.tokens_on_time is None


def test_no_rows():
    """An empty campaign takes nothing."""
    made = plan(times(), times(), Settings(), now_ms=NOW)
    assert (made.rows, made.batch.requests, made.batch.seconds, made.batch.token_creations) == (
        0,
        0,
        0.0,
        0,
    )


def test_slow_status_polls_are_what_takes_the_time():
    """Batches are done when all have been asked about."""
    made = plan(*same(5000), Settings(status_per_minute=6), now_ms=NOW)
    assert made.batch.seconds == 90.0


def test_tokens_are_renewed():
    """A run longer than a token's life creates more than one."""
    made = plan(*same(800_000, ends=NOW + 20 * HOUR), Settings(), now_ms=NOW)
    assert made.realtime.token_creations == 3


@given(
    st.lists(st.tuples(st.integers(0, 3000), st.integers(1, 4000)), max_size=60),
    st.sampled_from([1.0, 3.0, 50.0]),
    st.integers(1, 3),
)
def test_the_fast_walk_agrees_with_sending_row_by_row(windows, per_second, tokens):
    """Expired and late rows are those that a plain loop finds."""
    starts = times(*(NOW + start for start, _ in windows))
    ends = times(*(NOW + start + length for start, length in windows))
    set_ = Settings(realtime_per_second=per_second, tokens=tokens)
    made = plan(starts, ends, set_, now_ms=NOW).realtime
    place = expired = late = 0
    for index in np.argsort(starts, kind="stable"):
        turn = int(NOW + place * (1000.0 / (per_second * tokens)))
        if ends[index] <= turn:
            expired += 1
            continue
        place += 1
        late += bool(starts[index] < turn)
    assert (made.expired, made.late) == (expired, late)
