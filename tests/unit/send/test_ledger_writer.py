"""The ledger's thread: groups, order and errors."""

from __future__ import annotations

import asyncio
import threading

import pytest

from bulkcall.errors import DiskFullError
from bulkcall.ledger import GivenBack
from bulkcall.send.ledger_writer import LedgerWriter


class Book:
    """A ledger that remembers its transactions and in which thread they were."""

    def __init__(self, fails_at=None):
        self.transactions = []
        self.threads = set()
        self.fails_at = fails_at

    def record(self, run_id, events, *, requests=0, retries=0):
        """Remember one transaction."""
        if len(self.transactions) + 1 == self.fails_at:
            raise DiskFullError("no room left")
        self.threads.add(threading.get_ident())
        self.transactions.append(([event.rows[0] for event in events], requests, retries))


def test_results_that_gather_are_written_together_and_counted_after_that():
    """100 results put at once are one transaction; `written` is called when it is committed."""
    book, counted = Book(), []

    async def main():
        async with LedgerWriter(book, "run") as writer:
            for row in range(100):
                writer.put(
                    [GivenBack([row])], requests=1, written=lambda row=row: counted.append(row)
                )
            assert not counted
            await writer.flush()
            assert counted == list(range(100))

    asyncio.run(main())
    assert book.transactions == [(list(range(100)), 100, 0)]
    assert threading.get_ident() not in book.threads


def test_results_are_written_before_a_call_that_comes_after_them():
    """A take sees what was put before it, and results put later wait."""
    book = Book()

    async def main():
        async with LedgerWriter(book, "run") as writer:
            writer.put([GivenBack([1])])
            seen = await writer.call(lambda: len(book.transactions))
            writer.put([GivenBack([2])])
            return seen

    assert asyncio.run(main()) == 1
    assert [rows for rows, _, _ in book.transactions] == [[1], [2]]


def test_results_are_written_without_anyone_waiting():
    """After the linger a group is written by itself."""
    book, written = Book(), asyncio.Event()

    async def main():
        async with LedgerWriter(book, "run", linger=0.0) as writer:
            writer.put([GivenBack([1])], written=written.set)
            await asyncio.wait_for(written.wait(), 10)
            assert book.transactions

    asyncio.run(main())


def test_the_first_error_is_told_at_once_and_to_everyone_after():
    """A failed transaction calls `on_error`; every later call raises the same error."""
    book, told = Book(fails_at=1), []

    async def main():
        async with LedgerWriter(book, "run") as writer:
            writer.on_error = told.append
            writer.put([GivenBack([1])])
            with pytest.raises(DiskFullError):
                await writer.flush()
            with pytest.raises(DiskFullError):
                await writer.call(lambda: None)

    asyncio.run(main())
    assert len(told) == 1
    assert not book.transactions
