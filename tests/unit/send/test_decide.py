"""What becomes of a request's rows, failure by failure."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkcall.api import (
    BadRequest,
    BatchAnswer,
    ClientError,
    NoAnswer,
    NoToken,
    RateLimited,
    RealtimeAnswer,
    ServerFault,
    Unavailable,
    Unreachable,
    Unreadable,
)
from bulkcall.ledger import (
    Answered,
    BatchAccepted,
    BatchSplit,
    Doubtful,
    ReadyRow,
    TurnedAway,
)
from bulkcall.ledger import Refused as RowRefused
from bulkcall.records import CallRecord, RowState
from bulkcall.send import decide
from bulkcall.send.outbound import OutboundRequest
from bulkcall.send.retry import Backoff

FAILURES = [
    NoAnswer("timed out"),
    ServerFault("broken", http_status=500),
    Unreadable("odd", http_status=200),
    RateLimited("slow"),
    NoToken("none"),
    Unavailable("busy"),
    Unreachable("refused", requests=0),
    ClientError("forbidden", http_status=403),
    ClientError("large", http_status=413),
    BadRequest("bad", field="ends_at"),
]


def request(*tries, batch=None):
    """A request of rows that have spent so many tries."""
    rows = [
        ReadyRow(n, CallRecord("91", f"91{n}", 0, 10), 0, spent, RowState.READY)
        for n, spent in enumerate(tries, 1)
    ]
    return OutboundRequest(
        rows, stamps=None if batch is None else {r.row: 10 for r in rows}, batch=batch
    )


def rule(sent, failure, **changes):
    """Rule with whole numbers."""
    options = {
        "at": 5,
        "max_tries": 3,
        "resend": True,
        "away": False,
        "backoff": Backoff(1.0, 8.0, lambda: 0.5),
    }
    return decide.failed(sent, failure, **(options | changes))


def rows_of(event):
    """The rows that an event is about; None: the whole batch."""
    if isinstance(event, BatchSplit):
        return None
    return [event.row] if isinstance(event, RowRefused) else list(event.rows)


@given(
    st.lists(st.integers(0, 4), min_size=1, max_size=9),
    st.sampled_from(FAILURES),
    st.booleans(),
    st.booleans(),
)
def test_every_row_gets_exactly_one_fate(tries, failure, resend, away):
    """Each row stands in one event, and is either settled or goes again, never both."""
    sent = request(*tries, batch=None if len(tries) == 1 else 7)
    decision = rule(sent, failure, resend=resend, away=away)
    told = [row for event in decision.events for row in rows_of(event) or sent.numbers]
    again = [row for part in decision.later for row in part.rows]
    assert sorted(told) == sent.numbers
    assert decision.settled + len(again) == len(sent.rows)
    assert len(set(again)) == len(again)


@pytest.mark.parametrize("failure", [RateLimited("slow"), NoToken("none")])
def test_a_pause_costs_no_try(failure):
    """429 and a missing token: at once back to the line, no try spent."""
    decision = rule(request(2), failure)
    (event,) = decision.events
    assert (event.spend_try, event.final) == (False, False)
    assert decision.later[0].wait == 0.0


@pytest.mark.parametrize("failure", [Unavailable("busy"), Unreachable("refused")])
def test_turned_away_spends_a_try_then_fails(failure):
    """503 and no connection: tries 1 and 2 wait their backoff, the third is the last."""
    early, last = rule(request(0), failure), rule(request(2), failure)
    assert isinstance(early.events[0], TurnedAway)
    assert (early.events[0].spend_try, early.events[0].final) == (True, False)
    assert early.later[0].wait == 0.5
    assert last.events[0].final
    assert last.settled == 1


def test_a_server_that_is_away_costs_nothing():
    """While the breaker is open, being turned away spends no try and ends no row."""
    (event,) = rule(request(2), Unreachable("refused"), away=True).events
    assert (event.spend_try, event.final) == (False, False)


def test_retry_after_on_a_503_is_waited_for():
    """The server's own time counts where it is longer than the backoff, up to the cap."""
    decision = rule(request(0), Unavailable("busy", retry_after=5.0))
    assert decision.later[0].wait == 5.0
    assert rule(request(0), Unavailable("busy", retry_after=500.0)).later[0].wait == 8.0


@pytest.mark.parametrize("failure", [NoAnswer("timed out"), ServerFault("x", http_status=502)])
def test_doubt_goes_again_until_tries_are_spent_and_never_fails(failure):
    """No answer, 500, 502, 504: again by default, held at the end, held at once with hold."""
    assert rule(request(0), failure).events == [
        Doubtful([1], 5, failure.http_status, failure.message, again=True)
    ]
    assert not rule(request(2), failure).events[0].again
    assert not rule(request(0), failure, resend=False).events[0].again


def test_an_unreadable_200_is_never_resent_by_itself():
    """It was answered: held, even with tries left."""
    decision = rule(request(0), Unreadable("odd", http_status=200))
    assert not decision.events[0].again
    assert not decision.later


def test_a_mixed_batch_is_told_row_by_row():
    """Rows whose tries are spent end; the others of the same batch go again together."""
    decision = rule(request(0, 2, 1, batch=7), Unavailable("busy"))
    assert [(list(e.rows), e.final) for e in decision.events] == [([2], True), ([1, 3], False)]
    assert decision.later[0].rows == [1, 3]


def test_a_refused_batch_is_halved():
    """400 without a hint: two halves, at once."""
    decision = rule(request(0, 0, 0, 0, 0, batch=7), BadRequest("Request body is invalid"))
    assert isinstance(decision.events[0], BatchSplit)
    assert [list(part.rows) for part in decision.later] == [[1, 2], [3, 4, 5]]
    assert all(part.urgent for part in decision.later)


@pytest.mark.parametrize(
    ("field", "message"),
    [
        ("call_records[3].ends_at", ""),
        ("call_records.3.ends_at", "Request body is invalid"),
        ("", "record 3 is invalid: ends_at"),
        ("records[3]", ""),
    ],
)
def test_a_batch_refusal_that_names_a_record_is_split_there(field, message):
    """An index in field or message is where the batch is split, while such hints prove right."""
    failure = BadRequest(message, field=field)
    decision = rule(request(0, 0, 0, 0, 0, batch=7), failure)
    assert [list(part.rows) for part in decision.later] == [[4], [1, 2, 3, 5]]
    assert decision.named == 4
    assert rule(request(0, 0, batch=7), failure, hints=False).named is None


@pytest.mark.parametrize(
    "message",
    [
        "Request body is invalid: ends_at cannot be older than current time",
        "the window may be at most 24 hours",
        "at most 500 records",
        "record 700 is invalid",
    ],
)
def test_other_numbers_are_no_hint(message):
    """A number that names no record of this batch is not taken for one."""
    assert decide.hinted(BadRequest(message, field="ends_at"), 500) is None


def test_a_refused_row_keeps_field_and_message():
    """400 for one record is final, with the server's words."""
    decision = rule(request(0), BadRequest("too old", field="ends_at"))
    assert decision.events == [RowRefused(1, 5, 400, "too old", "ends_at")]
    assert decision.reason == "ends_at too old"


def test_good_answers():
    """A read 200 settles a row or a batch; another status than success is an error."""
    one, some = request(0), request(0, 0, batch=7)
    said = RealtimeAnswer(success=False, http_status=200, message="Failed to push")
    failed = Answered(1, 5, success=False, http_status=200, message="Failed to push")
    assert decide.answered(one, said, at=5).events == [replace(failed, code="api.failed_to_push")]
    decision = decide.answered(some, BatchAnswer("b-1", 200), at=5)
    assert (decision.events, decision.settled) == ([BatchAccepted(7, "b-1", 5, 200)], 2)
