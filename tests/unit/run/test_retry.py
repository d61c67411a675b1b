"""Which rows of a run a retry takes, and in which form."""

from __future__ import annotations

import pytest

from bulkcall.clock import ManualClock
from bulkcall.errors import UsageError
from bulkcall.ledger import RunState, TurnedAway
from bulkcall.run.context import RunContext
from bulkcall.run.retry import RetriedRows, retry
from tests.send_parts import HOUR, REALTIME, begin, open_ledger, settings

NOW = 1_900_000_000_000
ENDS = [NOW + HOUR * n for n in (1, 2, 3, 4)]


@pytest.fixture
def ledger(tmp_path):
    """A ledger with a run of four rows, of which 1, 2 and 4 have failed."""
    with open_ledger(tmp_path) as ledger:
        run = begin(ledger, 4, REALTIME, starts=[NOW - HOUR] * 4, ends=ENDS)
        ledger.take_realtime(run.run_id, 4, now=NOW, with_doubt=False)
        away = TurnedAway([1, 2, 4], NOW, 404, "HTTP 404", spend_try=True, final=True)
        ledger.record(run.run_id, [away])
        ledger.set_state(run.run_id, RunState.FINISHED, at=NOW)
        yield ledger


def context(ledger, now=NOW):
    """A context at this time."""
    given = settings(key_id="k", api_key="a")
    return RunContext(settings=given, ledger=ledger, clock=ManualClock(now))


def test_failed_rows_as_they_were_numbered_from_one(ledger):
    """Records and cells of the very rows; `retried_row` is their number in the parent."""
    rows = RetriedRows(context(ledger), ledger.run("run-1"))
    [chunk] = rows.chunks()
    assert (rows.count, rows.late, rows.why) == (3, 0, "")
    assert chunk.records.column("row").to_pylist() == [1, 2, 3]
    assert chunk.records.column("line").to_pylist() == [2, 3, 5]
    assert chunk.records.column("ends_at").to_pylist() == [ENDS[0], ENDS[1], ENDS[3]]
    receivers = chunk.records.column("receiver_number").to_pylist()
    assert chunk.chunk.cells.to_pydict() == {
        "0": [str(number) for number in receivers],
        "1": ["1", "2", "4"],
    }
    assert None not in chunk.records.column("identity").to_pylist()


def test_rows_whose_window_is_over_do_not_go(ledger):
    """`ends_at` has passed: counted and said, not taken."""
    rows = RetriedRows(context(ledger, ENDS[1]), ledger.run("run-1"))
    assert (rows.count, rows.late) == (1, 2)
    assert "2 more could, but their ends_at has passed" in rows.why
    with pytest.raises(UsageError, match="3 more could, but their ends_at has passed"):
        retry(context(ledger, ENDS[3]))


def test_a_run_that_is_still_loading_is_resumed_instead(ledger):
    """Nothing of it was sent yet."""
    ledger.set_state("run-1", RunState.LOADING, at=NOW)
    with pytest.raises(UsageError, match="bulkcall resume"):
        retry(context(ledger))
