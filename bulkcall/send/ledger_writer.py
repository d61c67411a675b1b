"""The one thread through which the sender speaks with the ledger, writing results in groups.

A commit costs a disk's fsync, which may take 20 ms: on the event loop it would stop every token. So
all calls run in one thread, in the order in which they were asked for, and the results that gather
while a commit is under way go into the next one together.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import TracebackType

    from bulkcall.ledger import Event, Ledger

T = TypeVar("T")

GROUP_COMMIT_SECONDS = 0.05
"""Seconds that the first result of a group waits for company: at most twenty commits a second."""


SWITCH_INTERVAL = 0.001
"""Seconds for which the ledger's thread may keep the interpreter from the event loop at a time.

Python's own 5 ms are added to many a request's way, and the limit can't be kept so closely.
"""


@dataclass(slots=True)
class _Result:
    events: Sequence[Event]
    requests: int
    retries: int
    written: Callable[[], None] | None


class LedgerWriter:
    """Runs ledger calls in one thread; after the first error it only raises that error."""

    def __init__(
        self, ledger: Ledger, run_id: str, *, linger: float = GROUP_COMMIT_SECONDS
    ) -> None:
        self._ledger = ledger
        self._run_id = run_id
        self._linger = linger
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="bulkcall-ledger")
        self._results: list[_Result] = []
        self._flusher: asyncio.Task[None] | None = None
        self._turn = asyncio.Lock()
        self._switch_interval = 0.005
        self.error: Exception | None = None
        """What the ledger raised first."""
        self.on_error: Callable[[Exception], None] | None = None
        """Called with it, on the event loop."""

    async def __aenter__(self) -> Self:
        self._switch_interval = sys.getswitchinterval()
        sys.setswitchinterval(SWITCH_INTERVAL)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        # Cancelled means now: what could be written in a moment has been, the rest is left.
        cancelled = isinstance(error, asyncio.CancelledError)
        try:
            if self.error is None and not cancelled:
                await self.flush()
        finally:
            if self._flusher is not None:
                self._flusher.cancel()
            self._thread.shutdown(wait=not cancelled, cancel_futures=cancelled)
            sys.setswitchinterval(self._switch_interval)

    def put(
        self,
        events: Sequence[Event],
        *,
        requests: int = 0,
        retries: int = 0,
        written: Callable[[], None] | None = None,
    ) -> None:
        """Have a result written; `written` is called on the event loop once it is committed."""
        self._results.append(_Result(events, requests, retries, written))
        if self._flusher is None and self.error is None:
            self._flusher = asyncio.create_task(self._flush_soon())

    async def flush(self) -> None:
        """Write every result that was put before. Raises what the ledger raised."""
        await self.call(_nothing)

    async def call(self, step: Callable[[], T]) -> T:
        """Write every result that was put before, then run `step` in the ledger's thread."""
        async with self._turn:
            if self.error is not None:
                raise self.error
            results, self._results = self._results, []
            try:
                value = await self._in_thread(results, step)
            except Exception as error:
                self.error = error
                if self.on_error is not None:
                    self.on_error(error)
                raise
        for result in results:
            if result.written is not None:
                result.written()
        return value

    async def _in_thread(self, results: Sequence[_Result], step: Callable[[], T]) -> T:
        # A cancelled caller must not take the transaction with it: what was put is written.
        job = asyncio.get_running_loop().run_in_executor(self._thread, self._work, results, step)
        return await asyncio.shield(job)

    def _work(self, results: Sequence[_Result], step: Callable[[], T]) -> T:
        events = [event for result in results for event in result.events]
        requests = sum(result.requests for result in results)
        retries = sum(result.retries for result in results)
        if events or requests:
            self._ledger.record(self._run_id, events, requests=requests, retries=retries)
        return step()

    async def _flush_soon(self) -> None:
        await asyncio.sleep(self._linger)
        self._flusher = None
        # A failure stays in `error`, and is raised to whoever calls next.
        with contextlib.suppress(Exception):
            await self.flush()


def _nothing() -> None:
    """Only what was put before is to be written."""
