"""How long each stage took, learned from what it tells of its progress."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from bulkcall.progress import NullProgress, Progress
from bulkcall.run_summary import StageTime

if TYPE_CHECKING:
    from collections.abc import Callable


class Stopwatch:
    """A listener to progress that takes the time and hands everything on to another listener."""

    def __init__(
        self, listener: Progress | None = None, *, now: Callable[[], int] = time.time_ns
    ) -> None:
        """`now` gives epoch nanoseconds."""
        self._listener: Progress = listener or NullProgress()
        self._now = now
        self._open: dict[str, tuple[int, int]] = {}
        self._over: list[StageTime] = []
        self.begun = now()

    def begin(self, stage: str, total: int | None) -> None:
        """Note when the stage began."""
        self._close(stage, through=True)
        self._open[stage] = (self._now(), 0)
        self._listener.begin(stage, total)

    def advance(self, stage: str, rows: int) -> None:
        """Count the stage's rows."""
        if stage in self._open:
            begun, done = self._open[stage]
            self._open[stage] = (begun, done + rows)
        self._listener.advance(stage, rows)

    def end(self, stage: str) -> None:
        """Note when the stage ended."""
        self._close(stage, through=True)
        self._listener.end(stage)

    def note(self, text: str) -> None:
        """Hand the line on."""
        self._listener.note(text)

    def stages(self) -> tuple[StageTime, ...]:
        """Return the stages in the order in which they began; those still open end now."""
        for stage in list(self._open):
            self._close(stage, through=False)
        return tuple(sorted(self._over, key=lambda stage: stage.begun))

    def _close(self, stage: str, *, through: bool) -> None:
        if stage in self._open:
            begun, rows = self._open.pop(stage)
            self._over.append(StageTime(stage, begun, self._now(), rows, through))
