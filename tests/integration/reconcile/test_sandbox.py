"""Reconciliation over real HTTP: each masking, what is left out, doubles and strangers."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.integration.reconcile.parts import ask_again, receivers, reconciled, sandbox

pytestmark = pytest.mark.integration


def words(rows):
    """Count outcomes."""
    return dict(Counter(row.outcome for row in rows.values()))


@pytest.mark.parametrize(
    ("masking", "match"), [("none", "number"), ("part", "stamp"), ("all", "stamp")]
)
def test_each_masking_is_exact(ledger, masking, match):
    """Every row gets its own word, found by number or by stamp, whatever is masked."""
    with sandbox(masking=masking) as server:
        rows, notes, run = reconciled(
            ledger,
            server,
            120,
            size=50,
            rows={"receivers": receivers(120, row_7="99901", row_60="99904", row_61="99903")},
        )
    assert words(rows) == {"success": 117, "error": 3}
    assert rows[7].message == "Not a Truecaller user"
    assert rows[60].message == "Failed to push"
    assert rows[61].message == "App version not supported"
    assert {row.match for row in rows.values()} == {match}
    assert all(row.record_id and row.confirmed_at and row.batch_id for row in rows.values())
    assert len({row.record_id for row in rows.values()}) == 120
    assert notes.advanced["reconcile"] == 120
    assert ledger.open_batches(run.run_id) == []


def test_left_out_rows_are_missing_when_the_listing_is_settled(ledger):
    """A row that the final status never lists: missing, and only that one."""
    with sandbox() as server:
        rows, _, run = reconciled(
            ledger, server, 20, timeout=3.0, rows={"receivers": receivers(20, row_4="99906")}
        )
        assert words(rows) == {"success": 19, "missing": 1}
        assert rows[4].outcome == "missing"
        assert rows[4].batch_id in rows[4].message
        again, _ = ask_again(ledger, server, run, timeout=1.0)
    assert words(again) == {"success": 19, "missing": 1}


def test_rows_never_final_stay_pending_with_the_servers_word(ledger):
    """A record that stays `processing`: pending, the word in its message; left out rows too."""
    with sandbox() as server:
        rows, _, _ = reconciled(
            ledger,
            server,
            20,
            timeout=2.0,
            rows={"receivers": receivers(20, row_4="99907", row_5="99906")},
        )
    assert words(rows) == {"success": 18, "pending": 2}
    assert rows[4].message == 'the server says "processing"'
    assert "did not list it before the wait was over" in rows[5].message


def test_doubles_and_strangers_with_whole_numbers(ledger):
    """A row listed twice is success once; a stranger is unexpected and gives nobody success."""
    with sandbox(masking="none") as server:
        rows, _, run = reconciled(
            ledger,
            server,
            20,
            timeout=5.0,
            rows={"receivers": receivers(20, row_4="99912", row_9="99913")},
        )
    assert words(rows) == {"success": 20}
    assert rows[4].message == "listed 2 times"
    (stranger,) = ledger.unexpected(run.run_id)
    assert stranger["receiver_number"].endswith("00000")
    assert stranger["batch_id"] == rows[9].batch_id
    assert stranger["status"] == "success"


def test_without_stamps_look_alikes_that_all_succeed_are_a_group(ledger):
    """Fully masked, one window, no stamps: all alike and all fine is a group."""
    with sandbox() as server:
        rows, _, _ = reconciled(
            ledger,
            server,
            10,
            stamp=False,
            rows={"ends": [4102444800000] * 10, "starts": [4102440000000] * 10},
        )
    assert words(rows) == {"success": 10}
    assert {row.match for row in rows.values()} == {"group"}


def test_look_alikes_that_ended_both_ways_are_not_claimed(ledger):
    """Fully masked, no stamps, one error among ten: which can't be known, and each row says so."""
    with sandbox() as server:
        rows, _, _ = reconciled(
            ledger,
            server,
            10,
            stamp=False,
            timeout=3.0,
            rows={
                "receivers": receivers(10, row_4="99901"),
                "ends": [4102444800000] * 10,
                "starts": [4102440000000] * 10,
            },
        )
    assert words(rows) == {"pending": 10}
    assert "1 error, 9 success" in rows[1].message


def test_slow_batches_are_taken_up_later(ledger):
    """What is not final when the wait is over is pending; asked again later, it is confirmed."""
    with sandbox(processing_min_ms=2500.0, processing_max_ms=2500.0) as server:
        rows, _, run = reconciled(ledger, server, 30, timeout=0.5)
        assert words(rows) == {"pending": 30}
        rows, notes = ask_again(ledger, server, run)
    assert words(rows) == {"success": 30}
    assert notes.advanced["reconcile"] == 30


def test_failures_of_the_status_call_lose_nothing(ledger):
    """429, 500, 502, cut bodies, closed connections in between: all is confirmed all the same."""
    with sandbox() as server:

        def trouble():
            for order in (
                "status@batch_status,times=2,status=500",
                "reset@batch_status,times=1",
                "cut@batch_status,times=1",
                "html@batch_status,times=1,status=502",
                "limit@batch_status,times=1,seconds=0.2",
            ):
                server.order(order)

        rows, _, _ = reconciled(ledger, server, 30, size=10, meanwhile=trouble, timeout=30.0)
        met = {entry.fault for entry in server.journal() if entry.call == "batch_status"}
    assert met >= {"status", "reset", "cut", "html", "limit"}
    assert words(rows) == {"success": 30}


def test_nothing_open_returns_at_once(ledger):
    """Asked again when all is confirmed: no status request is made."""
    with sandbox() as server:
        _, _, run = reconciled(ledger, server, 10)
        asked = len(server.journal())
        rows, _ = ask_again(ledger, server, run)
        assert len(server.journal()) == asked
    assert words(rows) == {"success": 10}
