"""A ledger of each version ever released opens as one of today's, with its rows, and goes on."""

from __future__ import annotations

import sqlite3
import threading

import pytest

from bulkcall.errors import LedgerError, StopCause
from bulkcall.ledger import BatchAccepted, Confirmed, Ledger, RunState, migrations
from bulkcall.ledger.schema import SCHEMA_VERSION
from bulkcall.records import Match, RowState
from tests.ledger_parts import ACCOUNT, CALLER, NOW, loaded, outcome_rows, take_batch, told, valid
from tests.old_ledgers import ANOTHER, Files, fill, path_of

VERSIONS = pytest.mark.parametrize("version", range(1, SCHEMA_VERSION + 1))


def everything(ledger):
    """Give all that a ledger says of its runs, rows and numbers."""
    runs = ledger.runs()
    return {
        "runs": runs,
        "counts": [told(ledger, run.run_id) for run in runs],
        "rows": [outcome_rows(ledger, run.run_id) for run in runs],
        "cells": [[table.to_pylist() for _, table in ledger.cells(r.run_id)] for r in runs],
        "findings": [ledger.findings(run.run_id).to_pylist() for run in runs],
        "batches": [ledger.batches(run.run_id) for run in runs],
        "callers": [ledger.trace(str(number)) for number in (CALLER, ANOTHER)],
        "receivers": [ledger.trace(f"91980000000{last}") for last in (1, 2, 4, 6)],
        "tokens": ledger.token_creations(ACCOUNT, 0),
    }


@VERSIONS
def test_every_earlier_version_is_brought_up(site, version):
    """All that it says, and its tables, are as if today's program had made it from the start."""
    new = site.new()
    with Ledger.open(new) as ledger:
        fill(ledger)
        expected = everything(ledger)
    tables = site.definitions(new)
    old = site.old(version)
    assert site.version(old) == version
    with Ledger.open(old) as ledger:
        found = everything(ledger)
    assert found == expected
    assert found["counts"][::-1] == [
        {"success": 1, "unsent": 3, "invalid": 2},
        {"error": 1, "unknown": 1},
    ]
    assert [trace.total for trace in found["callers"]] == [4, 3]
    assert site.version(old) == SCHEMA_VERSION
    assert site.definitions(old) == tables


@pytest.mark.parametrize(
    ("reason", "cause", "passed"),
    [
        ("canary: the first 1 rows were not confirmed (1 error); …", StopCause.CANARY, False),
        (
            "60% bad; the rest was not sent: mend the cause, then resume",
            StopCause.REJECTED_SHARE,
            False,
        ),
        ("outside hours (9-18): 4 rows wait", StopCause.SENDING_HOURS, False),
        ("stopped (SIGTERM)", StopCause.SIGNAL, False),
        ("http://localhost: away", StopCause.OTHER, False),
        ("", None, False),
    ],
)
def test_why_a_run_stopped_is_read_once_from_what_an_older_version_wrote(
    tmp_path, reason, cause, passed
):
    """Only the migration reads a message's text; a canary that failed stays one that failed."""
    site = Files(tmp_path)
    old = site.old(2)
    with sqlite3.connect(old) as connection:
        stopped = "UPDATE runs SET state = 'stopped', reason = ?, canary = 1 WHERE run_id = 'run-1'"
        connection.execute(stopped, (reason,))
        connection.execute("UPDATE runs SET canary = 1 WHERE run_id = 'run-2'")
    connection.close()
    with Ledger.open(old) as ledger:
        run = ledger.run("run-1")
        assert (run.stop_cause, run.canary_passed) == (cause, passed)
        assert ledger.run("run-2").canary_passed  # it had sent more than its canary


@VERSIONS
def test_its_runs_go_on(site, version):
    """What waited is sent and confirmed, a new run's repeats of what it sent are found."""
    with Ledger.open(site.old(version)) as ledger:
        with ledger.hold("run-1"):
            batch, taken = take_batch(ledger, "run-1")
            assert [row.row for row in taken] == [2, 4, 6]
            ledger.record("run-1", [BatchAccepted(batch, "B-2", NOW, 200)])
            confirmed = [Confirmed(n, NOW, RowState.SUCCESS, Match.NUMBER) for n in (2, 4, 6)]
            ledger.record("run-1", confirmed)
            ledger.note_poll(batch, at=NOW, final=True)
            ledger.set_state("run-1", RunState.FINISHED, at=NOW)
        assert [each.batch_id for each in ledger.batches("run-1")] == ["B-1", "B-2"]
        rows = [valid(1, identity=-101), valid(2, identity=102), valid(7)]
        loaded(ledger, "run-3", rows, started_at=NOW + 2)
        assert ledger.mark_repeats("run-3") == 2
        assert told(ledger, "run-1") == {"success": 4, "invalid": 2}
        assert told(ledger, "run-3") == {"duplicate": 2, "unsent": 1}
        assert ledger.trace(str(CALLER)).total == 7
        assert ledger.purge(NOW + 1, at=NOW + 2).runs == 2
        assert ledger.trace(str(CALLER)).total == 3


@VERSIONS
def test_processes_that_open_it_at_one_moment_bring_it_up_once(site, version):
    """One of them migrates, the others wait for it and find it done."""
    old = site.old(version)
    ready = threading.Barrier(5)
    totals, errors = [], []

    def open_it():
        ready.wait()
        try:
            with Ledger.open(old) as ledger:
                totals.append(ledger.trace(str(CALLER)).total)
        except LedgerError as error:
            errors.append(error)

    threads = [threading.Thread(target=open_it) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert totals == [4] * 5


def test_there_is_a_ledger_of_every_version(site):
    """Each version that was released has its ledger among the tests."""
    for version in range(1, SCHEMA_VERSION + 1):
        assert path_of(version, site.kind).exists()


def test_a_migration_is_one_transaction(site, monkeypatch):
    """A migration goes through whole, or leaves the ledger at its version."""
    url = site.old(SCHEMA_VERSION)
    before = site.definitions(url)
    monkeypatch.setattr(migrations, "SCHEMA_VERSION", SCHEMA_VERSION + 1)
    added = "ALTER TABLE runs ADD COLUMN note TEXT"
    monkeypatch.setattr(migrations, "MIGRATIONS", {SCHEMA_VERSION: [added, "no SQL"]})
    with pytest.raises(LedgerError, match="syntax error") as caught:
        Ledger.open(url)
    assert "\n" not in str(caught.value)
    assert site.definitions(url) == before
    assert site.version(url) == SCHEMA_VERSION
    monkeypatch.setattr(migrations, "MIGRATIONS", {SCHEMA_VERSION: [added]})
    with Ledger.open(url) as ledger:
        assert told(ledger, "run-2") == {"error": 1, "unknown": 1}
    assert site.definitions(url) != before
    assert site.version(url) == SCHEMA_VERSION + 1
