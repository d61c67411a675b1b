"""Properties of matching: right, or said to be unknown; whatever the listing's order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from bulkcall.reconcile.matching import match
from bulkcall.records import Match, RowState
from tests.unit.reconcile.campaigns import WORDS, scenes

if TYPE_CHECKING:
    import random


def never_wrong(scene):
    """Hold a scene's verdicts against its truth."""
    for verdict in match(scene.rows, scene.listed).verdicts:
        words = scene.truth[verdict.row]
        if verdict.state is RowState.SUCCESS:
            assert words == {"success"}, verdict
        elif verdict.state is RowState.ERROR:
            assert words == {"error"}, verdict
        elif verdict.state is RowState.MISSING:
            assert not words, verdict
        else:
            assert verdict.message, "an open row says why"


@given(scenes(new_ids=False))
@settings(max_examples=150)
def test_look_alikes_with_omissions_and_strangers_are_right_or_unknown(scene):
    """Rows that look alike, some left out, strangers between: no end is claimed wrongly."""
    never_wrong(scene)


@given(scenes(omissions=False))
@settings(max_examples=150)
def test_look_alikes_listed_twice_and_contradicting_are_right_or_unknown(scene):
    """Rows that look alike, listed twice with other words: no end is claimed wrongly."""
    never_wrong(scene)


@given(scenes(stamped=True))
@settings(max_examples=150)
def test_with_stamps_everything_at_once_is_right_or_unknown(scene):
    """With stamps: omissions, doubles, contradictions and strangers together claim no wrong end."""
    never_wrong(scene)


@given(scenes(stamped=True, new_ids=False))
@settings(max_examples=150)
def test_with_stamps_every_masking_is_exact(scene):
    """With stamps, each listed row gets just the server's word, each left out row none."""
    for verdict in match(scene.rows, scene.listed).verdicts:
        words = scene.truth[verdict.row]
        if not words:
            assert verdict.state is RowState.MISSING
            continue
        (word,) = words
        assert verdict.state is WORDS[word]
        assert verdict.match in (Match.NUMBER, Match.STAMP)
        assert verdict.record_id == f"id-{verdict.row}"


@given(scenes(), st.randoms(use_true_random=False))
@settings(max_examples=150)
def test_no_permutation_of_the_listing_changes_any_outcome(scene, rng: random.Random):
    """The server's order is no evidence: shuffled, a listing says the same, word for word."""
    shuffled = list(scene.listed)
    rng.shuffle(shuffled)
    assert match(scene.rows, shuffled) == match(scene.rows, scene.listed)


@given(scenes(), st.randoms(use_true_random=False))
@settings(max_examples=100)
def test_no_permutation_of_the_rows_changes_any_outcome(scene, rng: random.Random):
    """Nor is the order in which the rows were sent."""
    shuffled = list(scene.rows)
    rng.shuffle(shuffled)
    one, other = match(scene.rows, scene.listed), match(shuffled, scene.listed)
    assert sorted(one.verdicts) == sorted(other.verdicts)
    assert one.unexpected == other.unexpected


@given(scenes())
@settings(max_examples=150)
def test_strangers_are_unexpected_and_nothing_else_is(scene):
    """Each record that was never sent is reported, and no record that was."""
    found = match(scene.rows, scene.listed).unexpected
    assert {one.record_id for one in found} == {f"stranger-{n}" for n in range(scene.strangers)}


@given(scenes(stamped=True), st.data())
@settings(max_examples=100)
def test_more_of_the_listing_never_takes_a_row_to_the_other_end(scene, data):
    """A late part of the listing may open a question, but turns no success into an error."""
    cut = data.draw(st.integers(0, len(scene.listed)))
    early = match(scene.rows, scene.listed[:cut]).verdicts
    late = match(scene.rows, scene.listed).verdicts
    for before, after in zip(early, late, strict=True):
        if before.settled and after.settled:
            assert before.state is after.state
