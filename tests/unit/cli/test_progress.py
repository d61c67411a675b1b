"""What progress leaves on a terminal: the last frame, at several widths, in a real one."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import sys
import termios

import pytest

from bulkcall.cli.console import Console
from bulkcall.cli.progress import Bars, Lines, erase_live, progress_for


class Screen:
    """A terminal of so many columns: what stands on it after these bytes."""

    def __init__(self, columns):
        """Be empty."""
        self.columns = columns
        self.lines = [""]
        self.row = self.column = 0

    def feed(self, text):
        """Take what a program wrote."""
        for piece in re.findall(r"\x1b\[[0-9;]*[A-Za-z]|[\s\S]", text):
            if piece.startswith("\x1b["):
                self._control(piece)
            elif piece == "\n":
                self._down()
            elif piece == "\r":
                self.column = 0
            else:
                self._put(piece)

    def shown(self):
        """The lines that hold anything."""
        return [line.rstrip() for line in self.lines if line.strip()]

    def _control(self, piece):
        if piece.endswith("F"):
            self.row = max(0, self.row - int(piece[2:-1] or 1))
            self.column = 0
        elif piece.endswith("J"):
            self.lines = [*self.lines[: self.row], self.lines[self.row][: self.column]]
        else:
            assert piece.endswith("m"), piece

    def _down(self):
        self.row += 1
        self.column = 0
        if self.row == len(self.lines):
            self.lines.append("")

    def _put(self, character):
        if self.column == self.columns:
            self._down()
        line = self.lines[self.row].ljust(self.column)
        self.lines[self.row] = line[: self.column] + character + line[self.column + 1 :]
        self.column += 1


@pytest.fixture
def terminal(monkeypatch):
    """Make standard error a pseudo-terminal of a width; gives what was written to it."""
    opened = []

    def start(columns):
        master, end = pty.openpty()
        fcntl.ioctl(end, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        stream = os.fdopen(end, "w", encoding="utf-8")
        monkeypatch.setattr(sys, "stderr", stream)
        opened.append((master, stream))

        def written():
            stream.flush()
            text = b""
            os.set_blocking(master, False)
            while True:
                try:
                    text += os.read(master, 65536)
                except BlockingIOError:
                    return text.decode().replace("\r\n", "\n")

        return written

    yield start
    for master, stream in opened:
        stream.close()
        os.close(master)


def campaign(progress):
    """A run as the pipeline reports it: loading, sending beside confirming, reporting."""
    progress.begin("load", None)
    progress.advance("load", 582)
    progress.end("load")
    progress.note("read campaign.csv (csv, utf-8)")
    progress.begin("send", 582)
    progress.begin("reconcile", None)
    for _ in range(4):
        progress.advance("send", 100)
        progress.advance("reconcile", 80)
    progress.note("a token pauses for 3 s; no row is lost by it")
    progress.advance("send", 182)
    progress.end("send")
    progress.advance("reconcile", 262)
    progress.end("reconcile")
    progress.begin("report", None)
    progress.end("report")


@pytest.mark.parametrize("columns", [20, 40, 80, 200])
@pytest.mark.parametrize("no_color", ["", "1"])
def test_the_last_frame_has_each_line_once_and_no_bar(terminal, monkeypatch, columns, no_color):
    """No doubled bar, no leftover, nothing for a stage without rows; notes stand once, in order."""
    monkeypatch.setenv("NO_COLOR", no_color)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr("bulkcall.cli.progress._DRAW_EVERY_SECONDS", 0.0)
    written = terminal(columns)
    progress = progress_for(Console())
    assert isinstance(progress, Bars)
    campaign(progress)
    screen = Screen(max(columns, 1000))  # notes may wrap: their words are looked at, not their rows
    text = written()
    screen.feed(text)
    shown = screen.shown()
    expected = [
        r"loading: 582 rows, [\d,]+ a second",
        r"read campaign\.csv \(csv, utf-8\)",
        r"a token pauses for 3 s; no row is lost by it",
        r"sending: 582 of 582 rows, [\d,]+ a second",
        r"confirming: 582 rows, [\d,]+ a second",
    ]
    assert len(shown) == len(expected), shown
    for line, pattern in zip(shown, expected, strict=True):
        assert re.fullmatch(pattern, line), (line, pattern)
    assert ("\x1b[32m" in text) is (not no_color and columns > 20)


@pytest.mark.parametrize("columns", [20, 40, 80, 200])
def test_a_drawn_line_never_wraps(terminal, monkeypatch, columns):
    """While it goes on: one row a stage, with a total and the time left where there is room."""
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setattr("bulkcall.cli.progress._DRAW_EVERY_SECONDS", 0.0)
    written = terminal(columns)
    bars = progress_for(Console())
    bars.begin("send", 1_234_567)
    bars.begin("reconcile", None)
    bars.advance("send", 200_000)
    bars.advance("reconcile", 100_000)
    screen = Screen(columns)
    screen.feed(written())
    sending, confirming = screen.shown()
    assert sending.startswith("sending")
    assert confirming.startswith("confirming")
    if columns >= 80:
        assert "100,000 of 1,234,567" in confirming
        assert confirming.endswith(" left")
        assert "█" in sending


def test_what_a_signal_writes_stands_below_the_notes_not_among_the_bars(terminal, monkeypatch):
    """The drawn lines are taken away before it, and drawn again after it."""
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr("bulkcall.cli.progress._DRAW_EVERY_SECONDS", 0.0)
    written = terminal(80)
    bars = progress_for(Console())
    bars.begin("send", 100)
    bars.advance("send", 50)
    sys.stderr.write(f"{erase_live()}Stopping\n")
    bars.advance("send", 10)
    bars.end("send")
    screen = Screen(80)
    screen.feed(written())
    assert screen.shown()[0] == "Stopping"
    assert screen.shown()[1].startswith("sending: 60 of 100 rows")
    assert len(screen.shown()) == 2


def test_a_terminal_without_cursor_gets_plain_lines(terminal, monkeypatch):
    """TERM=dumb, as in an editor's shell."""
    monkeypatch.setenv("TERM", "dumb")
    terminal(80)
    assert isinstance(progress_for(Console()), Lines)
