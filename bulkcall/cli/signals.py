"""The first signal asks the run to stop, a second one ends the process at once.

contract: Exit status. Two that come together are one: a key press reaches a whole group of
processes, and some schedulers send each signal twice.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from bulkcall.cli.progress import erase_live
from bulkcall.cli.streams import write_or_drop
from bulkcall.clock import SystemClock
from bulkcall.errors import ExitStatus
from bulkcall.progress import StopToken

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

    from bulkcall.cli.console import Console
    from bulkcall.clock import Clock

SECOND_AFTER_SECONDS = 1.0
"""A signal that comes sooner after the first is no second one."""
_SIGNALS = [signal.SIGINT, signal.SIGTERM, *([signal.SIGHUP] if hasattr(signal, "SIGHUP") else [])]


@contextmanager
def stopping_on_signals(console: Console, clock: Clock | None = None) -> Iterator[StopToken]:
    """Yield the stop request that signals set while the body runs.

    A SIGHUP that was ignored when the program started (nohup) stays ignored.
    """
    stop = StopToken()
    clock = clock or SystemClock()
    first = 0.0

    def tell(text: str) -> None:
        # Not by way of `console.line`: a handler may come in the middle of another write.
        line = console.formatted("warning", text)
        write_or_drop(sys.stderr.fileno(), f"{erase_live() or chr(10)}{line}\n".encode())

    def handle(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - signal's signature
        nonlocal first
        if stop.requested:
            if clock.monotonic() - first < SECOND_AFTER_SECONDS:
                return
            # Everything that matters is in the ledger already: rows on their way stand there as
            # going out, and a resume treats them as in doubt.
            at_once = "stopped at once; to continue: bulkcall resume"
            tell(at_once)
            if console.as_json:
                told = {"error": at_once, "exit_status": int(ExitStatus.INTERRUPTED)}
                write_or_drop(sys.stdout.fileno(), json.dumps(told).encode() + b"\n")
            os._exit(ExitStatus.INTERRUPTED)
        name = signal.Signals(number).name
        first = clock.monotonic()
        # Asked for before it is told: who reads the line may send another at once.
        stop.request(name)
        again = "press Ctrl-C again" if number == signal.SIGINT else f"another {name}"
        tell(f"{name}: stopping after the current requests; {again} to stop now")

    hang_up = getattr(signal, "SIGHUP", None)
    before = {
        number: signal.signal(number, handle)
        for number in _SIGNALS
        if number != hang_up or signal.getsignal(number) is not signal.SIG_IGN
    }
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
