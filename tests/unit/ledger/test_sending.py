"""Rows go out in their turn, once each, and are written down before they do."""

from __future__ import annotations

import pytest

from bulkcall.errors import LedgerError
from bulkcall.ledger import BatchAccepted, Doubtful, GivenBack, Placed, TurnedAway
from bulkcall.records import RowState
from tests.ledger_parts import HOUR, NOW, invalid, loaded, outcome_rows, take_batch, told, valid


def test_the_earliest_start_goes_first_then_file_order(ledger):
    """Turn is by starts_at, then by row; invalid rows have none."""
    loaded(
        ledger,
        "run-1",
        [valid(1, starts_at=NOW + 9), invalid(2), valid(3), valid(4, starts_at=NOW - 9), valid(5)],
    )
    first = ledger.take_realtime("run-1", 3, now=NOW, with_doubt=True)
    assert [row.row for row in first] == [4, 3, 5]
    rest = ledger.take_realtime("run-1", 3, now=NOW, with_doubt=True)
    assert [row.row for row in rest] == [1]
    assert ledger.take_realtime("run-1", 3, now=NOW, with_doubt=True) == []


def test_rows_that_are_passed_over_keep_their_place(ledger):
    """The rows after them are taken instead, as many as asked for; they stay unsent, and first."""
    loaded(ledger, "run-1", [valid(n) for n in range(1, 6)])
    taken = ledger.take_realtime("run-1", 2, now=NOW, with_doubt=True, skip={1, 3})
    assert [row.row for row in taken] == [2, 4]
    assert {outcome_rows(ledger, "run-1")[n]["outcome"] for n in (1, 3, 5)} == {"unsent"}
    taken = ledger.take_realtime("run-1", 2, now=NOW, with_doubt=True)
    assert [row.row for row in taken] == [1, 3]


def test_a_taken_row_is_down_as_going_out(ledger):
    """Before anyone may send it, a row stands as unknown, sent once, now."""
    loaded(ledger, "run-1", [valid(1), valid(2)])
    [row] = ledger.take_realtime("run-1", 1, now=NOW + 7, with_doubt=True)
    assert (row.attempts, row.tries, row.state) == (0, 0, RowState.READY)
    stands = outcome_rows(ledger, "run-1")[1]
    assert (stands["outcome"], stands["attempts"], stands["sent_at"]) == ("unknown", 1, NOW + 7)
    assert ledger.waiting("run-1", with_doubt=True) == 1


def test_a_row_whose_end_has_passed_is_not_taken(ledger):
    """A row that ended is neither taken nor counted as sent; expiring gives it its word."""
    loaded(ledger, "run-1", [valid(1, ends_at=NOW), valid(2)])
    assert [row.row for row in ledger.take_realtime("run-1", 9, now=NOW, with_doubt=True)] == [2]
    assert ledger.expire("run-1", NOW) == 0
    assert ledger.expire("run-1", NOW + 1) == 1
    assert (
        outcome_rows(ledger, "run-1")[1] | {"outcome": "expired", "attempts": 0}
        == (outcome_rows(ledger, "run-1")[1])
    )


def test_expiring_looks_again_at_rows_that_came_back(ledger):
    """A row that was away when the others were looked at still expires in its time."""
    loaded(ledger, "run-1", [valid(1, ends_at=NOW + 10), valid(2, ends_at=NOW + 20), valid(3)])
    ledger.take_realtime("run-1", 1, now=NOW, with_doubt=True)
    assert ledger.expire("run-1", NOW + 20) == 1
    ledger.record("run-1", [GivenBack([1])])
    assert ledger.expire("run-1", NOW + 20) == 1
    assert ledger.expire("run-1", NOW + HOUR - 1) == 0
    assert ledger.expire("run-1", NOW + HOUR) == 1
    assert told(ledger, "run-1") == {"expired": 3}


def test_rows_that_start_later_expire_in_their_time(ledger):
    """What is noted of the next end holds for rows whose start is still to come."""
    rows = [valid(n, starts_at=NOW + n * 10, ends_at=NOW + n * 10 + 5) for n in range(1, 6)]
    loaded(ledger, "run-1", rows)
    expired = [ledger.expire("run-1", NOW + now) for now in (0, 14, 15, 16, 36, 45, 46, 99)]
    assert expired == [0, 0, 1, 0, 2, 1, 0, 1]


def test_a_doubtful_row_that_ends_is_held_not_expired(ledger):
    """What may have been taken is never called expired."""
    loaded(ledger, "run-1", [valid(1)])
    ledger.take_realtime("run-1", 1, now=NOW, with_doubt=True)
    ledger.record("run-1", [Doubtful([1], NOW, None, "no answer", again=True)])
    assert ledger.expire("run-1", NOW + HOUR) == 1
    row = outcome_rows(ledger, "run-1")[1]
    assert row["outcome"] == "unknown"
    assert "may have been taken" in row["message"]
    assert ledger.take_realtime("run-1", 1, now=NOW, with_doubt=True) == []


def test_doubt_waits_only_where_it_may_be_sent_again(ledger):
    """`with_doubt` says whether doubtful rows have a turn."""
    loaded(ledger, "run-1", [valid(1), valid(2)])
    ledger.take_realtime("run-1", 1, now=NOW, with_doubt=True)
    ledger.record("run-1", [Doubtful([1], NOW, 500, "oops", again=True)])
    assert ledger.waiting("run-1", with_doubt=False) == 1
    assert ledger.waiting("run-1", with_doubt=True) == 2
    assert [row.row for row in ledger.take_realtime("run-1", 9, now=NOW, with_doubt=False)] == [2]
    [again] = ledger.take_realtime("run-1", 9, now=NOW, with_doubt=True)
    assert (again.row, again.attempts, again.tries, again.state) == (1, 1, 1, RowState.DOUBT)


def test_named_rows_are_taken_instead(ledger):
    """Retries name their rows; those that do not wait, or ended, are not given."""
    loaded(
        ledger, "run-1", [valid(1), valid(2, starts_at=NOW - 1), valid(3, ends_at=NOW), valid(4)]
    )
    named = ledger.take_realtime("run-1", 9, now=NOW, with_doubt=True, rows=[3, 1, 2, 77])
    assert [row.row for row in named] == [2, 1]
    assert ledger.take_realtime("run-1", 9, now=NOW, with_doubt=True, rows=[1]) == []
    assert ledger.take_realtime("run-1", 9, now=NOW, with_doubt=True, rows=[]) == []


def test_a_batch_holds_what_was_picked_as_it_was_stamped(ledger):
    """Only picked rows go out; the batch remembers their stamps, whatever becomes of them."""
    loaded(ledger, "run-1", [valid(1), valid(2), valid(3)])

    def pick(rows):
        return [Placed(row.row, row.record.ends_at - 5) for row in reversed(rows) if row.row != 2]

    batch, rows, placed = ledger.take_batch("run-1", 9, pick, now=NOW, with_doubt=True)
    assert [row.row for row in rows] == [place.row for place in placed] == [3, 1]
    assert ledger.waiting("run-1", with_doubt=True) == 1
    ledger.record("run-1", [TurnedAway([1, 3], NOW, 429, "slow down", spend_try=False)])
    kept = ledger.batch_rows(batch)
    assert [row.row for row in kept] == [3, 1]
    assert kept[0].record.ends_at == NOW + HOUR - 5
    assert kept[0].record.receiver_number == rows[0].record.receiver_number
    assert [found.state for found in ledger.batches("run-1")] == ["turned_away"]


def test_no_batch_is_made_of_nothing(ledger):
    """Where no row waits, or none is picked, no batch comes to be."""
    loaded(ledger, "run-1", [valid(1)])
    assert ledger.take_batch("run-1", 9, lambda _: [], now=NOW, with_doubt=True) is None
    assert told(ledger, "run-1") == {"unsent": 1}
    take_batch(ledger, "run-1")
    assert ledger.take_batch("run-1", 9, lambda _: [], now=NOW, with_doubt=True) is None
    assert len(ledger.batches("run-1")) == 1


@pytest.mark.parametrize("rows", [[9], [1, 1]])
def test_a_batch_of_rows_not_offered_is_refused(ledger, rows):
    """A composer that makes rows up, or doubles one, changes nothing."""
    loaded(ledger, "run-1", [valid(1), valid(2)])
    with pytest.raises(LedgerError, match="not offered"):
        ledger.take_batch(
            "run-1", 9, lambda _: [Placed(row, NOW) for row in rows], now=NOW, with_doubt=True
        )
    assert told(ledger, "run-1") == {"unsent": 2}
    assert ledger.batches("run-1") == []


def test_what_was_going_out_is_in_doubt_after_a_crash(ledger):
    """Recovery leaves accepted rows alone and puts the others' tries in doubt."""
    loaded(ledger, "run-1", [valid(1), valid(2), valid(3)])
    first, _ = take_batch(ledger, "run-1", 1)
    ledger.record("run-1", [BatchAccepted(first, "B-1", NOW, 200)])
    take_batch(ledger, "run-1", 1)
    assert ledger.recover("run-1", at=NOW) == 1
    assert ledger.recover("run-1", at=NOW) == 0
    assert [batch.state for batch in ledger.batches("run-1")] == ["accepted", "doubtful"]
    row = outcome_rows(ledger, "run-1")[2]
    assert (row["outcome"], row["attempts"]) == ("unknown", 1)
    assert told(ledger, "run-1") == {"pending": 1, "unknown": 1, "unsent": 1}
    _, again = take_batch(ledger, "run-1")
    assert [(row.row, row.attempts) for row in again] == [(2, 1), (3, 0)]


def test_one_run_never_takes_another_runs_rows(ledger):
    """Rows of one number in two runs are two rows."""
    loaded(ledger, "run-1", [valid(1)])
    loaded(ledger, "run-2", [valid(1, receiver_number=5)])
    [row] = ledger.take_realtime("run-2", 9, now=NOW, with_doubt=True)
    assert row.record.receiver_number == "5"
    assert ledger.waiting("run-1", with_doubt=True) == 1
