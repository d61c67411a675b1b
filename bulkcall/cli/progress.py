"""Progress on standard error: tqdm's bars on a terminal, a plain line now and then elsewhere."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bulkcall.cli.console import Console

_LINE_EVERY = 10.0
_WORDS = {
    "load": "loading",
    "send": "sending",
    "reconcile": "confirming",
    "report": "reporting",
}


class Bars:
    """A tqdm bar a stage, with rate, counts and time left."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._bars: dict[str, Any] = {}

    def begin(self, stage: str, total: int | None) -> None:
        """Draw the stage's bar."""
        from tqdm import tqdm

        self.end(stage)
        self._bars[stage] = tqdm(
            total=total,
            desc=f"{_WORDS.get(stage, stage):<10}",
            unit=" rows",
            unit_scale=True,
            file=sys.stderr,
            dynamic_ncols=True,
            leave=True,
            colour="green" if self._console.colour else None,
        )

    def advance(self, stage: str, rows: int) -> None:
        """Move the stage's bar."""
        if stage in self._bars:
            self._bars[stage].update(rows)

    def end(self, stage: str) -> None:
        """Finish the stage's bar."""
        bar = self._bars.pop(stage, None)
        if bar is not None:
            bar.close()

    def note(self, text: str) -> None:
        """Write a line above the bars."""
        from tqdm import tqdm

        with tqdm.external_write_mode(file=sys.stderr):
            self._console.line("info", text)


class Lines:
    """One plain line a stage now and then: for logs, pipes and schedulers."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._stages: dict[str, tuple[int, int | None, float, float]] = {}

    def begin(self, stage: str, total: int | None) -> None:
        """Remember when the stage began."""
        now = time.monotonic()
        self._stages[stage] = (0, total, now, now)

    def advance(self, stage: str, rows: int) -> None:
        """Count, and say so where some time has passed since the last line."""
        if stage not in self._stages:
            return
        done, total, began, said = self._stages[stage]
        now = time.monotonic()
        if now - said >= _LINE_EVERY:
            said = now
            self._say(stage, done + rows, total, now - began)
        self._stages[stage] = (done + rows, total, began, said)

    def end(self, stage: str) -> None:
        """Say how the stage ended, where it had anything to do."""
        done, total, began, _ = self._stages.pop(stage, (0, None, 0.0, 0.0))
        if done:
            self._say(stage, done, total, time.monotonic() - began)

    def note(self, text: str) -> None:
        """Write the line."""
        self._console.line("info", text)

    def _say(self, stage: str, done: int, total: int | None, seconds: float) -> None:
        rate = done / seconds if seconds > 0 else 0.0
        of = f" of {total:,}" if total is not None else ""
        left = ""
        if total is not None and rate > 0 and done < total:
            left = f", about {(total - done) / rate:,.0f} s left"
        text = f"{_WORDS.get(stage, stage)}: {done:,}{of} rows, {rate:,.0f} a second{left}"
        self._console.line("info", text, stage=stage)


class SilentProgress:
    """Says nothing but what a person must know."""

    def begin(self, stage: str, total: int | None) -> None:
        """Ignore."""

    def advance(self, stage: str, rows: int) -> None:
        """Ignore."""

    def end(self, stage: str) -> None:
        """Ignore."""

    def note(self, text: str) -> None:
        """Ignore."""


def progress_for(console: Console) -> Bars | Lines | SilentProgress:
    """Choose how this process shows progress."""
    if console.verbosity < 0:
        return SilentProgress()
    if sys.stderr.isatty() and console.log_format == "text":
        return Bars(console)
    return Lines(console)
