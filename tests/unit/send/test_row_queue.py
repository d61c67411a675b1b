"""Rows in backoff wait where they belong: in the ledger, as what they are."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

from bulkcall.ledger import Doubtful, TurnedAway
from bulkcall.send.ledger_writer import LedgerWriter
from bulkcall.send.outbound import Requeue
from bulkcall.send.row_queue import BatchQueue, RealtimeQueue
from tests.send_parts import BATCH, REALTIME, begin, counts, outcomes


class HandClock:
    """Goes on when told."""

    def __init__(self):
        self.seconds = 100.0

    def monotonic(self):
        """Seconds."""
        return self.seconds

    def now_ms(self):
        """A time long before every row's end."""
        return 1_700_000_000_000


def with_stock(ledger, rows, play):
    """Have `play` take rows of a run, on a clock of its own."""

    async def run():
        run = begin(ledger, rows, REALTIME)
        async with LedgerWriter(ledger, run.run_id) as writer:
            clock = HandClock()
            queue = RealtimeQueue(ledger, writer, run.run_id, clock, with_doubt=True)
            await play(SimpleNamespace(run=run, writer=writer, clock=clock, queue=queue))

    asyncio.run(run())


async def take(parts, requests, rows=None):
    """The rows taken."""
    found = await parts.queue.take(requests, rows, small=False)
    return {request.rows[0].row: request for request in found}


def put_off(parts, request, event, wait):
    """Write down how a row's request ended, and that it goes again after a while."""
    parts.writer.put([event])
    parts.queue.release(request, [Requeue(request.numbers, wait)])


def test_a_row_in_backoff_is_waiting_in_the_ledger_and_others_pass_it(ledger):
    """Turned away, it stands as unsent with no attempt; when its time has come, it goes first."""

    async def play(parts):
        taken = await take(parts, 1)
        put_off(parts, taken[1], TurnedAway([1], 5, 503, "later"), 10.0)
        assert list(await take(parts, 2)) == [2, 3]
        row = outcomes(ledger, parts.run)[1]
        assert (row.outcome, row.attempts, row.sent_at) == ("unsent", 0, None)
        assert (parts.queue.reserved, parts.queue.due_in()) == (1, 10.0)
        parts.clock.seconds += 10
        again = await take(parts, 2)
        assert list(again) == [1, 4]
        assert [again[1].again, again[4].again] == [True, False]
        assert (parts.queue.reserved, parts.queue.due_in()) == (0, None)

    with_stock(ledger, 5, play)


def test_a_crash_during_a_backoff_brings_nothing_into_doubt(ledger):
    """Only rows that were going out are: not one that the server had turned away."""

    async def play(parts):
        taken = await take(parts, 2)
        put_off(parts, taken[1], TurnedAway([1], 5, 503, "later"), 10.0)
        put_off(parts, taken[2], Doubtful([2], 5, None, "no answer", again=True), 10.0)
        assert list(await take(parts, 1)) == [3]
        assert ledger.recover(parts.run.run_id, at=6) == 1
        assert counts(ledger, parts.run) == {"unsent": 1, "unknown": 2}

    with_stock(ledger, 3, play)


def test_rows_in_backoff_are_not_taken_for_new_ones(ledger):
    """With no new row allowed only those go whose time has come, and never one of them twice."""

    async def play(parts):
        taken = await take(parts, 3)
        for row, wait in ((1, 3.0), (2, 1.0), (3, 2.0)):
            put_off(parts, taken[row], TurnedAway([row], 5, 503, "later"), wait)
        assert await take(parts, 9, rows=0) == {}
        assert await take(parts, 9) == {}
        parts.clock.seconds += 2
        assert list(await take(parts, 9, rows=0)) == [2, 3]
        parts.clock.seconds += 1
        assert list(await take(parts, 9, rows=0)) == [1]
        assert await take(parts, 9) == {}

    with_stock(ledger, 3, play)


def test_what_keeping_look_alikes_apart_costs_is_said_before_it_is_paid(ledger):
    """Where times tell nothing, the first batch composed so says how many more there will be."""
    said = []

    async def play():
        run = begin(ledger, 6, BATCH)
        async with LedgerWriter(ledger, run.run_id) as writer:
            queue = BatchQueue(
                ledger,
                writer,
                run.run_id,
                HandClock(),
                with_doubt=True,
                size=4,
                stamp=True,
                stamp_unit_ms=lambda: 0,
                note=said.append,
            )
            taken = [await queue.take(1, None, small=False) for _ in range(2)]
            assert [len(requests[0].rows) for requests in taken] == [1, 1]

    asyncio.run(play())
    assert len(said) == 1
    assert "about 6 batches for the rest instead of 2" in said[0]
