"""Runs are begun and found; rows go in and come out; nothing is lost between."""

from __future__ import annotations

import pytest

from bulkcall.errors import StopCause, UsageError
from bulkcall.ledger import RunState
from bulkcall.records import Channel, OnUnknown, Outcome
from tests.ledger_parts import (
    CALLER,
    HOUR,
    NOW,
    RECEIVER,
    checked,
    invalid,
    loaded,
    new_run,
    outcome_rows,
    told,
    valid,
)


def test_a_run_comes_back_as_it_began(ledger):
    """What `begin_run` was told, `run` gives, and the run is loading."""
    new = new_run(
        "run-1",
        channel=Channel.REALTIME,
        own_times=False,
        on_unknown=OnUnknown.HOLD,
        resend=True,
        canary=7,
        dry_run=True,
        profile="north",
        file_facts={"kind": "xlsx", "notes": ["é"]},
    )
    begun = ledger.begin_run(new)
    assert ledger.run("run-1") == begun
    for name in ("run_id", "file", "channel", "own_times", "on_unknown", "resend", "canary"):
        assert getattr(begun, name) == getattr(new, name)
    assert (begun.dry_run, begun.profile, begun.file_facts) == (True, "north", new.file_facts)
    assert (begun.state, begun.rows, begun.columns) == (RunState.LOADING, 0, new.columns)


def test_a_run_is_found_by_a_unique_prefix(ledger):
    """A prefix will do; one that fits two runs, or none, is refused in words."""
    for run_id in ("2026-a1", "2026-a2", "2027-b"):
        ledger.begin_run(new_run(run_id))
    assert ledger.run("2027").run_id == "2027-b"
    assert ledger.run().run_id == "2027-b"
    with pytest.raises(UsageError, match="more than one run begins with 2026"):
        ledger.run("2026")
    with pytest.raises(UsageError, match="no run 1999"):
        ledger.run("1999")
    assert [run.run_id for run in ledger.runs(2)] == ["2027-b", "2026-a2"]


def test_an_empty_ledger_has_no_run(ledger):
    """Asking for the latest run of an empty ledger says how to start one."""
    with pytest.raises(UsageError, match="no run yet"):
        ledger.run()
    assert ledger.runs() == []
    assert ledger.last_stopped() is None


def test_two_runs_can_not_have_one_id(ledger):
    """A run id that is taken is refused before anything is written."""
    ledger.begin_run(new_run("run-1"))
    with pytest.raises(UsageError, match="run-1 stands in the ledger already"):
        ledger.begin_run(new_run("run-1"))


def test_rows_come_out_in_file_order(ledger):
    """Each row stands in the outcomes once, with its record, whatever chunk it came in."""
    ledger.begin_run(new_run())
    ledger.add_rows("run-1", checked([valid(1), invalid(2), valid(3, dynamic_label_name="é\n,'")]))
    ledger.add_rows("run-1", checked([valid(4), valid(5, label_id="a" * 36)]))
    tables = list(ledger.outcomes("run-1", 2))
    assert [table.num_rows for table in tables] == [2, 2, 1]
    rows = outcome_rows(ledger, "run-1")
    assert list(rows) == [1, 2, 3, 4, 5]
    assert rows[1]["outcome"] == "unsent"
    assert rows[2] | {"outcome": "invalid", "receiver_number": None} == rows[2]
    assert (rows[2]["field"], rows[2]["message"]) == ("receiver_number", "is no phone number")
    assert (rows[2]["caller_number"], rows[1]["receiver_number"]) == (CALLER, RECEIVER + 1)
    assert rows[3]["dynamic_label_name"] == "é\n,'"
    assert (rows[5]["label_id"], rows[4]["label_id"]) == ("a" * 36, None)
    assert (rows[1]["starts_at"], rows[1]["ends_at"]) == (NOW, NOW + HOUR)
    assert rows[1]["match"] == rows[1]["batch_id"] == rows[1]["record_id"] == ""
    assert (rows[1]["attempts"], rows[1]["http_status"], rows[1]["sent_at"]) == (0, None, None)
    assert told(ledger, "run-1") == {"unsent": 4, "invalid": 1}
    assert set(ledger.counts("run-1")) == set(Outcome)
    assert ledger.run("run-1").rows == 5


def test_cells_and_findings_come_back_as_loaded(ledger):
    """The report needs no campaign file: its cells and what was found wrong are in the ledger."""
    ledger.begin_run(new_run())
    ledger.add_rows("run-1", checked([valid(1), invalid(2)]))
    ledger.add_rows("run-1", checked([invalid(3)]))
    chunks = list(ledger.cells("run-1"))
    assert [first for first, _ in chunks] == [1, 3]
    assert chunks[0][1].column_names == ["0", "1"]
    assert chunks[0][1].column("1").to_pylist() == [f" {RECEIVER + 1}", " None"]
    assert ledger.findings("run-1").column("row").to_pylist() == [2, 3]
    assert ledger.findings("run-1", 1).to_pylist() == [
        {
            "row": 2,
            "line": 3,
            "field": "receiver_number",
            "code": "number",
            "value": "12",
            "message": "is no phone number",
        }
    ]
    assert ledger.findings("run-1", 0).num_rows == 0


def test_an_empty_chunk_does_no_harm(ledger):
    """A chunk without rows adds none."""
    ledger.begin_run(new_run())
    ledger.add_rows("run-1", checked([]))
    assert told(ledger, "run-1") == {}


def test_a_load_that_died_can_be_done_again(ledger):
    """Dropped rows leave no trace: the same rows go in again, and are found once."""
    loaded(ledger, "run-1", [valid(1), invalid(2)])
    ledger.drop_rows("run-1")
    assert told(ledger, "run-1") == {}
    assert (ledger.run("run-1").rows, ledger.findings("run-1").num_rows) == (0, 0)
    assert list(ledger.cells("run-1")) == list(ledger.outcomes("run-1")) == []
    ledger.add_rows("run-1", checked([valid(1), invalid(2)]))
    assert told(ledger, "run-1") == {"unsent": 1, "invalid": 1}
    assert [row.row for row in ledger.trace(str(RECEIVER + 1)).rows] == [1]


def test_equal_rows_of_a_file_are_marked(ledger):
    """A duplicate names the row that it repeats, and is not sent."""
    loaded(ledger, "run-1", [valid(1), valid(2), valid(3)])
    ledger.mark_duplicates("run-1", [3], [1])
    assert told(ledger, "run-1") == {"unsent": 2, "duplicate": 1}
    assert "row 1 of this file" in outcome_rows(ledger, "run-1")[3]["message"]
    taken = ledger.take_realtime("run-1", 9, now=NOW, with_doubt=True)
    assert [row.row for row in taken] == [1, 2]


def test_a_run_ends_at_the_time_it_is_told(ledger):
    """States that end a run note when; going on takes the end back."""
    ledger.begin_run(new_run())
    ledger.set_state("run-1", RunState.STOPPED, at=NOW + 5, reason="the server is away")
    run = ledger.run("run-1")
    assert (run.state, run.reason, run.finished_at) == (
        RunState.STOPPED,
        "the server is away",
        NOW + 5,
    )
    ledger.set_state("run-1", RunState.SENDING, at=NOW + 6)
    assert (ledger.run("run-1").reason, ledger.run("run-1").finished_at) == ("", None)


def test_why_a_run_stopped_is_kept_for_programs_too(ledger):
    """The cause stands beside the line for people, and goes when the run goes on."""
    ledger.begin_run(new_run())
    for cause in StopCause:
        ledger.set_state("run-1", RunState.STOPPED, at=NOW, reason="?", cause=cause)
        assert ledger.run("run-1").stop_cause is cause
    ledger.set_state("run-1", RunState.SENDING, at=NOW)
    assert ledger.run("run-1").stop_cause is None


def test_a_canary_is_over_once_confirmed_or_once_resumed_after_it_failed(ledger):
    """Confirmed: at once. Failed: when the run leaves that stop, and whatever stops it next."""
    ledger.begin_run(new_run(run_id="good", canary=2))
    assert not ledger.run("good").canary_passed
    ledger.pass_canary("good")
    assert ledger.run("good").canary_passed
    ledger.begin_run(new_run(run_id="bad", canary=2))
    for _ in range(2):  # asked again (`reconcile`) it is the same stop
        ledger.set_state("bad", RunState.STOPPED, at=NOW, cause=StopCause.CANARY)
        assert not ledger.run("bad").canary_passed
    ledger.set_state("bad", RunState.STOPPED, at=NOW, cause=StopCause.SERVER_AWAY)
    assert ledger.run("bad").canary_passed


def test_a_number_is_traced_through_all_runs(ledger):
    """Rows are found by receiver and caller, newest first, each once, invalid ones too."""
    loaded(ledger, "run-1", [valid(1), invalid(2), valid(3, receiver_number=CALLER)])
    loaded(ledger, "run-2", [valid(1), valid(2, caller_number=RECEIVER + 1)])
    found = ledger.trace(f"+{RECEIVER + 1}").rows
    assert [(row.run_id, row.row) for row in found] == [("run-2", 2), ("run-2", 1), ("run-1", 1)]
    assert found[2].record.receiver_number == str(RECEIVER + 1)
    by_caller = ledger.trace(str(CALLER))
    assert [(row.run_id, row.row, row.outcome) for row in by_caller.rows] == [
        ("run-2", 1, "unsent"),
        ("run-1", 3, "unsent"),
        ("run-1", 2, "invalid"),
        ("run-1", 1, "unsent"),
    ]
    assert by_caller.total == 4
    assert ledger.trace("15550000000").total == 0
    with pytest.raises(UsageError, match="no phone number"):
        ledger.trace("98-xx")


@pytest.mark.parametrize("number", [CALLER, RECEIVER])
def test_a_trace_can_be_cut_to_the_newest_rows(ledger, number):
    """Whatever the limit, the newest rows come, and the total counts every row once."""
    for run in range(3):
        run_id = f"run-{run}"
        ledger.begin_run(new_run(run_id))
        for first in (1, 11):
            # A caller that stands in its rows as the receiver too, and one that is the receiver.
            rows = [
                valid(row, receiver_number=number if row % 2 else RECEIVER - row)
                for row in range(first, first + 10)
            ]
            ledger.add_rows(run_id, checked(rows))
    whole = ledger.trace(str(number))
    assert len(whole.rows) == whole.total == (60 if number == CALLER else 30)
    places = [(row.run_id, row.row) for row in whole.rows]
    assert places == sorted(set(places), reverse=True)
    for limit in range(1, 62):
        cut = ledger.trace(str(number), limit=limit)
        assert (cut.rows, cut.total) == (whole.rows[:limit], whole.total)


def test_token_creations_are_kept_by_account(ledger):
    """Each creation counts for its account only, oldest first."""
    for at in (NOW + 2, NOW, NOW + 1):
        ledger.note_token_creation("a", at)
    ledger.note_token_creation("b", NOW)
    assert ledger.token_creations("a", NOW + 1) == [NOW + 1, NOW + 2]
    assert ledger.token_creations("c", 0) == []


def test_facts_of_a_run_are_added_to_those_there_are(ledger):
    """What is learned of a run while it goes on stands beside what its file's reading told."""
    run = ledger.begin_run(new_run())
    before = ledger.run(run.run_id).file_facts
    ledger.note_facts(run.run_id, server_times=["this server keeps whole seconds"])
    ledger.note_facts(run.run_id, server_times=["it does not"])
    assert ledger.run(run.run_id).file_facts == {**before, "server_times": ["it does not"]}
