"""The life of a row as pure code: what an event makes of it, and that nothing else is possible.

`TRANSITIONS` lists every step a row can take; docs/life-cycle.md draws it. The functions below say
which step an event causes; each goes through `_to`, which refuses a step that is not listed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bulkcall.ledger.model import (
    Answered,
    BatchAccepted,
    BatchSplit,
    Confirmed,
    Doubtful,
    Expired,
    GivenBack,
    Refused,
    TurnedAway,
)
from bulkcall.records import Match, RowState

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bulkcall.ledger.model import Event

READY, SENDING, DOUBT, HELD = RowState.READY, RowState.SENDING, RowState.DOUBT, RowState.HELD
ACCEPTED, SUCCESS, ERROR = RowState.ACCEPTED, RowState.SUCCESS, RowState.ERROR
REFUSED, MISSING, FAILED = RowState.REFUSED, RowState.MISSING, RowState.FAILED
EXPIRED = RowState.EXPIRED

_WAITING = frozenset({READY, DOUBT})
_LISTED = frozenset({ACCEPTED, SUCCESS, ERROR, MISSING})

TRANSITIONS: Mapping[type[Event], Mapping[RowState, frozenset[RowState]]] = {
    GivenBack: {SENDING: _WAITING},
    TurnedAway: {SENDING: frozenset({READY, DOUBT, FAILED, HELD})},
    Doubtful: {SENDING: frozenset({DOUBT, HELD})},
    BatchAccepted: {SENDING: frozenset({ACCEPTED})},
    BatchSplit: {SENDING: _WAITING},
    Refused: {SENDING: frozenset({REFUSED})},
    Answered: {SENDING: frozenset({SUCCESS, ERROR})},
    Confirmed: {
        ACCEPTED: _LISTED,
        MISSING: _LISTED,
        DOUBT: _LISTED,
        HELD: _LISTED,
        ERROR: frozenset({ERROR, SUCCESS}),
        SUCCESS: frozenset({SUCCESS}),
    },
    Expired: {
        READY: frozenset({EXPIRED}),
        DOUBT: frozenset({HELD}),
        SENDING: frozenset({EXPIRED, HELD}),
    },
}
"""Event → state before → states after. What is not listed can't happen."""

EXPIRED_MESSAGE = "its ends_at passed before its turn came"
EXPIRED_IN_DOUBT_MESSAGE = (
    "an earlier try may have been taken; its ends_at passed before it could be sent again"
)
RECOVERED_MESSAGE = "the program ended while this row was going out; the try may have been taken"


class IllegalTransitionError(Exception):
    """An event came to a row whose state does not allow it. The text names both, not the row."""


@dataclass(frozen=True, slots=True)
class RowStatus:
    """What changes in a row after it was loaded."""

    state: RowState
    attempts: int = 0
    """How many times it was sent or may have been."""
    tries: int = 0
    """How many of its allowed tries are spent."""
    doubtful: bool = False
    """A try may have been taken, and the server has not said since what became of the row."""
    batch: int | None = None
    earlier_batch: int | None = None
    """Where the row stood before its present try, for when the try is taken back."""
    sent_at: int | None = None
    earlier_sent_at: int | None = None
    http_status: int | None = None
    confirmed_at: int | None = None
    record_id: str | None = None
    matched: str | None = None
    field: str | None = None
    message: str | None = None


def apply_event(life: RowStatus, event: Event) -> RowStatus:  # noqa: PLR0911 - one return an event
    """Give the row's life after an event.

    Raises IllegalStepError where the row's state does not allow it.
    """
    match event:
        case GivenBack():
            return _to(_taken_back(life), event, _waiting(life))
        case TurnedAway():
            return _turned_away(life, event)
        case Doubtful():
            return _to(
                life,
                event,
                DOUBT if event.again else HELD,
                doubtful=True,
                tries=life.tries + 1,
                http_status=event.http_status,
                message=event.message,
                field=None,
            )
        case BatchAccepted():
            return _to(life, event, ACCEPTED, http_status=event.http_status, message=None)
        case BatchSplit():
            return _to(
                life,
                event,
                _waiting(life),
                http_status=event.http_status,
                message=event.message,
            )
        case Refused():
            return _to(
                life,
                event,
                REFUSED,
                doubtful=False,
                http_status=event.http_status,
                message=event.message,
                field=event.field or None,
            )
        case Answered():
            return _to(
                life,
                event,
                SUCCESS if event.success else ERROR,
                doubtful=False,
                http_status=event.http_status,
                confirmed_at=event.at,
                message=event.message or None,
                field=event.field or None,
            )
        case Confirmed():
            return _confirmed(life, event)
        case Expired():
            return _expired(life, event)


def _to(life: RowStatus, event: Event, state: RowState, **changes: object) -> RowStatus:
    if state not in TRANSITIONS[type(event)].get(life.state, ()):
        raise IllegalTransitionError(
            f"{type(event).__name__} can't take a row from {life.state.name} to {state.name}"
        )
    return replace(life, state=state, **changes)  # type: ignore[arg-type]


def _waiting(life: RowStatus) -> RowState:
    return DOUBT if life.doubtful else READY


def _taken_back(life: RowStatus) -> RowStatus:
    """Undo what taking the row did: the try did not happen."""
    attempts = max(0, life.attempts - 1)
    return replace(
        life,
        attempts=attempts,
        sent_at=life.earlier_sent_at if attempts else None,
        earlier_sent_at=None,
        batch=life.earlier_batch,
        earlier_batch=None,
    )


def _turned_away(life: RowStatus, event: TurnedAway) -> RowStatus:
    ended = HELD if life.doubtful else FAILED
    state = ended if event.final else _waiting(life)
    return _to(
        _taken_back(life),
        event,
        state,
        tries=life.tries + (1 if event.spend_try else 0),
        http_status=event.http_status,
        message=event.message,
        field=None,
    )


def _expired(life: RowStatus, event: Expired) -> RowStatus:
    before = _taken_back(life) if life.state is SENDING else life
    if life.doubtful or life.state is DOUBT:
        return _to(before, event, HELD, message=event.message or EXPIRED_IN_DOUBT_MESSAGE)
    return _to(before, event, EXPIRED, message=event.message or EXPIRED_MESSAGE)


def _confirmed(life: RowStatus, event: Confirmed) -> RowStatus:
    """Better evidence decides: that the server applied a record stands over all else it says."""
    settled = event.state in (SUCCESS, ERROR)
    if life.state is SUCCESS or (life.state is ERROR and event.state is not SUCCESS):
        if event.state is ERROR and life.state is SUCCESS:
            said = f"another try of it ended in error: {event.message}".rstrip(": ")
            return _to(life, event, SUCCESS, message=said)
        return _to(life, event, life.state)
    message = event.message
    if life.state is ERROR:
        message = f"another try of it ended in error: {life.message or ''}".rstrip(": ")
    return _to(
        life,
        event,
        event.state,
        doubtful=life.doubtful and not settled,
        confirmed_at=event.at if settled else life.confirmed_at,
        matched=str(event.match) if event.match is not Match.NONE else None,
        record_id=event.record_id or None,
        message=message or None,
        field=event.field or None,
    )
