"""The first signal asks the run to stop, the second ends the process."""

from __future__ import annotations

import os
import signal
from types import SimpleNamespace

import pytest

from bulkcall.cli import signals


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_second_signal_counts_as_such_however_soon_it_comes(monkeypatch, number):
    """One that comes while the first one's line is being written ends the process at once."""
    told = []

    def write(_, text):
        told.append(text.decode().strip())
        if len(told) == 1:
            assert stop.requested
            os.kill(os.getpid(), number)
        return len(text)

    def end(status):
        raise SystemExit(status)

    monkeypatch.setattr(signals, "os", SimpleNamespace(write=write, _exit=end))
    console = SimpleNamespace(as_json=False, formatted=lambda _, text: text)
    before = signal.getsignal(number)
    with (
        pytest.raises(SystemExit) as ended,
        signals.stopping_on_signals(console) as stop,
    ):
        os.kill(os.getpid(), number)
    assert ended.value.code == 4
    assert told == [
        f"{number.name}: finishing what is in flight; once more stops at once",
        "stopped at once; `bulkcall resume` goes on",
    ]
    assert signal.getsignal(number) is before
