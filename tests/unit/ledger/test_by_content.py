"""Runs found by their file's content, those that are not over, and where they were moved to."""

from __future__ import annotations

from bulkcall.ledger import RunState
from tests.ledger_parts import HOUR, NOW, checked, new_run, valid


def test_runs_are_found_by_content_newest_first(ledger):
    """In any state; another content is not among them."""
    for run_id, sha256 in (("run-1", "a" * 64), ("run-2", "b" * 64), ("run-3", "a" * 64)):
        ledger.begin_run(new_run(run_id, sha256=sha256))
    ledger.set_state("run-1", RunState.ABANDONED, at=NOW)
    assert [run.run_id for run in ledger.runs_of("a" * 64)] == ["run-3", "run-1"]
    assert ledger.runs_of("c" * 64) == []


def test_runs_that_are_not_over_are_listed_unless_somebody_works_on_them(ledger):
    """Loading, sending, confirming, stopped; held ones are left out."""
    for state in RunState:
        ledger.begin_run(new_run(state.value))
        ledger.set_state(state.value, state, at=NOW)
    free = ["stopped", "confirming", "sending", "loading"]
    assert [run.run_id for run in ledger.unfinished()] == free
    with ledger.hold("sending"):
        found = [run.run_id for run in ledger.unfinished()]
    assert found == ["stopped", "confirming", "loading"]


def test_a_run_that_was_moved_says_where_it_is(ledger):
    """File and report; nothing else of it changes."""
    begun = ledger.begin_run(new_run("run-1"))
    ledger.relocate("run-1", file="/in/done/run-1/a.csv", out_dir="/in/done/run-1")
    moved = ledger.run("run-1")
    assert (moved.file, moved.out_dir) == ("/in/done/run-1/a.csv", "/in/done/run-1")
    assert (moved.sha256, moved.state) == (begun.sha256, begun.state)


def test_the_latest_end_is_that_of_all_rows(ledger):
    """None where there is no row."""
    ledger.begin_run(new_run("run-1"))
    assert ledger.latest_end("run-1") is None
    ledger.add_rows("run-1", checked([valid(1), valid(2, ends_at=NOW + 3 * HOUR), valid(3)]))
    assert ledger.latest_end("run-1") == NOW + 3 * HOUR
