"""A process killed at any instant leaves a ledger in which all that was told is true."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal

import pytest

from bulkcall.ledger import BatchAccepted, Confirmed, Ledger, RunState, counts
from bulkcall.records import Match, RowState
from tests.ledger_parts import (
    HOUR,
    NOW,
    checked,
    loaded,
    new_run,
    outcome_rows,
    take_batch,
    told,
    valid,
)

FORK = multiprocessing.get_context("fork")
ROWS = 600


def prepare(ledger):
    """Load a run of which some rows are sent, some confirmed, some waiting."""
    loaded(ledger, "run-1", [valid(row) for row in range(1, 41)])
    batch, _ = take_batch(ledger, "run-1", 10)
    ledger.record("run-1", [BatchAccepted(batch, "B-1", NOW, 200)])
    take_batch(ledger, "run-1", 10)
    loaded(ledger, "run-2", [valid(row) for row in range(1, 31)])


def everything(ledger):
    """Give all that the ledger says."""
    said = {}
    for run in ledger.runs():
        run_id = run.run_id
        said[run_id] = (run, told(ledger, run_id), outcome_rows(ledger, run_id))
        said[run_id] += (ledger.batches(run_id), len(list(ledger.cells(run_id))))
    return said


OPERATIONS = {
    "add_rows": lambda ledger: ledger.add_rows("run-2", checked([valid(31), valid(32)])),
    "mark_duplicates": lambda ledger: ledger.mark_duplicates("run-2", [5], [1]),
    "mark_repeats": lambda ledger: ledger.mark_repeats("run-2"),
    "take_realtime": lambda ledger: ledger.take_realtime("run-2", 5, now=NOW, with_doubt=True),
    "take_batch": lambda ledger: take_batch(ledger, "run-2", 5),
    "recover": lambda ledger: ledger.recover("run-1", at=NOW),
    "expire": lambda ledger: ledger.expire("run-2", NOW + HOUR),
    "accepted": lambda ledger: ledger.record("run-1", [BatchAccepted(2, "B-2", NOW, 200)]),
    "confirmed": lambda ledger: ledger.record(
        "run-1", [Confirmed(n, NOW, RowState.SUCCESS, Match.NUMBER) for n in range(1, 11)]
    ),
}


def die_before_the_commit(url, operation):
    """Do an operation and be killed in it, when its rows are written and their counts are not."""

    def die(*_: object) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    counts.change = die
    with Ledger.open(url) as ledger:
        OPERATIONS[operation](ledger)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_an_operation_is_whole_or_has_not_happened(url, operation):
    """Killed in the middle of its transaction, each operation leaves what was before it."""
    with Ledger.open(url) as ledger:
        prepare(ledger)
        before = everything(ledger)
    process = FORK.Process(target=die_before_the_commit, args=(url, operation))
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    process.close()
    with Ledger.open(url) as ledger:
        assert everything(ledger) == before
        OPERATIONS[operation](ledger)
        assert everything(ledger) != before


def work(url, pipe):
    """Take, accept and confirm batches without end; tell of each step once it returned."""
    with Ledger.open(url) as ledger, ledger.hold("run-1"):
        ledger.recover("run-1", at=NOW)
        while True:
            try:
                batch, rows = take_batch(ledger, "run-1", 7)
            except AssertionError:
                break
            numbers = [row.row for row in rows]
            pipe.send(("taken", numbers))
            ledger.record("run-1", [BatchAccepted(batch, f"B-{batch}", NOW, 200)], requests=1)
            pipe.send(("accepted", numbers))
            word = RowState.SUCCESS
            ledger.record("run-1", [Confirmed(n, NOW, word, Match.NUMBER) for n in numbers])
            pipe.send(("confirmed", numbers))
        pipe.send(("done", []))


def test_a_killed_sender_told_no_lies(url):
    """Killed again and again: nothing that was told is lost, and at the end every row succeeded.

    A row told as taken is never back among the unsent; one told as accepted stays in its batch.
    """
    chance = random.Random(7)
    with Ledger.open(url) as ledger:
        ledger.begin_run(new_run())
        ledger.add_rows("run-1", checked([valid(row) for row in range(1, ROWS + 1)]))
        ledger.set_state("run-1", RunState.SENDING, at=NOW)
    told_of = dict.fromkeys(range(1, ROWS + 1), "")
    done = False
    kills = 0
    while not done:
        here, there = FORK.Pipe()
        process = FORK.Process(target=work, args=(url, there))
        process.start()
        there.close()
        for _ in range(chance.randint(1, 60)):
            step, numbers = here.recv()
            told_of.update(dict.fromkeys(numbers, step))
            done = done or step == "done"
            if done:
                break
        process.kill()
        process.join()
        process.close()
        kills += 1
        # What it told in its last moments counts as well.
        try:
            while True:
                step, numbers = here.recv()
                told_of.update(dict.fromkeys(numbers, step))
        except (EOFError, OSError):
            here.close()
        with Ledger.open(url) as ledger:
            rows = outcome_rows(ledger, "run-1")
            assert sum(told(ledger, "run-1").values()) == len(rows) == ROWS
            for number, step in told_of.items():
                outcome = rows[number]["outcome"]
                assert outcome != "unsent" or not step, (number, step)
                if step == "accepted":
                    assert outcome in ("pending", "success")
                if step == "confirmed":
                    assert outcome == "success"
    assert kills > 3
    with Ledger.open(url) as ledger:
        counts = told(ledger, "run-1")
        # Rows that were accepted and killed before they were confirmed wait for reconciliation.
        assert set(counts) <= {"success", "pending"}
        assert all(row["attempts"] >= 1 for row in outcome_rows(ledger, "run-1").values())
