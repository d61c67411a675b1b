"""The states of a row as pure code: what an event makes of it, and that nothing else is possible.

`TRANSITIONS` is the one list of what a row can do; docs/life-cycle.md draws it, and a test compares
the two. Events are applied by `apply_event`, which refuses what is not listed. What one statement
does to many rows at once is a `Step`; its SQL is built from the same list (`states_before`,
`in_states`, `case_after`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
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
    from collections.abc import Iterable, Mapping

    from bulkcall.ledger.model import Event

READY, SENDING, DOUBT, HELD = RowState.READY, RowState.SENDING, RowState.DOUBT, RowState.HELD
ACCEPTED, SUCCESS, ERROR = RowState.ACCEPTED, RowState.SUCCESS, RowState.ERROR
REFUSED, MISSING, FAILED = RowState.REFUSED, RowState.MISSING, RowState.FAILED
EXPIRED, DUPLICATE = RowState.EXPIRED, RowState.DUPLICATE

WAITING = frozenset({READY, DOUBT})
"""The states of rows whose turn may come."""
UNSETTLED = frozenset({DOUBT, HELD, ACCEPTED, MISSING})
"""The states in which the server may still have something new to say of a row."""
REPEATED = frozenset({SENDING, DOUBT, HELD, ACCEPTED, SUCCESS, MISSING})
"""The states of an earlier run's rows that make an equal one a duplicate: what was rejected may be
sent again."""
_LISTED = frozenset({ACCEPTED, SUCCESS, ERROR, MISSING})


class Step(StrEnum):
    """What a single statement does to many rows; each state before has one state after."""

    TAKE = "take"
    """About to be sent: written down before the first byte leaves."""
    EXPIRE = "expire"
    """`ends_at` passed before the row's turn."""
    RECOVER = "recover"
    """The process that was sending it died."""
    MARK_DUPLICATE = "mark_duplicate"
    """Equals an earlier row of the file, or one that an earlier run sent."""
    ADOPT = "adopt"
    """Stands in a batch that something else sent."""


TRANSITIONS: Mapping[type[Event] | Step, Mapping[RowState, frozenset[RowState]]] = {
    Step.TAKE: {READY: frozenset({SENDING}), DOUBT: frozenset({SENDING})},
    Step.EXPIRE: {READY: frozenset({EXPIRED}), DOUBT: frozenset({HELD})},
    Step.RECOVER: {SENDING: frozenset({DOUBT})},
    Step.MARK_DUPLICATE: {READY: frozenset({DUPLICATE})},
    Step.ADOPT: {READY: frozenset({ACCEPTED})},
    GivenBack: {SENDING: WAITING},
    TurnedAway: {SENDING: frozenset({READY, DOUBT, FAILED, HELD})},
    Doubtful: {SENDING: frozenset({DOUBT, HELD})},
    BatchAccepted: {SENDING: frozenset({ACCEPTED})},
    BatchSplit: {SENDING: WAITING},
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
"""Event or step → state before → states after. What is not listed can't happen."""


def state_after(step: Step, before: RowState) -> RowState:
    """Return the one state that a step leads to."""
    (after,) = TRANSITIONS[step][before]
    return after


def in_states(states: Iterable[RowState]) -> str:
    """Return the SQL condition's right side: `IN (0, 2)`."""
    return f"IN ({', '.join(str(int(state)) for state in sorted(states))})"


def states_before(step: Step) -> str:
    """Return the SQL `IN (…)` of the states that a step begins in."""
    return in_states(TRANSITIONS[step])


def case_after(step: Step) -> str:
    """Return the SQL expression of the state after a step, given the column `state`."""
    cases = " ".join(
        f"WHEN {int(before)} THEN {int(state_after(step, before))}"
        for before in sorted(TRANSITIONS[step])
    )
    return f"CASE state {cases} END"


EXPIRED_MESSAGE = "its ends_at passed before its turn came"
EXPIRED_IN_DOUBT_MESSAGE = (
    "an earlier try may have been taken; its ends_at passed before it could be sent again"
)
RECOVERED_MESSAGE = "the program ended while this row was being sent; the try may have been taken"


class IllegalTransitionError(Exception):
    """An event came to a row whose state does not allow it. The text names both, not the row."""


@dataclass(frozen=True, slots=True)
class RowStatus:
    """All that changes in a row after it was loaded."""

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
    code: str | None = None


def apply_event(row: RowStatus, event: Event) -> RowStatus:  # noqa: PLR0911 - one return an event
    """Return the row's status after an event.

    Raises IllegalTransitionError where the row's state does not allow it.
    """
    match event:
        case GivenBack():
            return _to(_taken_back(row), event, _waiting(row))
        case TurnedAway():
            return _turned_away(row, event)
        case Doubtful():
            return _to(
                row,
                event,
                DOUBT if event.again else HELD,
                doubtful=True,
                tries=row.tries + 1,
                http_status=event.http_status,
                message=event.message,
                field=None,
            )
        case BatchAccepted():
            return _to(row, event, ACCEPTED, http_status=event.http_status, message=None)
        case BatchSplit():
            return _to(
                row,
                event,
                _waiting(row),
                http_status=event.http_status,
                message=event.message,
            )
        case Refused():
            return _to(
                row,
                event,
                REFUSED,
                doubtful=False,
                http_status=event.http_status,
                message=event.message,
                field=event.field or None,
            )
        case Answered():
            return _to(
                row,
                event,
                SUCCESS if event.success else ERROR,
                doubtful=False,
                http_status=event.http_status,
                confirmed_at=event.at,
                message=event.message or None,
                field=event.field or None,
                code=None if event.success else event.code or None,
            )
        case Confirmed():
            return _confirmed(row, event)
        case Expired():
            return _expired(row, event)


def _to(row: RowStatus, event: Event, state: RowState, **changes: object) -> RowStatus:
    if state not in TRANSITIONS[type(event)].get(row.state, ()):
        raise IllegalTransitionError(
            f"{type(event).__name__} can't take a row from {row.state.name} to {state.name}"
        )
    return replace(row, state=state, **changes)  # type: ignore[arg-type]


def _waiting(row: RowStatus) -> RowState:
    return DOUBT if row.doubtful else READY


def _taken_back(row: RowStatus) -> RowStatus:
    """Undo what taking the row did: the try did not happen."""
    attempts = max(0, row.attempts - 1)
    return replace(
        row,
        attempts=attempts,
        sent_at=row.earlier_sent_at if attempts else None,
        earlier_sent_at=None,
        batch=row.earlier_batch,
        earlier_batch=None,
    )


def _turned_away(row: RowStatus, event: TurnedAway) -> RowStatus:
    ended = HELD if row.doubtful else FAILED
    state = ended if event.final else _waiting(row)
    return _to(
        _taken_back(row),
        event,
        state,
        tries=row.tries + (1 if event.spend_try else 0),
        http_status=event.http_status,
        message=event.message,
        field=None,
    )


def _expired(row: RowStatus, event: Expired) -> RowStatus:
    before = _taken_back(row) if row.state is SENDING else row
    if row.doubtful or row.state is DOUBT:
        return _to(before, event, HELD, message=event.message or EXPIRED_IN_DOUBT_MESSAGE)
    return _to(before, event, EXPIRED, message=event.message or EXPIRED_MESSAGE)


def _confirmed(row: RowStatus, event: Confirmed) -> RowStatus:
    """Better evidence decides: that the server applied a record stands over all else it says."""
    settled = event.state in (SUCCESS, ERROR)
    if row.state is SUCCESS or (row.state is ERROR and event.state is not SUCCESS):
        if event.state is ERROR and row.state is SUCCESS:
            said = f"another try of it ended in error: {event.message}".rstrip(": ")
            return _to(row, event, SUCCESS, message=said)
        return _to(row, event, row.state)
    message = event.message
    if row.state is ERROR:
        message = f"another try of it ended in error: {row.message or ''}".rstrip(": ")
    return _to(
        row,
        event,
        event.state,
        doubtful=row.doubtful and not settled,
        confirmed_at=event.at if settled else row.confirmed_at,
        matched=str(event.match) if event.match is not Match.NONE else None,
        record_id=event.record_id or None,
        message=message or None,
        field=event.field or None,
        code=event.code or None if event.state is ERROR else None,
    )
