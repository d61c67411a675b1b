"""What is to be done next for a file that an earlier process began: pure, so each case is tested.

============================  ===========================  ====================================
the ledger's run              the file in the inbox        next
============================  ===========================  ====================================
(any, and the claim has a     (any)                        put it there
fate)
none, loading                 the claimed one              begin again; failed after so many
                                                           deaths
none, loading                 another one, or gone         forget the claim: nothing was sent
abandoned (unreadable)        (any)                        forget the claim; the file is begun
                                                           anew, and it is said what is wrong
sending, confirming, stopped  the claimed one, another     resume
sending, confirming, stopped  gone                         leave the run stopped
stopped, a person must look   (any)                        failed
withheld                      (any)                        failed
finished                      (any)                        done
============================  ===========================  ====================================
"""

from __future__ import annotations

from enum import Enum, auto
from typing import TYPE_CHECKING

from bulkcall.ledger import RunState

if TYPE_CHECKING:
    from bulkcall.inbox.claims import Claim
    from bulkcall.ledger import RunInfo

MOST_STARTS = 5
"""So many times may a process die over loading one file before a person has to look at it."""

UNFINISHED = frozenset({RunState.LOADING, RunState.SENDING, RunState.CONFIRMING, RunState.STOPPED})
_NOTHING_SENT = (None, RunState.LOADING, RunState.ABANDONED)


class FileAtClaim(Enum):
    """What lies in the inbox under a claim's name."""

    SAME = auto()
    OTHER = auto()
    NOTHING = auto()


class RecoveryStep(Enum):
    """What is to be done next."""

    PUT_AWAY = auto()
    """Put the file away: to `done/` or `failed/`."""
    BEGIN = auto()
    RESUME = auto()
    FORGET = auto()
    """The claim means nothing any more."""
    LEAVE = auto()
    """The file was taken out of the inbox: its run stays stopped."""


def next_step(  # noqa: PLR0911 - one return a line of the table above
    claim: Claim, run: RunInfo | None, found: FileAtClaim
) -> tuple[RecoveryStep, str, str]:
    """Return the step and, where it is PUT_AWAY, the fate (`done`, `failed`) and why.

    `run` is the ledger's, None where it knows none of this id.
    """
    state = run.state if run else None
    reason = run.reason if run else ""
    cause = run.stop_cause if run else None
    if claim.fate:
        return RecoveryStep.PUT_AWAY, claim.fate, claim.why
    if state is RunState.FINISHED:
        return RecoveryStep.PUT_AWAY, "done", ""
    if state is RunState.WITHHELD:
        return (
            RecoveryStep.PUT_AWAY,
            "failed",
            reason or "too many of its rows are invalid: nothing was sent",
        )
    if state is RunState.STOPPED and cause is not None and cause.ends_unattended:
        return RecoveryStep.PUT_AWAY, "failed", reason
    if state not in _NOTHING_SENT:
        return RecoveryStep.LEAVE if found is FileAtClaim.NOTHING else RecoveryStep.RESUME, "", ""
    if state is RunState.ABANDONED or found is not FileAtClaim.SAME:
        return RecoveryStep.FORGET, "", ""
    if claim.starts >= MOST_STARTS:
        why = f"bulkcall died {claim.starts} times while loading it; nothing of it was sent"
        return RecoveryStep.PUT_AWAY, "failed", why
    return RecoveryStep.BEGIN if state is None else RecoveryStep.RESUME, "", ""
