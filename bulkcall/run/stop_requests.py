"""`bulkcall stop`: a request in the ledger stops the process that works on the run."""

from __future__ import annotations

import contextlib
import logging
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bulkcall.errors import LedgerError, StopCause

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bulkcall.ledger import RunInfo
    from bulkcall.run.context import RunContext

_LOG = logging.getLogger(__name__)

POLL_SECONDS = 1.0
"""How often the ledger is asked: the other process may be on another machine."""
_END_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class StopRequest:
    """A live run that was asked to stop."""

    run: RunInfo
    holder: str
    """Who works on it, in words: process, machine and since when."""
    stopped: bool
    """Whether it has stopped already."""


@contextlib.contextmanager
def obeying_stop_requests(
    context: RunContext, run_id: str, *, poll_seconds: float = POLL_SECONDS
) -> Iterator[None]:
    """Request the context's stop once somebody asks the ledger for it, while the block lasts.

    A thread of its own looks, so that loading, sending and waiting can all be stopped.
    """
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(poll_seconds):
            # A ledger that is away has nobody's request either; the run itself reports it.
            with contextlib.suppress(LedgerError):
                if context.ledger.run(run_id).stop_requested_at is not None:
                    _LOG.info("a stop was requested")
                    context.stop.request("bulkcall stop", StopCause.STOP_REQUEST)
                    context.progress.note("bulkcall stop: finishing what is in flight")
                    return

    thread = threading.Thread(target=watch, name="stop-requests", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join(_END_SECONDS)
