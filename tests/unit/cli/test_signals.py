"""The first signal asks the run to stop, a second one ends the process."""

from __future__ import annotations

import asyncio
import os
import signal
from types import SimpleNamespace

import pytest

from bulkcall.cli import signals
from bulkcall.clock import ManualClock


def finishing(number):
    """The line of a first signal."""
    again = "press Ctrl-C again" if number is signal.SIGINT else f"another {number.name}"
    return f"{number.name}: stopping after the current requests; {again} to stop now"


@pytest.fixture
def told(monkeypatch):
    """What was written; the process does not really end."""
    lines = []

    def end(status):
        raise SystemExit(status)

    def write(_, text):
        lines.append(text.decode().strip())
        return True

    monkeypatch.setattr(signals, "os", SimpleNamespace(_exit=end))
    monkeypatch.setattr(signals, "write_or_drop", write)
    return lines


CONSOLE = SimpleNamespace(as_json=False, formatted=lambda _, text: text)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_second_signal_ends_at_once_if_it_comes_a_second_later(told, number):
    """Those that come before are of the same key press, however many."""
    clock, before = ManualClock(), signal.getsignal(number)
    with signals.stopping_on_signals(CONSOLE, clock) as stop:
        os.kill(os.getpid(), number)
        os.kill(os.getpid(), number)
        asyncio.run(clock.advance(0.9))
        os.kill(os.getpid(), number)
        assert stop.reason == number.name
        asyncio.run(clock.advance(0.1))
        with pytest.raises(SystemExit) as ended:
            os.kill(os.getpid(), number)
    assert ended.value.code == 4
    assert told == [
        finishing(number),
        "stopped at once; to continue: bulkcall resume",
    ]
    assert signal.getsignal(number) is before


def test_two_different_signals_that_come_together_are_one(told):
    """As a scheduler sends them that wants to be sure."""
    with signals.stopping_on_signals(CONSOLE, ManualClock()):
        os.kill(os.getpid(), signal.SIGTERM)
        os.kill(os.getpid(), signal.SIGHUP)
    assert told == [finishing(signal.SIGTERM)]


def test_a_hang_up_that_was_ignored_stays_ignored(told):
    """`nohup bulkcall run …` outlives its terminal."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with signals.stopping_on_signals(CONSOLE, ManualClock()) as stop:
            os.kill(os.getpid(), signal.SIGHUP)
            assert not stop.requested
            os.kill(os.getpid(), signal.SIGTERM)
            assert stop.requested
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)
    assert told == [finishing(signal.SIGTERM)]
