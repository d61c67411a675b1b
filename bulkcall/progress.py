"""How stages tell of their progress without knowing who listens, and how they are asked to stop."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """A listener to a run's progress; the command line draws it, tests ignore it."""

    def begin(self, stage: str, total: int | None) -> None:
        """Tell that a stage (load, send, reconcile, report) begins, of so many rows if known."""
        ...

    def advance(self, stage: str, rows: int) -> None:
        """Count rows that the stage is done with."""
        ...

    def end(self, stage: str) -> None:
        """Tell that the stage is over."""
        ...

    def note(self, text: str) -> None:
        """Tell a person one line (a pause, a retry, a warning)."""
        ...


class NullProgress:
    """Listens to nothing."""

    def begin(self, stage: str, total: int | None) -> None:
        """Ignore."""

    def advance(self, stage: str, rows: int) -> None:
        """Ignore."""

    def end(self, stage: str) -> None:
        """Ignore."""

    def note(self, text: str) -> None:
        """Ignore."""


class StopToken:
    """A request to stop: set once by a signal or a caller, looked at between steps."""

    def __init__(self, whole: StopToken | None = None) -> None:
        """`whole`: the stop of something larger, of which this one stops a part."""
        self._whole = whole
        self._reason: str | None = None

    @property
    def requested(self) -> bool:
        """Whether this was asked to stop, or the whole that it is a part of."""
        return self._reason is not None or (self._whole is not None and self._whole.requested)

    @property
    def reason(self) -> str:
        """Why; empty while nobody asked."""
        if self._reason is not None:
            return self._reason
        return "" if self._whole is None else self._whole.reason

    def request(self, reason: str) -> None:
        """Ask the run to finish what is in flight and stop."""
        if self._reason is None:
            self._reason = reason
