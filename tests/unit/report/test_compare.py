"""Two runs held against each other, and the last runs in a row."""

from __future__ import annotations

import csv

import pytest

from bulkcall.errors import UsageError
from bulkcall.ledger.model import RunState
from bulkcall.records import Outcome
from bulkcall.report import Change, build_report, compare, publish
from bulkcall.report.html import html_bytes
from bulkcall.report.run_history import run_history
from tests.unit.report.ledgers import START, FakeLedger, result, run_info


class TwoRuns:
    """A ledger with a run `now` and a run `then`."""

    def __init__(self, now, then):
        """Take two fakes."""
        self._runs = {"now": now, "then": then}

    def __getattr__(self, name):
        """Ask the fake whose run is named; `runs` is both."""
        return lambda run_id, *rest, **more: getattr(self._runs[run_id], name)(
            run_id, *rest, **more
        )

    def runs(self, limit=50):
        """Newest first."""
        return [each.run() for each in self._runs.values()]


def fake(name, results, **run):
    """One run of these results."""
    cells = [["x"] for _ in results]
    number = {"then": 1, "now": 2}[name]
    return FakeLedger(["a"], cells, results, run_id=name, run_no=number, **run)


def outcome(word, receiver):
    """A result for a receiver."""
    return result(word, receiver_number=receiver)


def test_the_same_file_is_compared_row_by_row():
    """Each of the four changes is counted, invalid rows among them."""
    then = fake("then", [result(w) for w in ("success", "success", "error", "invalid", "error")])
    now = fake("now", [result(w) for w in ("success", "error", "success", "invalid", "pending")])
    found = compare(TwoRuns(now, then), "now", "then")
    assert found.by == "row"
    assert found.counts == {
        Change.NEWLY_FAILING: 1,
        Change.STILL_FAILING: 2,
        Change.NEWLY_FINE: 1,
        Change.STILL_FINE: 1,
        Change.ONLY_NOW: 0,
        Change.ONLY_THEN: 0,
    }
    [newly] = found.examples(Change.NEWLY_FAILING)
    assert (newly.row, newly.earlier_outcome, newly.outcome) == (2, Outcome.SUCCESS, Outcome.ERROR)
    assert found.as_data()["rows"] == {
        "newly failing": [2],
        "still failing": [4, 5],
        "newly fine": [3],
    }


def test_other_files_are_compared_by_receiver():
    """Order does not matter; one bad row makes its receiver failing; some are in one run only."""
    then = fake(
        "then",
        [outcome("success", 1), outcome("success", 2), outcome("error", 2), outcome("success", 9)],
    )
    now = fake(
        "now",
        [
            outcome("success", 2),
            outcome("error", 1),
            outcome("success", 7),
            result("invalid", receiver_number=None),
        ],
        sha256="ef" * 32,
    )
    found = compare(TwoRuns(now, then), "now", "then")
    assert found.by == "receiver"
    assert (found.unreadable, found.earlier_unreadable) == (1, 0)
    assert found.counts == {
        Change.NEWLY_FAILING: 1,
        Change.STILL_FAILING: 0,
        Change.NEWLY_FINE: 1,
        Change.STILL_FINE: 0,
        Change.ONLY_NOW: 1,
        Change.ONLY_THEN: 1,
    }
    [fine] = found.examples(Change.NEWLY_FINE)
    assert (fine.row, fine.earlier_row) == (1, 3)


def test_a_repeat_is_neither_fine_nor_failing():
    """What the other run says of the row counts: its record was sent there."""
    words = ("success", "pending", "duplicate", "duplicate")
    then = fake("then", [result(word) for word in words])
    now = fake("now", [result(word) for word in ("duplicate", "duplicate", "error", "duplicate")])
    counts = compare(TwoRuns(now, then), "now", "then").counts
    assert counts[Change.STILL_FINE] == 2
    assert counts[Change.STILL_FAILING] == 2
    assert counts[Change.NEWLY_FAILING] == counts[Change.NEWLY_FINE] == 0


def test_a_run_against_itself_changes_nothing():
    """No change is made up."""
    run = fake("now", [result("success"), result("error")])
    ledger = TwoRuns(run, run)
    counts = compare(ledger, "now", "now").counts
    assert counts[Change.STILL_FINE] == counts[Change.STILL_FAILING] == 1
    assert sum(counts.values()) == 2


def test_the_report_shows_the_comparison_and_its_rows(tmp_path):
    """report.html has the section, compared.csv the rows."""
    then = fake("then", [result("success"), result("error")])
    now = fake("now", [result("error"), result("success")])
    published = publish(TwoRuns(now, then), "now", tmp_path, against="then")
    page = published.files["report.html"].read_text()
    assert "What changed since run" in page
    assert "1 (success → error)" in page
    with published.files["compared.csv"].open(newline="") as file:
        assert list(csv.reader(file)) == [
            ["change", "row", "outcome", "earlier_row", "earlier_outcome"],
            ["newly failing", "1", "error", "1", "success"],
            ["newly fine", "2", "success", "2", "error"],
        ]


def test_without_another_run_there_is_no_comparison(tmp_path):
    """Nothing is compared unless asked for."""
    ledger = TwoRuns(fake("now", [result("success")]), fake("then", [result("success")]))
    published = publish(ledger, "now", tmp_path)
    assert published.report.comparison is None
    assert "compared.csv" not in published.files


def test_the_trend_is_of_the_same_account_and_ends_with_this_run():
    """Other accounts, later runs, dry runs and unreadable files are left out."""

    class Many(FakeLedger):
        def runs(self, limit=50):
            return [
                run_info(run_no=6, run_id="later", rows=2),
                run_info(run_no=5, run_id="this", rows=2, started_at=START),
                run_info(run_no=4, run_id="other", rows=2, account="client-2"),
                run_info(run_no=3, run_id="dry", rows=2, state=RunState.WITHHELD),
                run_info(run_no=2, run_id="broken", rows=0, state=RunState.ABANDONED),
                run_info(run_no=1, run_id="first", rows=2, started_at=START - 86_400_000),
            ]

    ledger = Many(["a"], [["x"]] * 2, [result("success"), result("error")], run_no=5)
    last = run_history(ledger, ledger.run())
    assert [each.run.run_id for each in last] == ["first", "this"]
    assert [each.share for each in last] == [0.5, 0.5]
    page = html_bytes(build_report(ledger, "this")).decode()
    assert "Confirmed in the last runs of this account" in page


def test_a_run_that_is_not_there_is_told_before_any_work(tmp_path):
    """A wrong name makes no folder and no file."""

    class NoOther(FakeLedger):
        def run(self, run_id=None):
            if run_id == "nosuch":
                raise UsageError("the ledger holds no run nosuch")
            return super().run(run_id)

    ledger = NoOther(["a"], [["x"]], [result("success")])
    with pytest.raises(UsageError, match="nosuch"):
        publish(ledger, "r", tmp_path / "out", against="nosuch")
    assert list(tmp_path.iterdir()) == []
