"""Chunks that go in one after the other, each packed while the one before is written."""

from __future__ import annotations

import pytest

from bulkcall.errors import LedgerError, UsageError
from tests.ledger_parts import RECEIVER, checked, invalid, new_run, outcome_rows, told, valid

SIZES = (3, 250, 1, 120, 101)


def chunks(sizes=SIZES):
    """Give chunks of so many rows, every seventh of them invalid, texts among the rest."""
    first = 1
    for size in sizes:
        rows = range(first, first + size)
        yield checked(
            [
                invalid(row) if row % 7 == 0 else valid(row, dynamic_call_reason=f"é {row % 5}")
                for row in rows
            ]
        )
        first += size


def test_all_at_once_is_the_same_as_one_by_one(ledger):
    """Rows, cells and findings are those that a call for each chunk writes."""
    for run_id in ("run-1", "run-2"):
        ledger.begin_run(new_run(run_id))
    ledger.add_all("run-1", chunks())
    for chunk in chunks():
        ledger.add_rows("run-2", chunk)
    rows = outcome_rows(ledger, "run-1")
    assert rows == outcome_rows(ledger, "run-2")
    assert list(rows) == list(range(1, sum(SIZES) + 1))
    assert [rows[row]["receiver_number"] for row in (1, 475)] == [RECEIVER + 1, RECEIVER + 475]
    assert list(ledger.cells("run-1")) == list(ledger.cells("run-2"))
    assert ledger.findings("run-1").equals(ledger.findings("run-2"))
    assert told(ledger, "run-1") == told(ledger, "run-2") == {"unsent": 408, "invalid": 67}
    # The second run's search finds none of the first's: that has sent nothing.
    assert ledger.mark_repeats("run-2") == 0


def test_no_more_than_one_chunk_waits_to_be_written(ledger):
    """When a chunk is asked for, all but the one before it are committed: memory stays flat."""
    ledger.begin_run(new_run())
    written = []

    def watched():
        for chunk in chunks([10] * 8):
            written.append(ledger.run("run-1").rows)
            yield chunk

    ledger.add_all("run-1", watched())
    assert all(rows >= 10 * (asked - 1) for asked, rows in enumerate(written))
    assert ledger.run("run-1").rows == 80


def test_what_the_chunks_raise_comes_after_those_before_it(ledger):
    """A file that breaks off midway: the chunks until there are written, the error is told."""
    ledger.begin_run(new_run())

    def broken():
        yield from chunks([5, 5])
        raise UsageError("cut off")

    with pytest.raises(UsageError, match="cut off"):
        ledger.add_all("run-1", broken())
    assert ledger.run("run-1").rows == 10
    ledger.drop_rows("run-1")
    ledger.add_all("run-1", chunks([5, 5, 5]))
    assert told(ledger, "run-1") == {"unsent": 13, "invalid": 2}


def test_a_chunk_that_can_not_be_written_ends_it(ledger):
    """The one before it stays, none after it is written, and no more than one more is read."""
    ledger.begin_run(new_run())
    read = []

    def clashing():
        (first, second, *rest) = chunks([5] * 6)
        for place, chunk in enumerate([first, second, second, *rest]):
            read.append(place)
            yield chunk

    with pytest.raises(LedgerError):
        ledger.add_all("run-1", clashing())
    assert ledger.run("run-1").rows == 10
    assert list(outcome_rows(ledger, "run-1")) == list(range(1, 11))
    assert read == [0, 1, 2, 3]
