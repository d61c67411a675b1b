"""Progress on standard error: live lines on a terminal, a plain line now and then elsewhere."""

from __future__ import annotations

import math
import os
import shutil
import sys
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click
from tqdm.std import Bar  # type: ignore[attr-defined]  # its stubs leave it out

if TYPE_CHECKING:
    from bulkcall.cli.console import Console

_LINE_EVERY_SECONDS = 10.0
_DRAW_EVERY_SECONDS = 0.1
_WIDEST_BAR = 24
_NARROWEST_BAR = 6
_WORDS = {
    "load": "loading",
    "send": "sending",
    "reconcile": "confirming",
    "report": "reporting",
}
_ERASE = "\x1b[{}F\x1b[J"
"""Up so many lines, and everything below gone."""


@dataclass(slots=True)
class _Stage:
    """How far one stage is."""

    total: int | None
    began: float
    done: int = 0


class Bars:
    """A line a stage that is drawn anew in its place, and one line that stays when it has ended.

    Drawn lines are never wider than the terminal, so that what is drawn can be taken away again.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._stages: dict[str, _Stage] = {}
        self._drawn: list[int] = []
        """The length of each line that is drawn now."""
        self._drawn_at = 0.0
        self._sent_before = 0
        self._lock = threading.RLock()

    def begin(self, stage: str, total: int | None) -> None:
        """Draw the stage's line."""
        with self._lock:
            self._stages[stage] = _Stage(total, time.monotonic())
            self._draw()

    def advance(self, stage: str, rows: int) -> None:
        """Move the stage's bar."""
        with self._lock:
            if stage not in self._stages:
                return
            self._stages[stage].done += rows
            if time.monotonic() - self._drawn_at >= _DRAW_EVERY_SECONDS:
                self._draw()

    def end(self, stage: str) -> None:
        """Leave one line that says what the stage did, where it did anything."""
        with self._lock:
            ended = self._stages.pop(stage, None)
            if ended is None:
                return
            if stage == "send":
                self._sent_before += ended.done
            self._write(self.erased())
            if ended.done:
                self._console.line("info", _summary(stage, ended))
            self._draw()

    def note(self, text: str) -> None:
        """Write a line above the bars."""
        with self._lock:
            self._write(self.erased())
            self._console.line("info", text)
            self._draw()

    def erased(self) -> str:
        """What takes the drawn lines away; they count as gone. Safe in a signal handler."""
        drawn, self._drawn = self._drawn, []
        if not drawn:
            return ""
        width = _width()
        # A terminal that was made narrower has wrapped them.
        return _ERASE.format(sum(max(1, math.ceil(length / width)) for length in drawn))

    def _draw(self) -> None:
        width = _width()
        lines = [self._line(name, stage, width) for name, stage in self._stages.items()]
        text = self.erased() + "".join(f"{line}\n" for line in lines)
        self._drawn = [len(click.unstyle(line)) for line in lines]
        self._drawn_at = time.monotonic()
        self._write(text)

    def _line(self, name: str, stage: _Stage, width: int) -> str:
        total = stage.total
        if name == "reconcile" and total is None:
            total = self._to_confirm()
        seconds = time.monotonic() - stage.began
        word = f"{_WORDS.get(name, name):<10}"
        if not stage.done:
            return f"{word}"[:width]
        rate = stage.done / seconds if seconds > 0 else 0.0
        parts = [_of(stage.done, total), f"{rate:,.0f} a second"]
        if total and rate and stage.done < total:
            parts.append(f"{_span((total - stage.done) / rate)} left")
        while len(parts) > 1 and len(f"{word}  {', '.join(parts)}") > width - 1:
            parts.pop()
        text = ", ".join(parts)
        room = width - 1 - len(word) - len(text) - 2
        if not total or room < _NARROWEST_BAR:
            return f"{word} {text}"[: width - 1]
        return f"{word} {self._bar(stage.done / total, min(room, _WIDEST_BAR))} {text}"

    def _bar(self, share: float, size: int) -> str:
        charset = Bar.UTF if _can_show(Bar.UTF) else Bar.ASCII
        bar = format(Bar(min(1.0, share), default_len=size, charset=charset))
        return click.style(bar, fg="green") if self._console.colour else bar

    def _to_confirm(self) -> int | None:
        """How many rows there are to confirm: what was sent, and what is being sent."""
        sending = self._stages.get("send")
        waiting = 0 if sending is None else max(sending.total or 0, sending.done)
        return self._sent_before + waiting or None

    @staticmethod
    def _write(text: str) -> None:
        if text:
            sys.stderr.write(text)
            sys.stderr.flush()


def _width() -> int:
    try:
        columns = os.get_terminal_size(sys.stderr.fileno()).columns
    except (OSError, ValueError):
        columns = 0
    return max(20, columns or shutil.get_terminal_size().columns)


def _can_show(text: str) -> bool:
    try:
        text.encode(sys.stderr.encoding or "ascii")
    except UnicodeEncodeError:
        return False
    return True


def _of(done: int, total: int | None) -> str:
    if total is None:
        return "1 row" if done == 1 else f"{done:,} rows"
    return f"{min(done, total):,} of {total:,}"


def _span(seconds: float) -> str:
    whole = max(1, round(seconds))
    if whole < 60:  # noqa: PLR2004 - a minute
        return f"{whole} s"
    minutes, seconds = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {seconds} s"


class Lines:
    """One plain line a stage now and then: for logs, pipes and schedulers."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._stages: dict[str, _Stage] = {}
        self._said: dict[str, float] = {}

    def begin(self, stage: str, total: int | None) -> None:
        """Remember when the stage began."""
        self._said[stage] = time.monotonic()
        self._stages[stage] = _Stage(total, self._said[stage])

    def advance(self, stage: str, rows: int) -> None:
        """Count, and say so where some time has passed since the last line."""
        if stage not in self._stages:
            return
        known = self._stages[stage]
        known.done += rows
        now = time.monotonic()
        if now - self._said[stage] >= _LINE_EVERY_SECONDS:
            self._said[stage] = now
            self._console.line("info", f"{_summary(stage, known)}{_left(known)}", stage=stage)

    def end(self, stage: str) -> None:
        """Say how the stage ended, where it had anything to do."""
        ended = self._stages.pop(stage, None)
        if ended is not None and ended.done:
            self._console.line("info", _summary(stage, ended), stage=stage)

    def note(self, text: str) -> None:
        """Write the line."""
        self._console.line("info", text)


class SilentProgress:
    """Says nothing."""

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
    plain = console.log_format != "text" or os.environ.get("TERM") == "dumb"
    if plain or not sys.stderr.isatty():
        return Lines(console)
    _live.append(Bars(console))
    return _live[-1]


_live: list[Bars] = []


def erase_live() -> str:
    """What takes away the lines that are drawn now, for whoever writes past the console."""
    return "".join(bars.erased() for bars in _live)


def _left(stage: _Stage) -> str:
    seconds = time.monotonic() - stage.began
    if stage.total is None or not stage.done or stage.done >= stage.total or seconds <= 0:
        return ""
    return f", about {_span((stage.total - stage.done) * seconds / stage.done)} left"


def _summary(name: str, stage: _Stage) -> str:
    """What a stage has done, and how fast."""
    seconds = time.monotonic() - stage.began
    of = "" if stage.total is None else f" of {stage.total:,}"
    noun = "row" if (stage.done if stage.total is None else stage.total) == 1 else "rows"
    rate = stage.done / seconds if seconds > 0 else 0.0
    return f"{_WORDS.get(name, name)}: {stage.done:,}{of} {noun}, {rate:,.0f} a second"
