"""A stop that somebody requested in the ledger reaches the run that works, and no other."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest

from bulkcall.errors import LedgerError, StopCause, UsageError
from bulkcall.ledger import Ledger, RunState
from bulkcall.progress import NullProgress, StopToken
from bulkcall.run.stop_requests import obeying_stop_requests
from tests.ledger_parts import NOW, loaded, new_run, valid


@pytest.fixture
def ledger(tmp_path):
    """Give a ledger with a run that sends."""
    with Ledger.open(str(tmp_path / "ledger.db")) as ledger:
        loaded(ledger, "run-1", [valid(1)])
        ledger.set_state("run-1", RunState.SENDING, at=NOW)
        yield ledger


def context_of(ledger):
    """Give as much of a run's context as is needed."""
    return SimpleNamespace(ledger=ledger, stop=StopToken(), progress=NullProgress())


def waited(stop):
    """Wait until the stop is requested."""
    asyncio.run(asyncio.wait_for(stop.wait(), 60))
    return stop


def test_a_request_stops_the_run_at_work(ledger):
    """From another connection, by the run's id or without it."""
    context = context_of(ledger)
    with (
        Ledger.open(str(ledger._store.file.path)) as other,
        ledger.hold("run-1"),
        obeying_stop_requests(context, "run-1", poll_seconds=0.01),
    ):
        run, holder = other.request_stop(None, at=NOW)
        assert run.run_id == "run-1"
        assert holder.startswith("process ")
        assert waited(context.stop).cause is StopCause.STOP_REQUEST


def test_a_ledger_that_is_away_for_a_moment_is_asked_again(ledger):
    """An error of the ledger is the run's own affair."""
    answers = iter([LedgerError("away"), SimpleNamespace(stop_requested_at=5)])

    def run(_):
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    context = context_of(SimpleNamespace(run=run))
    with obeying_stop_requests(context, "run-1", poll_seconds=0.001):
        assert waited(context.stop).reason == "bulkcall stop"


def test_a_request_to_an_earlier_process_is_over(ledger):
    """Who takes the run up afterwards is not stopped by it."""
    with ledger.hold("run-1"):
        ledger.request_stop("run-1", at=NOW)
    assert ledger.run("run-1").stop_requested_at == NOW
    with ledger.hold("run-1"):
        assert ledger.run("run-1").stop_requested_at is None


def test_only_a_live_run_can_be_stopped(ledger):
    """None live, several live, and one named that is not."""
    with pytest.raises(UsageError, match="no run is being worked on"):
        ledger.request_stop(None, at=NOW)
    with pytest.raises(UsageError, match="run-1 is not being worked on"):
        ledger.request_stop("run-1", at=NOW)
    ledger.begin_run(new_run("run-2"))
    several = pytest.raises(UsageError, match=r"several runs .*run-2, run-1\); name one")
    with ledger.hold("run-1"), ledger.hold("run-2"), several:
        ledger.request_stop(None, at=NOW)
