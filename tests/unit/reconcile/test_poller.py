"""The poller on a clock moved by hand: when it asks, how often, and how it ends."""

from __future__ import annotations

import asyncio

import pytest

from bulkcall.api import (
    ClientError,
    NoAnswer,
    NoToken,
    RateLimited,
    ServerFault,
    Unreachable,
    Unreadable,
)
from bulkcall.clock import ManualClock
from bulkcall.errors import ServerAwayError, UnreadableError
from bulkcall.progress import NullProgress, StopToken
from bulkcall.reconcile.poller import PER_SLOT, Poller
from bulkcall.reconcile.status_recorder import StatusRecorder
from bulkcall.records import RowState
from bulkcall.settings import Settings
from tests.unit.reconcile.fakes import FakeApi, FakeLedger, element, inline


class Stage:
    """A run of the poller: its clock, ledger, server, and the switch that ends sending."""

    def __init__(self, answer, *, slots=1, timeout=60.0, sending=False, **settings):
        self.clock = ManualClock(auto=True)
        self.ledger = FakeLedger()
        self.api = FakeApi(self.clock, answer, slots=slots)
        self.stop = StopToken()
        self.timeout = timeout
        self.settings = Settings(**settings)
        self.sending = sending

    def accept(self, batch, rows):
        """Let a batch be accepted now."""
        self.ledger.accept(batch, list(rows), self.clock.now_ms())

    def run(self, beside=None):
        """Reconcile; `beside(stage, done)` runs beside it. Gives the seconds that it took."""

        async def go():
            done = asyncio.Event()
            if not self.sending:
                done.set()
            poller = Poller(
                StatusRecorder(self.ledger, "run"),
                lambda: self.ledger.open_batches("run"),
                self.api,
                self.settings,
                clock=self.clock,
                progress=NullProgress(),
                stop=self.stop,
                sending_done=done,
                timeout=self.timeout,
                blocking=inline,
            )
            work = [poller.run()]
            if beside:
                work.append(beside(self, done))
            await asyncio.gather(*work)

        began = self.clock.monotonic()
        asyncio.run(go())
        return self.clock.monotonic() - began


def test_all_final_ends_the_stage_at_once():
    """Every row confirmed: no further request, and no waiting for the time to run out."""
    stage = Stage(lambda _: [element(1), element(2, "error")])
    stage.accept(1, [1, 2])
    took = stage.run()
    assert stage.ledger.states() == {1: RowState.SUCCESS, 2: RowState.ERROR}
    assert stage.ledger.batches[1].state == "final"
    assert len(stage.api.asked) == 1
    assert took < 5


def test_a_batch_id_that_is_not_known_yet_is_asked_again():
    """404 right after create is not final: the batch is asked again and confirmed."""
    answers = [ClientError("404 not found", http_status=404)] * 3 + [[element(1)]]
    stage = Stage(lambda _: answers.pop(0))
    stage.accept(1, [1])
    stage.run()
    assert stage.ledger.states() == {1: RowState.SUCCESS}


@pytest.mark.parametrize(("wait", "polls"), [(3.0, 5), (10.0, 8), (60.0, 12)])
def test_a_short_wait_is_used_for_as_many_polls_as_a_slow_server_needs(wait, polls):
    """A listing that changes only at the last of several polls is confirmed in a short wait too."""
    answers = [[element(1, "processing")]] * (polls - 1) + [[element(1)]]
    stage = Stage(lambda _: answers.pop(0), timeout=wait)
    stage.accept(1, [1])
    stage.run()
    assert stage.ledger.states() == {1: RowState.SUCCESS}


def test_a_batch_id_that_stays_unknown_leaves_its_rows_pending():
    """404 to the end: pending, with the server's answer in the message."""
    stage = Stage(lambda _: ClientError("404 not found", http_status=404), timeout=30)
    stage.accept(1, [1])
    took = stage.run()
    assert stage.ledger.rows[1].state is RowState.ACCEPTED
    assert "404 not found" in stage.ledger.rows[1].message
    assert 30 <= took < 32


def test_failures_are_asked_again():
    """429, 500 and no answer cost time, never a row."""
    answers = [RateLimited("429"), ServerFault("500"), NoAnswer("timeout"), [element(1)]]
    stage = Stage(lambda _: answers.pop(0))
    stage.accept(1, [1])
    stage.run()
    assert stage.ledger.states() == {1: RowState.SUCCESS}


def test_a_server_away_too_long_stops_the_stage():
    """No answer for longer than is allowed: ServerAwayError, and the row's message says why."""
    stage = Stage(
        lambda _: Unreachable("connection refused"), timeout=3600.0, first_contact_timeout=15.0
    )
    stage.accept(1, [1])
    with pytest.raises(ServerAwayError, match="connection refused"):
        stage.run()
    assert 15 <= stage.clock.monotonic() < 60
    assert "connection refused" in stage.ledger.rows[1].message


def test_a_token_call_over_its_limit_is_no_server_that_is_away():
    """429 from the token call for longer than a first contact may take: it is waited for."""
    stage = Stage(None, timeout=3600.0, first_contact_timeout=15.0)
    over = NoToken("no token: HTTP 429", http_status=429, retry_after=60.0)
    stage.api.answer = lambda _: over if stage.clock.monotonic() < 200 else [element(1)]
    stage.accept(1, [1])
    stage.run()
    assert stage.ledger.states() == {1: RowState.SUCCESS}


def test_no_token_for_long_stops_the_stage():
    """A token call that is down is a server that is away."""
    stage = Stage(
        lambda _: NoToken("no token: HTTP 503", http_status=503), first_contact_timeout=15.0
    )
    stage.accept(1, [1])
    with pytest.raises(ServerAwayError, match="no token: HTTP 503"):
        stage.run()


def test_a_server_that_was_there_may_be_away_longer():
    """Once it has answered, away_timeout counts, from its last answer on."""
    heard = []

    def answer(_):
        heard.append(1)
        return [element(1)] if len(heard) == 1 else Unreachable("connection refused")

    stage = Stage(answer, timeout=3600.0, first_contact_timeout=15.0, away_timeout=200.0)
    stage.accept(1, [1, 2])
    with pytest.raises(ServerAwayError):
        stage.run()
    assert 200 <= stage.clock.monotonic() < 300


def test_a_stop_ends_the_stage_soon_and_says_why_rows_are_open():
    """A stop request: the stage returns within a moment, what is known is written down."""
    stage = Stage(lambda _: [element(1)], timeout=3600.0)
    stage.accept(1, [1, 2])

    async def beside(stage, _):
        while not stage.ledger.writes:
            await stage.clock.sleep(0.1)
        stage.stop.request("Ctrl-C")

    assert stage.run(beside) < 20
    assert stage.ledger.states() == {1: RowState.SUCCESS, 2: RowState.ACCEPTED}
    assert stage.ledger.rows[2].message


def test_a_row_not_listed_is_missing_once_the_listing_is_settled():
    """One of two rows listed, nothing changes: missing after at least ten seconds, not before."""
    stage = Stage(lambda _: [element(1)], timeout=3600.0)
    stage.accept(1, [1, 2])
    took = stage.run()
    assert stage.ledger.states() == {1: RowState.SUCCESS, 2: RowState.MISSING}
    assert stage.ledger.batches[1].state == "final"
    assert 10 <= took < 20
    assert len(stage.api.asked) <= 4


def test_a_late_row_is_not_called_missing():
    """A second row listed eight seconds after the first: both are confirmed."""
    stage = Stage(None, timeout=3600.0)
    stage.api.answer = lambda _: (
        [element(1), element(2)] if stage.clock.monotonic() > 9 else [element(1)]
    )
    stage.accept(1, [1, 2])
    stage.run()
    assert stage.ledger.states() == {1: RowState.SUCCESS, 2: RowState.SUCCESS}


def test_an_empty_listing_is_never_missing():
    """Nothing listed to the end of the wait: pending."""
    stage = Stage(lambda _: [], timeout=100)
    stage.accept(1, [1])
    stage.run()
    assert stage.ledger.rows[1].state is RowState.ACCEPTED


def test_at_the_end_of_the_wait_two_equal_answers_do():
    """Too little time to settle: unchanged over the last two answers, the row is missing."""
    stage = Stage(lambda _: [element(1)], timeout=4)
    stage.accept(1, [1, 2])
    assert stage.run() < 6
    assert stage.ledger.states()[2] is RowState.MISSING


def test_without_open_batches_the_stage_returns_at_once():
    """Nothing to ask: no request, no waiting."""
    stage = Stage(lambda _: [])
    assert stage.run() < 1
    assert not stage.api.asked


def test_requests_in_flight_are_bounded():
    """However many batches are open, each token has a few status requests in flight."""
    stage = Stage(lambda batch_id: [element(int(batch_id[2:]))], slots=3)
    for batch in range(1, 61):
        stage.accept(batch, [batch])
    stage.run()
    assert set(stage.ledger.states().values()) == {RowState.SUCCESS}
    assert stage.api.most_in_flight <= 3 * PER_SLOT


def test_the_first_poll_comes_when_the_batch_is_likely_ready():
    """A server that takes 12 s a batch: later batches of a run are asked about once, or twice."""
    born = {}
    stage = Stage(None, sending=True)

    def answer(batch_id):
        batch = int(batch_id[2:])
        return [element(batch)] if stage.clock.monotonic() - born[batch] >= 12 else []

    stage.api.answer = answer

    async def beside(stage, done):
        for batch in range(1, 61):
            born[batch] = stage.clock.monotonic()
            stage.accept(batch, [batch])
            await stage.clock.sleep(1)
        done.set()

    stage.run(beside)
    assert set(stage.ledger.states().values()) == {RowState.SUCCESS}
    polls = [stage.ledger.batches[batch].polls for batch in range(1, 61)]
    assert sum(polls[30:]) <= 1.5 * 30, polls
    assert max(polls) < 10


def test_batches_of_most_rows_are_asked_first():
    """Several batches due at once: the fullest first."""
    stage = Stage(lambda batch_id: [element(row) for row in stage.ledger.held[int(batch_id[2:])]])
    stage.accept(1, [1])
    stage.accept(2, [2, 3, 4])
    stage.accept(3, [5, 6])
    stage.run()
    assert [batch_id for _, batch_id in stage.api.asked] == ["b-2", "b-3", "b-1"]


def test_a_row_in_two_batches_has_the_better_confirmed_end():
    """Sent again, both batches known: success in one decides over error in the other, both told."""
    answers = {"b-1": [element(1, "error")], "b-2": [element(1)]}
    stage = Stage(answers.get)
    stage.accept(1, [1])
    stage.accept(2, [1])
    stage.run()
    row = stage.ledger.rows[1]
    assert row.state is RowState.SUCCESS
    assert "batch b-1: error" in row.message
    assert "batch b-2: success" in row.message


def test_strangers_are_written_down_with_their_batch():
    """A record that was never sent goes to the unexpected ones, and gives no row an end."""
    stage = Stage(lambda _: [element(1), element(77)], timeout=5)
    stage.accept(1, [1])
    stage.run()
    (stranger,) = stage.ledger.strangers[1]
    assert (stranger["batch_id"], stranger["id"], stranger["status"]) == ("b-1", "id-77", "success")


def test_an_unchanged_answer_writes_nothing_again():
    """The same listing over and over: final words are written once, the others at the end."""
    stage = Stage(lambda _: [element(1), element(2, "queued")], timeout=60)
    stage.accept(1, [1, 2])
    stage.run()
    assert len(stage.api.asked) > 3
    assert stage.ledger.writes == 2
    assert stage.ledger.rows[2].message == 'the server says "queued"'


def test_odd_answers_are_survived():
    """Elements of any shape: the readable ones count, the rest is told once."""
    stage = Stage(lambda _: [{"id": []}, {}, {"ends_at": "soon"}, element(1)], timeout=5)
    stage.accept(1, [1])
    stage.run()
    assert stage.ledger.states() == {1: RowState.SUCCESS}


PAGE = Unreadable("HTTP 200, but the answer can't be read: it is a page", http_status=200)


def test_answers_that_can_not_be_read_stop_the_run_long_before_the_wait_is_over():
    """A page for every status, also after good answers: the rows stay pending."""
    stage = Stage(lambda _: PAGE if stage.clock.monotonic() > 20 else [], timeout=600.0)
    for batch in range(1, 11):
        stage.accept(batch, [batch])
    with pytest.raises(UnreadableError, match="resume or reconcile"):
        stage.run()
    assert 30 <= stage.clock.monotonic() < 60
    assert set(stage.ledger.states().values()) == {RowState.ACCEPTED}


def test_a_moment_of_answers_that_can_not_be_read_is_waited_out():
    """Pages for five seconds cost nothing but polls."""
    stage = Stage(lambda name: PAGE if stage.clock.monotonic() < 5 else [element(int(name[2:]))])
    for batch in range(1, 31):
        stage.accept(batch, [batch])
    stage.run()
    assert set(stage.ledger.states().values()) == {RowState.SUCCESS}


def test_a_short_wait_of_nothing_but_pages_does_not_end_as_if_it_had_been_asked():
    """When the wait is over and none of the last answers could be read, the run stops."""
    stage = Stage(lambda _: PAGE, timeout=3.0)
    stage.accept(1, [1])
    with pytest.raises(UnreadableError):
        stage.run()
    assert stage.ledger.states() == {1: RowState.ACCEPTED}
