"""What is done next with a file that an earlier process began."""

from __future__ import annotations

import itertools
from types import SimpleNamespace

import pytest

from bulkcall.errors import StopCause
from bulkcall.inbox.claims import Claim
from bulkcall.inbox.incoming import Signature
from bulkcall.inbox.recovery import MOST_STARTS, UNFINISHED, FileAtClaim, RecoveryStep, next_step
from bulkcall.ledger import RunState

CLAIM = Claim("r", "a.csv", "0" * 64, Signature(1, 1, 1), starts=1)
ALL = [None, *RunState]
WHY = "why it stopped"


def ledger_run(state, cause=None, reason=WHY):
    """Give what the ledger says of a run in this state; None where it knows none."""
    return state and SimpleNamespace(state=state, stop_cause=cause, reason=reason)


@pytest.mark.parametrize(("state", "lies"), list(itertools.product(ALL, FileAtClaim)))
def test_nothing_is_begun_twice(state, lies):
    """Begun only where the ledger knows no run; resumed only where it is not over."""
    step, fate, _ = next_step(CLAIM, ledger_run(state), lies)
    assert step is not RecoveryStep.BEGIN or state is None
    assert step is not RecoveryStep.RESUME or state in UNFINISHED
    assert (fate == "done") == (state is RunState.FINISHED)


@pytest.mark.parametrize(("state", "lies"), list(itertools.product(ALL, FileAtClaim)))
def test_what_is_decided_is_carried_out(state, lies):
    """A claim with a fate is put away, whatever has happened since."""
    decided = Claim("r", "a.csv", "", Signature(1, 1, 1), fate="failed", why="because")
    assert next_step(decided, ledger_run(state), lies) == (
        RecoveryStep.PUT_AWAY,
        "failed",
        "because",
    )


@pytest.mark.parametrize("state", [RunState.SENDING, RunState.CONFIRMING, RunState.STOPPED])
@pytest.mark.parametrize(
    ("lies", "step"),
    [
        (FileAtClaim.SAME, RecoveryStep.RESUME),
        (FileAtClaim.OTHER, RecoveryStep.RESUME),
        (FileAtClaim.NOTHING, RecoveryStep.LEAVE),
    ],
)
def test_a_run_that_has_sent_goes_on_unless_its_file_was_taken_out(state, lies, step):
    """Written over by the next night's file it goes on from the ledger."""
    assert next_step(CLAIM, ledger_run(state), lies)[0] is step


@pytest.mark.parametrize("state", [None, RunState.LOADING])
def test_a_file_that_changed_before_it_was_loaded_is_begun_as_a_new_one(state):
    """Nothing of the old content was sent, so its claim means nothing."""
    assert next_step(CLAIM, ledger_run(state), FileAtClaim.OTHER)[0] is RecoveryStep.FORGET
    assert next_step(CLAIM, ledger_run(state), FileAtClaim.NOTHING)[0] is RecoveryStep.FORGET


@pytest.mark.parametrize("state", [None, RunState.LOADING])
def test_a_file_that_ends_every_process_keeps_no_other_waiting_for_ever(state):
    """After so many deaths over loading it a person has to look."""
    starts = {"run_id": "r", "name": "a.csv", "sha256": "", "signature": Signature(1, 1, 1)}
    tried = Claim(**starts, starts=MOST_STARTS)
    step, fate, why = next_step(tried, ledger_run(state), FileAtClaim.SAME)
    assert (step, fate) == (RecoveryStep.PUT_AWAY, "failed")
    assert "died" in why


@pytest.mark.parametrize("cause", StopCause)
def test_a_campaign_that_was_stopped_to_save_it_is_not_resumed_by_itself(cause):
    """A canary that failed, most rows rejected: a person looks first; else it is resumed."""
    step = next_step(CLAIM, ledger_run(RunState.STOPPED, cause), FileAtClaim.SAME)
    if cause in {StopCause.CANARY, StopCause.REJECTED_SHARE, StopCause.STOP_REQUEST}:
        assert step == (RecoveryStep.PUT_AWAY, "failed", WHY)
    else:
        assert step[0] is RecoveryStep.RESUME


def test_what_the_message_says_decides_nothing():
    """The same words with another cause: resumed."""
    run = ledger_run(RunState.STOPPED, StopCause.OTHER, reason="canary: the rest was not sent")
    assert next_step(CLAIM, run, FileAtClaim.SAME)[0] is RecoveryStep.RESUME
