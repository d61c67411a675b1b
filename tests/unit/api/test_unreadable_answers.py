"""When answers that can't be read stop a run."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkcall.api import BATCH_LIMITS, REALTIME_LIMITS, STATUS_LIMITS, UnreadableAnswers

LIMITS = [REALTIME_LIMITS, BATCH_LIMITS, STATUS_LIMITS]
answers = st.lists(st.tuples(st.integers(1, 500), st.booleans()), max_size=300)


def after(limits, noted):
    """A window that has seen these answers."""
    window = UnreadableAnswers(limits)
    for rows, readable in noted:
        window.note(rows, readable=readable)
    return window


@given(st.sampled_from(LIMITS), answers)
def test_only_unreadable_answers_stop_and_some_of_them_must(limits, noted):
    """Never while most recent rows were answered readably and no streak stands."""
    window = after(limits, noted)
    recent = noted[-limits.window :]
    bad = [rows for rows, readable in recent if not readable]
    good = sum(rows for rows, readable in recent if readable)
    streak = next((n for n, (_, ok) in enumerate(reversed(noted)) if ok), len(noted))
    assert window.streak == streak
    assert window.rows == sum(rows for rows, readable in noted if not readable)
    if window.too_many:
        assert streak >= limits.streak or (len(bad) >= limits.least and sum(bad) > good)
    if noted and noted[-1][1]:
        assert not window.suspect


@given(st.sampled_from(LIMITS), answers)
def test_a_page_for_every_request_stops_it_whatever_was_before(limits, noted):
    """Also after a long good stretch, so many unreadable answers in a row are enough."""
    window = after(limits, [*noted, *[(1, False)] * limits.streak])
    assert window.too_many
    assert window.suspect


@given(st.sampled_from(LIMITS), answers)
def test_a_window_of_good_answers_forgets_what_was(limits, noted):
    """A server that is itself again owes nothing to its past."""
    window = after(limits, [*noted, *[(1, True)] * limits.window])
    assert not window.too_many
    assert not window.suspect


@pytest.mark.parametrize("limits", LIMITS)
def test_one_is_enough_to_be_careful_while_nothing_was_read_yet(limits):
    """The first answer of a run: the next request goes alone, and small."""
    assert after(limits, [(500, False)]).suspect
    assert not after(limits, [(500, True)]).suspect


def test_after_a_stop_for_such_answers_the_next_request_is_a_small_one():
    """A run that is resumed into the same page burns one row by it, no batch."""
    window = UnreadableAnswers(BATCH_LIMITS, suspect=True)
    assert window.suspect
    window.note(1, readable=False)
    assert window.suspect
    window = UnreadableAnswers(BATCH_LIMITS, suspect=True)
    window.note(1, readable=True)
    assert not window.suspect


def test_large_batches_that_fail_among_small_ones_that_do_not():
    """Rows are weighed: probes of one row that succeed don't excuse batches that are burnt."""
    window = UnreadableAnswers(BATCH_LIMITS)
    for count in range(1, 5):
        assert not window.too_many
        window.note(500, readable=False)
        window.note(1, readable=True)
        assert window.too_many is (count == BATCH_LIMITS.least)


def test_one_row_in_twenty_that_can_not_be_read_is_that_rows_own_affair():
    """A few odd answers among good ones never stop a run, nor slow it down."""
    window = UnreadableAnswers(REALTIME_LIMITS)
    for number in range(1000):
        window.note(1, readable=number % 20 != 3)
        assert not window.too_many
        assert not window.suspect
