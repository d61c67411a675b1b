"""One live process works on a run: the second is told who, and a dead one holds nothing."""

from __future__ import annotations

import multiprocessing
import os
import signal

import pytest

from bulkcall.errors import RunHeldError
from bulkcall.ledger import Ledger, RunState
from tests.ledger_parts import NOW, loaded, new_run, told, valid

FORK = multiprocessing.get_context("fork")


def hold_for_good(url, pipe):
    """Hold the run until killed."""
    with Ledger.open(url) as ledger, ledger.hold("run-1"):
        pipe.send("held")
        signal.pause()


@pytest.fixture
def holder(url):
    """Give a process that holds the run."""
    with Ledger.open(url) as ledger:
        loaded(ledger, "run-1", [valid(1)])
        ledger.set_state("run-1", RunState.SENDING, at=NOW)
    here, there = FORK.Pipe()
    process = FORK.Process(target=hold_for_good, args=(url, there))
    process.start()
    assert here.recv() == "held"
    yield process
    process.kill()
    process.join()
    process.close()


def test_the_second_is_told_who_holds_the_run(url, holder):
    """The message names process, machine and time; the run is not offered for resuming."""
    with Ledger.open(url) as ledger:
        with pytest.raises(RunHeldError, match=rf"process {holder.pid} on \S+ since 20") as caught:
            ledger.hold("run-1").__enter__()
        assert "run-1" in str(caught.value)
        assert ledger.last_stopped() is None


def test_the_holder_is_named_and_can_be_asked_to_stop(url, holder):
    """From another process, or on PostgreSQL another machine, that shares the ledger."""
    with Ledger.open(url) as ledger:
        assert ledger.holder("run-1").startswith(f"process {holder.pid} on ")
        run, asked = ledger.request_stop(None, at=NOW)
        assert (run.run_id, asked) == ("run-1", ledger.holder("run-1"))
        assert ledger.run("run-1").stop_requested_at == NOW


def test_a_killed_process_holds_nothing(url, holder):
    """SIGKILL frees the run at once, and it is the one to resume."""
    with Ledger.open(url) as ledger:
        os.kill(holder.pid, signal.SIGKILL)
        holder.join()
        while ledger.last_stopped() is None:
            pass  # the server may take a moment to notice; the file's lock is gone already
        assert ledger.last_stopped().run_id == "run-1"
        with ledger.hold("run-1"):
            assert ledger.last_stopped() is None


def test_a_run_can_be_held_again(ledger):
    """Holding leaves nothing behind, also where the work raised."""
    ledger.begin_run(new_run())
    for _ in range(2):
        with pytest.raises(ZeroDivisionError), ledger.hold("run-1"):
            raise ZeroDivisionError
    assert ledger.last_stopped().run_id == "run-1"


def take_all(url, pipe):
    """Take rows one by one until none is left; tell which."""
    with Ledger.open(url) as ledger:
        pipe.send("ready")
        pipe.recv()
        taken = []
        while rows := ledger.take_realtime("run-1", 3, now=NOW, with_doubt=True):
            taken += [row.row for row in rows]
        pipe.send(taken)


def test_no_row_is_taken_twice_by_two_processes(url):
    """Even without a hold, the database gives each row to one process only."""
    with Ledger.open(url) as ledger:
        loaded(ledger, "run-1", [valid(row) for row in range(1, 301)])
    pipes = []
    processes = []
    for _ in range(3):
        here, there = FORK.Pipe()
        process = FORK.Process(target=take_all, args=(url, there))
        process.start()
        pipes.append(here)
        processes.append(process)
    assert [pipe.recv() for pipe in pipes] == ["ready"] * 3
    for pipe in pipes:
        pipe.send("go")
    taken = [row for pipe in pipes for row in pipe.recv()]
    for process in processes:
        process.join()
        process.close()
    assert sorted(taken) == list(range(1, 301))
    with Ledger.open(url) as ledger:
        assert told(ledger, "run-1") == {"unknown": 300}
