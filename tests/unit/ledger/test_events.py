"""What happened is written whole or not at all, and better evidence decides."""

from __future__ import annotations

import pytest

from bulkcall.errors import LedgerError
from bulkcall.ledger import (
    Answered,
    BatchAccepted,
    BatchSplit,
    Confirmed,
    Doubtful,
    GivenBack,
    Refused,
    TurnedAway,
)
from bulkcall.records import Match, RowState
from tests.ledger_parts import NOW, loaded, outcome_rows, take_batch, told, valid


def confirmed(row, state, message="", match=Match.NUMBER, record_id=""):
    """Give what batch status says of a row."""
    return Confirmed(row, NOW + 9, state, match, message=message, record_id=record_id)


def accepted(ledger, rows=2):
    """Load rows and let them stand in one accepted batch."""
    loaded(ledger, "run-1", [valid(row) for row in range(1, rows + 1)])
    batch, _ = take_batch(ledger, "run-1")
    ledger.record("run-1", [BatchAccepted(batch, "B-1", NOW + 1, 200)])
    return batch


def test_a_real_time_answer_settles_a_row(ledger):
    """Success and error come from the server's own words, with status, time and message."""
    loaded(ledger, "run-1", [valid(1), valid(2), valid(3)])
    ledger.take_realtime("run-1", 9, now=NOW, with_doubt=True)
    ledger.record(
        "run-1",
        [
            Answered(1, NOW + 1, True, 200),
            Answered(2, NOW + 1, False, 200, "Not a Truecaller user", "receiver_number"),
            Refused(3, NOW + 1, 400, "ends_at cannot be older", "ends_at"),
        ],
        requests=3,
        retries=1,
    )
    rows = outcome_rows(ledger, "run-1")
    assert [rows[row]["outcome"] for row in (1, 2, 3)] == ["success", "error", "refused"]
    assert (rows[1]["http_status"], rows[1]["confirmed_at"], rows[1]["message"]) == (
        200,
        NOW + 1,
        "",
    )
    assert (rows[2]["message"], rows[2]["field"]) == ("Not a Truecaller user", "receiver_number")
    assert (rows[3]["http_status"], rows[3]["field"], rows[3]["attempts"]) == (400, "ends_at", 1)
    assert (ledger.run("run-1").requests, ledger.run("run-1").retries) == (3, 1)


def test_a_batch_is_accepted_then_confirmed(ledger):
    """Rows are pending under the server's batch id until batch status names them."""
    batch = accepted(ledger)
    rows = outcome_rows(ledger, "run-1")
    assert [rows[row]["outcome"] for row in (1, 2)] == ["pending", "pending"]
    assert (rows[1]["batch_id"], rows[1]["http_status"]) == ("B-1", 200)
    [open_batch] = ledger.open_batches("run-1")
    assert (open_batch.batch, open_batch.batch_id, open_batch.size) == (batch, "B-1", 2)
    ledger.record(
        "run-1",
        [
            confirmed(1, RowState.SUCCESS, match=Match.STAMP, record_id="id-1"),
            confirmed(2, RowState.ERROR, "Failed to push"),
        ],
    )
    ledger.note_poll(batch, at=NOW + 9, final=True)
    rows = outcome_rows(ledger, "run-1")
    assert (rows[1]["outcome"], rows[1]["match"], rows[1]["record_id"]) == (
        "success",
        "stamp",
        "id-1",
    )
    assert (rows[2]["outcome"], rows[2]["message"]) == ("error", "Failed to push")
    assert rows[1]["confirmed_at"] == NOW + 9
    assert ledger.open_batches("run-1") == ledger.open_batches("run-1", again=True) == []
    assert (ledger.batches("run-1")[0].state, ledger.batches("run-1")[0].polls) == ("final", 1)


def test_missing_rows_are_asked_for_again(ledger):
    """A final batch that holds a missing row is open once more for `reconcile`."""
    batch = accepted(ledger)
    ledger.record(
        "run-1", [confirmed(1, RowState.MISSING, match=Match.NONE), confirmed(2, RowState.SUCCESS)]
    )
    ledger.note_poll(batch, at=NOW, final=True)
    assert ledger.open_batches("run-1") == []
    assert [found.batch for found in ledger.open_batches("run-1", again=True)] == [batch]
    ledger.record("run-1", [confirmed(1, RowState.SUCCESS)])
    assert told(ledger, "run-1") == {"success": 2}


def test_nothing_is_written_where_one_event_is_impossible(ledger):
    """One bad event undoes the whole call: rows, batches, counts and requests."""
    loaded(ledger, "run-1", [valid(1), valid(2)])
    batch, _ = take_batch(ledger, "run-1", 1)
    bad = [BatchAccepted(batch, "B-1", NOW, 200), Answered(2, NOW, True, 200)]
    with pytest.raises(LedgerError, match="row 2: Answered can't take a row from READY"):
        ledger.record("run-1", bad, requests=5)
    assert told(ledger, "run-1") == {"unknown": 1, "unsent": 1}
    assert ledger.batches("run-1")[0].state == "sending"
    assert ledger.run("run-1").requests == 0


@pytest.mark.parametrize(
    "event",
    [Answered(9, NOW, True, 200), BatchAccepted(9, "B", NOW, 200), BatchSplit(9, NOW, 400, "")],
)
def test_what_is_not_in_the_ledger_is_named(ledger, event):
    """An event for a row or batch that does not exist is an error, not a silence."""
    loaded(ledger, "run-1", [valid(1)])
    with pytest.raises(LedgerError, match="9 is not in the ledger"):
        ledger.record("run-1", [event])


def test_a_batch_is_not_accepted_twice(ledger):
    """A second word of acceptance is impossible."""
    batch = accepted(ledger)
    with pytest.raises(LedgerError):
        ledger.record("run-1", [BatchAccepted(batch, "B-2", NOW, 200)])


def test_a_turned_away_try_is_no_attempt(ledger):
    """The attempt is taken back; the last one allowed ends the row as failed, never sent."""
    loaded(ledger, "run-1", [valid(1), valid(2)])
    ledger.take_realtime("run-1", 9, now=NOW, with_doubt=True)
    ledger.record(
        "run-1", [TurnedAway([1], NOW, 503, "away"), TurnedAway([2], NOW, 429, "slow", False)]
    )
    rows = outcome_rows(ledger, "run-1")
    assert (rows[1]["outcome"], rows[1]["attempts"], rows[1]["sent_at"]) == ("unsent", 0, None)
    taken = ledger.take_realtime("run-1", 9, now=NOW, with_doubt=True)
    assert [row.tries for row in taken] == [1, 0]
    ledger.record("run-1", [TurnedAway([1, 2], NOW, 503, "away", final=True)])
    assert told(ledger, "run-1") == {"failed": 2}
    assert outcome_rows(ledger, "run-1")[1]["attempts"] == 0


def test_doubt_sticks_to_a_row(ledger):
    """A row of which a try may have been taken never ends as failed, and goes back to doubt."""
    loaded(ledger, "run-1", [valid(1)])
    ledger.take_realtime("run-1", 1, now=NOW, with_doubt=True)
    ledger.record("run-1", [Doubtful([1], NOW, None, "no answer", again=True)])
    ledger.take_realtime("run-1", 1, now=NOW + 5, with_doubt=True)
    ledger.record("run-1", [TurnedAway([1], NOW, 429, "slow down", spend_try=False)])
    assert ledger.waiting("run-1", with_doubt=False) == 0
    row = outcome_rows(ledger, "run-1")[1]
    assert (row["outcome"], row["attempts"], row["sent_at"]) == ("unknown", 1, NOW)
    ledger.take_realtime("run-1", 1, now=NOW + 6, with_doubt=True)
    ledger.record("run-1", [TurnedAway([1], NOW, 503, "away", final=True)])
    assert told(ledger, "run-1") == {"unknown": 1}
    assert ledger.waiting("run-1", with_doubt=True) == 0


def test_an_answer_settles_doubt(ledger):
    """A later try that is answered decides what became of the row; both tries count."""
    loaded(ledger, "run-1", [valid(1)])
    ledger.take_realtime("run-1", 1, now=NOW, with_doubt=True)
    ledger.record("run-1", [Doubtful([1], NOW, 504, "timed out", again=True)])
    ledger.take_realtime("run-1", 1, now=NOW, with_doubt=True)
    ledger.record("run-1", [Answered(1, NOW, True, 200)])
    row = outcome_rows(ledger, "run-1")[1]
    assert (row["outcome"], row["attempts"], row["message"]) == ("success", 2, "")


def test_given_back_is_as_if_never_taken(ledger):
    """State, attempts, time and batch are what they were, and the batch is gone."""
    loaded(ledger, "run-1", [valid(1), valid(2)])
    first, _ = take_batch(ledger, "run-1", 1)
    ledger.record("run-1", [Doubtful([1], NOW, 500, "oops", again=True)])
    before = outcome_rows(ledger, "run-1")
    take_batch(ledger, "run-1", now=NOW + 5)
    ledger.record("run-1", [GivenBack([1, 2])])
    assert outcome_rows(ledger, "run-1") == before
    assert [batch.batch for batch in ledger.batches("run-1")] == [first]


def test_a_refused_batch_is_split(ledger):
    """Its rows wait again and count as sent; a row refused alone ends there."""
    loaded(ledger, "run-1", [valid(1), valid(2)])
    batch, _ = take_batch(ledger, "run-1")
    ledger.record("run-1", [BatchSplit(batch, NOW, 400, "ends_at is wrong")])
    assert told(ledger, "run-1") == {"unsent": 2}
    second, [row] = take_batch(ledger, "run-1", rows=[1])
    assert (row.attempts, row.tries) == (1, 0)
    ledger.record("run-1", [Refused(1, NOW, 400, "ends_at is wrong", "ends_at")])
    assert outcome_rows(ledger, "run-1")[1]["attempts"] == 2
    states = {batch.batch: batch.state for batch in ledger.batches("run-1")}
    assert states == {batch: "refused", second: "refused"}


def test_success_stands_over_another_batchs_error(ledger):
    """A repeated batch can say two things of a row: the server did apply it."""
    accepted(ledger)
    ledger.record(
        "run-1",
        [
            confirmed(1, RowState.SUCCESS, record_id="a"),
            confirmed(1, RowState.ERROR, "Failed to push", record_id="b"),
            confirmed(2, RowState.ERROR, "Failed to push"),
            confirmed(2, RowState.SUCCESS),
        ],
    )
    rows = outcome_rows(ledger, "run-1")
    for row in (1, 2):
        assert rows[row]["outcome"] == "success"
        assert rows[row]["message"] == "another try of it ended in error: Failed to push"
    assert rows[1]["record_id"] == "a"


@pytest.mark.parametrize("word", [RowState.MISSING, RowState.ACCEPTED])
@pytest.mark.parametrize("settled", [RowState.SUCCESS, RowState.ERROR])
def test_less_than_a_word_changes_no_settled_row(ledger, settled, word):
    """What the server said of a row is not unsaid by a listing without it."""
    accepted(ledger)
    ledger.record("run-1", [confirmed(1, settled, "said")])
    before = outcome_rows(ledger, "run-1")
    ledger.record("run-1", [confirmed(1, word)])
    assert outcome_rows(ledger, "run-1") == before


def test_a_poll_of_a_batch_never_accepted_is_an_error(ledger):
    """Only an accepted batch has a status."""
    loaded(ledger, "run-1", [valid(1)])
    batch, _ = take_batch(ledger, "run-1")
    with pytest.raises(LedgerError, match="was not accepted"):
        ledger.note_poll(batch, at=NOW, final=True)
    with pytest.raises(LedgerError, match="not in the ledger"):
        ledger.batch_rows(99)


def test_unexpected_records_are_replaced_by_batch(ledger):
    """A later look at a batch replaces what an earlier one found, for that batch only."""
    first = accepted(ledger)
    ledger.add_unexpected("run-1", first, [{"id": "x"}, {"id": "y", "n": None}])
    ledger.add_unexpected("run-1", 77, [{"id": "z"}])
    ledger.add_unexpected("run-1", first, [{"id": "y"}])
    assert ledger.unexpected("run-1") == [{"id": "y"}, {"id": "z"}]


def test_a_hostile_message_is_kept_as_far_as_it_can_be(ledger):
    """Half a character or a null character in an answer stops no run."""
    loaded(ledger, "run-1", [valid(1)])
    ledger.take_realtime("run-1", 1, now=NOW, with_doubt=True)
    ledger.record("run-1", [Answered(1, NOW, False, 200, "a\x00b\ud800c é")])
    assert outcome_rows(ledger, "run-1")[1]["message"] == "a\ufffdb?c é"
