"""The life of a row as pure code: no event makes an unlisted step, and doubt is never lost."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkcall.ledger import (
    Answered,
    BatchAccepted,
    BatchSplit,
    Confirmed,
    Doubtful,
    Expired,
    GivenBack,
    Refused,
    TurnedAway,
    lifecycle,
)
from bulkcall.ledger.lifecycle import (
    TRANSITIONS,
    IllegalTransitionError,
    RowStatus,
    Step,
    apply_event,
    case_after,
    state_after,
    states_before,
)
from bulkcall.records import Match, Outcome, RowState

UNSENT_WORDS = {Outcome.FAILED, Outcome.EXPIRED, Outcome.UNSENT}

events = st.one_of(
    st.just(GivenBack([1])),
    st.builds(
        TurnedAway,
        st.just([1]),
        st.just(5),
        st.sampled_from([None, 429, 503]),
        st.just("away"),
        spend_try=st.booleans(),
        final=st.booleans(),
    ),
    st.builds(
        Doubtful, st.just([1]), st.just(5), st.just(500), st.just("oops"), again=st.booleans()
    ),
    st.just(BatchAccepted(1, "B", 5, 200)),
    st.just(BatchSplit(1, 5, 400, "no")),
    st.just(Refused(1, 5, 400, "no")),
    st.builds(Answered, st.just(1), st.just(5), st.booleans(), st.just(200)),
    st.builds(
        Confirmed,
        st.just(1),
        st.just(5),
        st.sampled_from([RowState.SUCCESS, RowState.ERROR, RowState.MISSING, RowState.ACCEPTED]),
        st.sampled_from(list(Match)),
    ),
    st.just(Expired([1], 5)),
)


def taken(life: RowStatus) -> RowStatus:
    """Do to a life what taking its row does."""
    return dataclasses.replace(
        life,
        state=RowState.SENDING,
        attempts=life.attempts + 1,
        earlier_sent_at=life.sent_at,
        sent_at=life.attempts,
        earlier_batch=life.batch,
        batch=life.attempts,
    )


@given(st.lists(events, max_size=25))
def test_every_life_keeps_its_promises(history):
    """Through any history of possible events: steps are listed ones, doubt ends as unknown.

    An event that a state does not allow is refused; a row that waits is taken in between.
    """
    life = RowStatus(RowState.READY)
    for event in history:
        if life.state in (RowState.READY, RowState.DOUBT):
            life = taken(life)
        try:
            new = apply_event(life, event)
        except IllegalTransitionError:
            assert TRANSITIONS[type(event)].get(life.state) is None or isinstance(event, Confirmed)
            continue
        assert new.state in TRANSITIONS[type(event)][life.state]
        assert 0 <= new.attempts <= life.attempts
        if new.doubtful:
            assert new.state.outcome not in UNSENT_WORDS
            assert new.attempts > 0
        if new.state is RowState.SUCCESS:
            assert life.state is RowState.SUCCESS or isinstance(event, Answered | Confirmed)
            assert not new.doubtful
        if new.attempts == 0:
            assert new.sent_at is None
        life = new


@pytest.mark.parametrize("event", [name for name in TRANSITIONS if name not in set(Step)])
@pytest.mark.parametrize("state", RowState)
def test_a_state_that_is_not_listed_refuses_the_event(event, state):
    """For each pair of event and state, the step is either listed or refused by name."""
    samples = {
        GivenBack: GivenBack([1]),
        TurnedAway: TurnedAway([1], 5, 503, "away"),
        Doubtful: Doubtful([1], 5, 500, "oops", again=True),
        BatchAccepted: BatchAccepted(1, "B", 5, 200),
        BatchSplit: BatchSplit(1, 5, 400, "no"),
        Refused: Refused(1, 5, 400, "no"),
        Answered: Answered(1, 5, True, 200),
        Confirmed: Confirmed(1, 5, RowState.SUCCESS, Match.NUMBER),
        Expired: Expired([1], 5),
    }
    life = RowStatus(state, attempts=1, doubtful=state is RowState.DOUBT)
    if state in TRANSITIONS[event]:
        assert apply_event(life, samples[event]).state in TRANSITIONS[event][state]
    else:
        with pytest.raises(IllegalTransitionError, match=f"{event.__name__} .* from {state.name}"):
            apply_event(life, samples[event])


def drawn():
    """Give what docs/life-cycle.md draws: (state before, state after) and what leads there."""
    text = (Path(__file__).parents[3] / "docs" / "life-cycle.md").read_text()
    lines = re.findall(r"^    (\w+) --> (\w+): ([\w, ]+)$", text, re.MULTILINE)
    return {(before, after): set(names.split(", ")) for before, after, names in lines}


def test_the_page_draws_what_the_program_does():
    """Each arrow of docs/life-cycle.md with its names is in TRANSITIONS, and none is left out."""
    listed = {}
    for name, steps in TRANSITIONS.items():
        word = name.value if isinstance(name, Step) else name.__name__
        for before, afters in steps.items():
            for after in afters - {before}:
                listed.setdefault((before.name, after.name), set()).add(word)
    assert drawn() == listed


def test_the_statements_are_built_from_the_same_table():
    """No UPDATE of the ledger's code names a state by a figure of its own."""
    for step in Step:
        for before in TRANSITIONS[step]:
            assert f"WHEN {int(before)} THEN {int(state_after(step, before))} " in case_after(step)
            assert str(int(before)) in re.findall(r"\d+", states_before(step))
    folder = Path(lifecycle.__file__).parent
    by_hand = re.compile(r"\bstate (=|IN|in|<>) *\(?[0-9]|WHEN [0-9]")
    frozen = {"migrations.py"}
    for file in folder.glob("*.py"):
        assert file.name in frozen or not by_hand.search(file.read_text()), file


def test_ends_are_ends():
    """No event takes a row out of refused, failed, invalid, duplicate or expired."""
    ends = {
        RowState.REFUSED,
        RowState.FAILED,
        RowState.INVALID,
        RowState.DUPLICATE,
        RowState.EXPIRED,
    }
    assert not ends & {before for steps in TRANSITIONS.values() for before in steps}


def test_expiring_a_row_that_was_taken_takes_its_attempt_back():
    """A row found too late between taking and sending was not sent; doubt makes it unknown."""
    fresh = apply_event(taken(RowStatus(RowState.READY)), Expired([1], 5))
    assert (fresh.state, fresh.attempts, fresh.sent_at) == (RowState.EXPIRED, 0, None)
    doubtful = RowStatus(RowState.DOUBT, attempts=1, doubtful=True, sent_at=3)
    held = apply_event(taken(doubtful), Expired([1], 5))
    assert (held.state, held.attempts, held.sent_at) == (RowState.HELD, 1, 3)
