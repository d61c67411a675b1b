"""How a stage reports its progress without knowing who listens, and how it is asked to stop."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Protocol

from bulkcall.errors import StopCause

if TYPE_CHECKING:
    from collections.abc import Iterator


class Progress(Protocol):
    """Listens to a run's progress; the command line draws it, tests ignore it."""

    def begin(self, stage: str, total: int | None) -> None:
        """A stage (load, send, reconcile, report) begins, with `total` rows if that is known."""
        ...

    def advance(self, stage: str, rows: int) -> None:
        """The stage is done with so many more rows."""
        ...

    def end(self, stage: str) -> None:
        """The stage is over."""
        ...

    def note(self, text: str) -> None:
        """Show a person one line: a pause, a retry, a warning."""
        ...


class NullProgress:
    """A listener that does nothing."""

    def begin(self, stage: str, total: int | None) -> None:
        """Ignore."""

    def advance(self, stage: str, rows: int) -> None:
        """Ignore."""

    def end(self, stage: str) -> None:
        """Ignore."""

    def note(self, text: str) -> None:
        """Ignore."""


class StopToken:
    """A request to stop, made once, by a signal handler, another thread or a caller.

    Code that waits passes the token to `Clock.sleep`, or awaits `wait`: both end when it is
    requested, so nothing polls. A token with a `parent` stops a part of what that one stops: it is
    requested when either is.
    """

    def __init__(self, parent: StopToken | None = None) -> None:
        self._parent = parent
        self._reason: str | None = None
        self._cause = StopCause.SIGNAL
        self._waiters: set[asyncio.Future[None]] = set()

    @property
    def requested(self) -> bool:
        """Whether a stop was requested here or of the parent."""
        return self._reason is not None or (self._parent is not None and self._parent.requested)

    @property
    def reason(self) -> str:
        """Why, for a person to read; empty while no stop was requested."""
        if self._reason is not None:
            return self._reason
        return "" if self._parent is None else self._parent.reason

    @property
    def cause(self) -> StopCause:
        """What asked for it, for programs."""
        if self._reason is not None or self._parent is None:
            return self._cause
        return self._parent.cause

    def request(self, reason: str, cause: StopCause = StopCause.SIGNAL) -> None:
        """Ask for a stop: what is in flight is finished, nothing new begins.

        The first reason stays.

        May be called from any thread and from a signal handler.
        """
        if self._reason is None:
            self._cause = cause
            self._reason = reason
        for waiter in tuple(self._waiters):
            with contextlib.suppress(RuntimeError):  # the loop has closed: nobody waits any more
                waiter.get_loop().call_soon_threadsafe(_wake, waiter)

    async def wait(self) -> None:
        """Wait until a stop is requested."""
        waiter = asyncio.get_running_loop().create_future()
        with self.waking(waiter):
            await waiter

    @contextlib.contextmanager
    def waking(self, waiter: asyncio.Future[None]) -> Iterator[None]:
        """Set the future's result when a stop is requested, or at once if it has been."""
        token: StopToken | None = self
        while token is not None:
            token._waiters.add(waiter)  # noqa: SLF001 - another of the same class
            token = token._parent  # noqa: SLF001
        if self.requested:
            _wake(waiter)
        try:
            yield
        finally:
            token = self
            while token is not None:
                token._waiters.discard(waiter)
                token = token._parent


def _wake(waiter: asyncio.Future[None]) -> None:
    if not waiter.done():
        waiter.set_result(None)
