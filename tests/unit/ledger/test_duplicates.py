"""What an earlier run sent, or may have, goes out once."""

from __future__ import annotations

import pytest

from bulkcall.ledger import (
    Answered,
    BatchAccepted,
    Confirmed,
    Doubtful,
    Placed,
    Refused,
    TurnedAway,
)
from bulkcall.records import Match, RowState
from tests.ledger_parts import HOUR, NOW, invalid, loaded, outcome_rows, take_batch, told, valid


def sent(ledger, run_id="old", rows=(1, 2), **changes):
    """Load a run and let its rows stand in an accepted batch."""
    loaded(ledger, run_id, [valid(row) for row in rows], **changes)
    batch, _ = take_batch(ledger, run_id)
    ledger.record(run_id, [BatchAccepted(batch, "B", NOW, 200)])


def test_what_was_sent_is_a_repeat_and_says_so(ledger):
    """The run, its row and the time it was sent stand in the message."""
    sent(ledger)
    loaded(ledger, "new", [valid(1, receiver_number=1), valid(2), invalid(3)])
    assert ledger.mark_repeats("new") == 1
    assert told(ledger, "new") == {"unsent": 1, "duplicate": 1, "invalid": 1}
    assert outcome_rows(ledger, "new")[2]["message"] == (
        "run old sent the same record (its row 2) at 2027-01-15T08:00:00Z"
    )


@pytest.mark.parametrize(
    ("event", "repeats"),
    [
        (None, 1),
        (Doubtful([1], NOW, None, "no answer", again=True), 1),
        (Doubtful([1], NOW, None, "no answer", again=False), 1),
        (Answered(1, NOW, True, 200), 1),
        (Answered(1, NOW, False, 200, "no"), 0),
        (Refused(1, NOW, 400, "no"), 0),
        (TurnedAway([1], NOW, 503, "away"), 0),
        (TurnedAway([1], NOW, 503, "away", final=True), 0),
    ],
)
def test_what_was_turned_down_may_go_again(ledger, event, repeats):
    """Only rows that stand as success, pending, missing or unknown make a repeat."""
    loaded(ledger, "old", [valid(1)])
    ledger.take_realtime("old", 1, now=NOW, with_doubt=True)
    ledger.record("old", [event] if event else [])
    loaded(ledger, "new", [valid(1)])
    assert ledger.mark_repeats("new") == repeats
    if repeats and not isinstance(event, Answered):
        assert "run old may have sent" in outcome_rows(ledger, "new")[1]["message"]


@pytest.mark.parametrize("state", [RowState.SUCCESS, RowState.MISSING, RowState.ERROR])
def test_confirmed_rows_repeat_unless_they_failed(ledger, state):
    """Success and missing make a repeat, error does not."""
    sent(ledger)
    ledger.record("old", [Confirmed(1, NOW, state, Match.NUMBER)])
    loaded(ledger, "new", [valid(1)])
    assert ledger.mark_repeats("new") == (state is not RowState.ERROR)


@pytest.mark.parametrize(
    "change",
    [
        {"starts_at": NOW + 1},
        {"ends_at": NOW + HOUR - 1},
        {"dynamic_label_name": "Other"},
        {"dynamic_call_reason": "A reason"},
        {"label_id": "a" * 36},
        {"caller_number": 5},
    ],
)
def test_another_record_is_no_repeat(ledger, change):
    """A record that differs in any field goes out, even where the hash is the same."""
    sent(ledger)
    loaded(ledger, "new", [valid(1, **change, identity=valid(1)["identity"])])
    assert ledger.mark_repeats("new") == 0


def test_windows_that_meet_make_a_repeat(ledger):
    """With times from --start and --window, the same list twice in one morning goes out once."""
    sent(ledger, own_times=False)
    again = [valid(1, starts_at=NOW + HOUR - 1, ends_at=NOW + 2 * HOUR)]
    loaded(ledger, "morning", again, own_times=False)
    assert ledger.mark_repeats("morning") == 1
    tomorrow = [valid(1, starts_at=NOW + HOUR, ends_at=NOW + 2 * HOUR)]
    loaded(ledger, "tomorrow", tomorrow, own_times=False)
    assert ledger.mark_repeats("tomorrow") == 0


@pytest.mark.parametrize("change", [{"account": "other"}, {"base_url": "http://127.0.0.1:2"}])
def test_accounts_know_nothing_of_each_other(ledger, change):
    """What one account sent, or sent elsewhere, is no repeat for another."""
    sent(ledger)
    loaded(ledger, "new", [valid(1)], **change)
    assert ledger.mark_repeats("new") == 0


def test_a_run_that_sent_nothing_makes_no_repeat(ledger):
    """A file validated or withheld earlier may be sent."""
    loaded(ledger, "old", [valid(1)])
    loaded(ledger, "new", [valid(1)])
    assert ledger.mark_repeats("new") == 0


def test_two_runs_at_the_same_time_send_a_record_once(ledger):
    """Both looked for repeats before either sent: the second finds out when it takes the row."""
    for run_id in ("a", "b"):
        loaded(ledger, run_id, [valid(1), valid(2), valid(3)])
        ledger.mark_repeats(run_id)
    ledger.take_realtime("a", 2, now=NOW, with_doubt=True)
    assert [row.row for row in ledger.take_realtime("b", 9, now=NOW, with_doubt=True)] == [3]
    assert told(ledger, "b") == {"duplicate": 2, "unknown": 1}
    assert ledger.take_realtime("a", 9, now=NOW, with_doubt=True) == []
    assert told(ledger, "a") == {"unknown": 2, "duplicate": 1}


def test_a_run_to_resend_looks_at_no_other(ledger):
    """`--resend` sends what earlier or simultaneous runs sent too."""
    loaded(ledger, "a", [valid(1)], resend=True)
    sent(ledger)
    assert len(ledger.take_realtime("a", 9, now=NOW, with_doubt=True)) == 1


def test_a_row_in_doubt_is_not_called_a_duplicate(ledger):
    """A row that may have been sent keeps its doubt, whatever another run sent."""
    loaded(ledger, "a", [valid(1)])
    ledger.take_realtime("a", 1, now=NOW, with_doubt=True)
    ledger.recover("a", at=NOW)
    sent(ledger)
    assert [row.row for row in ledger.take_realtime("a", 9, now=NOW, with_doubt=True)] == [1]


def test_rows_that_somebody_else_sent_make_repeats_too(ledger):
    """A batch adopted from elsewhere counts as sent for later runs."""
    loaded(ledger, "old", [valid(1), valid(2)])
    ledger.adopt_batch("old", "B-9", [Placed(1, NOW + HOUR)], at=NOW)
    loaded(ledger, "new", [valid(1), valid(2)])
    assert ledger.mark_repeats("new") == 1
    assert outcome_rows(ledger, "new")[1]["message"] == "run old sent the same record (its row 1)"
