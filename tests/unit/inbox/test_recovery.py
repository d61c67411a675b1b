"""What is done next with a file that an earlier process began."""

from __future__ import annotations

import itertools

import pytest

from bulkcall.inbox.claims import Claim
from bulkcall.inbox.incoming import Signature
from bulkcall.inbox.recovery import MOST_STARTS, UNFINISHED, Lies, RecoveryStep, next_step
from bulkcall.ledger import RunState
from bulkcall.run.deliver import CANARY

CLAIM = Claim("r", "a.csv", "0" * 64, Signature(1, 1, 1), starts=1)
ALL = [None, *RunState]


@pytest.mark.parametrize(("state", "lies"), list(itertools.product(ALL, Lies)))
def test_nothing_is_begun_twice(state, lies):
    """Begun only where the ledger knows no run; resumed only where it is not over."""
    step, fate, _ = next_step(CLAIM, state, "", lies)
    assert step is not RecoveryStep.BEGIN or state is None
    assert step is not RecoveryStep.RESUME or state in UNFINISHED
    assert (fate == "done") == (state is RunState.FINISHED)


@pytest.mark.parametrize(("state", "lies"), list(itertools.product(ALL, Lies)))
def test_what_is_decided_is_carried_out(state, lies):
    """A claim with a fate is put away, whatever has happened since."""
    decided = Claim("r", "a.csv", "", Signature(1, 1, 1), fate="failed", why="because")
    assert next_step(decided, state, "", lies) == (RecoveryStep.STOW, "failed", "because")


@pytest.mark.parametrize("state", [RunState.SENDING, RunState.CONFIRMING, RunState.STOPPED])
@pytest.mark.parametrize(
    ("lies", "step"),
    [
        (Lies.SAME, RecoveryStep.RESUME),
        (Lies.OTHER, RecoveryStep.RESUME),
        (Lies.NOTHING, RecoveryStep.LEAVE),
    ],
)
def test_a_run_that_has_sent_goes_on_unless_its_file_was_taken_out(state, lies, step):
    """Written over by the next night's file it goes on from the ledger."""
    assert next_step(CLAIM, state, "", lies)[0] is step


@pytest.mark.parametrize("state", [None, RunState.LOADING])
def test_a_file_that_changed_before_it_was_loaded_is_begun_as_a_new_one(state):
    """Nothing of the old content was sent, so its claim means nothing."""
    assert next_step(CLAIM, state, "", Lies.OTHER)[0] is RecoveryStep.FORGET
    assert next_step(CLAIM, state, "", Lies.NOTHING)[0] is RecoveryStep.FORGET


@pytest.mark.parametrize("state", [None, RunState.LOADING])
def test_a_file_that_ends_every_process_keeps_no_other_waiting_for_ever(state):
    """After so many deaths over loading it a person has to look."""
    starts = {"run_id": "r", "name": "a.csv", "sha256": "", "signature": Signature(1, 1, 1)}
    tried = Claim(**starts, starts=MOST_STARTS)
    step, fate, why = next_step(tried, state, "", Lies.SAME)
    assert (step, fate) == (RecoveryStep.STOW, "failed")
    assert "died" in why


def turned_down_reason():
    """Give what the sender says when most rows end the same bad way."""
    from bulkcall.errors import TurnedDownError
    from bulkcall.send.server_health import ServerHealth

    health = object.__new__(ServerHealth)
    health._tally = type("Full", (), {"verdict": "all bad", "note": lambda *_: None})()
    with pytest.raises(TurnedDownError) as told:
        health.settled(type("Ruling", (), {"settled": [], "reason": ""})())
    return str(told.value)


@pytest.mark.parametrize(
    "reason",
    [f"{CANARY}the first 5 rows were not confirmed (5 error); the rest was not sent", ""],
)
def test_a_campaign_that_was_stopped_to_save_it_is_not_resumed_by_itself(reason):
    """A canary that failed, and most rows turned down: a person has to look first."""
    told = reason or turned_down_reason()
    assert next_step(CLAIM, RunState.STOPPED, told, Lies.SAME)[:2] == (RecoveryStep.STOW, "failed")
