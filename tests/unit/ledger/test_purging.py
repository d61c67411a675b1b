"""Old runs lose their personal data and keep their counts."""

from __future__ import annotations

import pytest

from bulkcall.errors import UsageError
from bulkcall.ledger import Ledger, RunState
from tests.ledger_parts import NOW, RECEIVER, invalid, loaded, take_batch, told, valid


def test_a_purged_run_keeps_its_counts_only(ledger):
    """Rows, cells, findings and unexpected records go; counts and the run itself stay."""
    loaded(ledger, "old", [valid(1), invalid(2)])
    batch, _ = take_batch(ledger, "old")
    ledger.add_unexpected("old", batch, [{"caller_number": "911140000001"}])
    ledger.set_state("old", RunState.FINISHED, at=NOW)
    loaded(ledger, "new", [valid(1)])
    ledger.set_state("new", RunState.FINISHED, at=NOW + 10)
    purged = ledger.purge(NOW + 10, at=NOW + 99)
    assert (purged.runs, purged.rows) == (1, 2)
    assert told(ledger, "old") == {"unknown": 1, "invalid": 1}
    assert list(ledger.outcomes("old")) == list(ledger.cells("old")) == []
    assert (ledger.findings("old").num_rows, ledger.unexpected("old")) == (0, [])
    assert [row.run_id for row in ledger.trace(str(RECEIVER + 1)).rows] == ["new"]
    run = ledger.run("old")
    assert (run.rows, run.purged_at, run.state) == (2, NOW + 99, RunState.FINISHED)
    again = ledger.purge(NOW + 10, at=NOW + 100)
    assert (again.runs, again.rows) == (0, 0)


def test_a_stopped_run_can_not_be_resumed_once_purged(ledger):
    """What has lost its rows is abandoned, so that resuming does not find it."""
    loaded(ledger, "old", [valid(1)])
    ledger.set_state("old", RunState.STOPPED, at=NOW)
    assert ledger.last_stopped().run_id == "old"
    ledger.purge(NOW + 1, at=NOW + 1)
    assert ledger.last_stopped() is None
    assert (ledger.run("old").state, ledger.run("old").reason) == (
        RunState.ABANDONED,
        "its rows were purged",
    )


def test_a_purged_run_is_told_from_a_whole_one(ledger):
    """Whoever needs a run's rows is told the day on which they were purged."""
    loaded(ledger, "old", [valid(1)])
    assert ledger.run_with_rows("old").run_id == "old"
    ledger.purge(NOW + 1, at=NOW + 1)
    with pytest.raises(UsageError, match=r"rows of run old were purged on 2027-01-15;"):
        ledger.run_with_rows("old")


def test_open_rows_are_counted_before_they_are_purged(ledger):
    """What could still be resumed is known, and purging can be kept to other runs."""
    loaded(ledger, "open", [valid(1)])
    ledger.set_state("open", RunState.STOPPED, at=NOW)
    loaded(ledger, "over", [invalid(1)])
    ledger.set_state("over", RunState.FINISHED, at=NOW)
    assert (ledger.open_rows("open"), ledger.open_rows("over")) == (1, 0)
    purged = ledger.purge(NOW + 1, at=NOW + 2, only={"over"})
    assert (purged.runs, purged.rows) == (1, 1)
    assert ledger.run("open").purged_at is None


def test_a_run_at_work_is_left_alone(ledger):
    """However old its start, a run that a live process holds keeps its rows."""
    loaded(ledger, "old", [valid(1)])
    with ledger.hold("old"):
        assert ledger.purge(NOW + 1, at=NOW + 1).runs == 0
    assert ledger.purge(NOW + 1, at=NOW + 1).runs == 1


def test_purged_texts_are_not_readable_in_the_file(tmp_path):
    """Not even in pages that are free now, nor in the write-ahead log."""
    path = tmp_path / "ledger.db"
    with Ledger.open(str(path)) as ledger:
        rows = [valid(row, dynamic_call_reason=f"Secret errand {row}") for row in range(1, 500)]
        loaded(ledger, "old", rows)
        assert any(
            b"Secret errand" in file.read_bytes()
            for file in tmp_path.glob("ledger.db*")
            if file.is_file()
        )
        ledger.purge(NOW + 1, at=NOW + 1)
        for file in tmp_path.glob("ledger.db*"):
            assert file.is_dir() or b"Secret errand" not in file.read_bytes()
