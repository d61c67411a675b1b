"""Habits of servers with times: found from the listing, and no row's end claimed wrongly."""

from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.reconcile.habit_scenes import DEVIATIONS, HABITS, MASKS, judge, make_scene

ENDS = ("success", "error", "mixed")


@given(
    st.sampled_from(sorted(HABITS)),
    st.sampled_from(MASKS),
    st.sampled_from(DEVIATIONS),
    st.sampled_from(ENDS),
    st.integers(0, 2**32),
)
@settings(max_examples=500, deadline=None)
def test_right_or_unknown_under_every_habit(habit, mask, deviation, ends, seed):
    """Whatever a server does to times, masks, leaves out, doubles or adds: no wrong end."""
    scene = make_scene(habit, mask, deviation, ends, random.Random(seed))
    assert judge(scene)["wrong"] == 0
