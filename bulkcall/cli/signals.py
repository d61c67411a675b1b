"""The first signal asks the run to stop, the second ends the process at once."""

from __future__ import annotations

import json
import os
import signal
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from bulkcall.errors import ExitStatus
from bulkcall.progress import StopToken

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

    from bulkcall.cli.console import Console

_SIGNALS = [signal.SIGINT, signal.SIGTERM, *([signal.SIGHUP] if hasattr(signal, "SIGHUP") else [])]


@contextmanager
def stopping_on_signals(console: Console) -> Iterator[StopToken]:
    """Give the stop request that signals set while the body runs."""
    stop = StopToken()

    def tell(text: str) -> None:
        # Not by way of `console.line`: a handler may come in the middle of another write.
        line = console.formatted("warning", text)
        os.write(sys.stderr.fileno(), f"\n{line}\n".encode())

    def handle(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - signal's signature
        if stop.requested:
            # Everything that matters is in the ledger already: rows on their way stand there as
            # going out, and a resume treats them as in doubt.
            at_once = "stopped at once; `bulkcall resume` goes on"
            tell(at_once)
            if console.as_json:
                told = {"error": at_once, "exit_status": int(ExitStatus.INTERRUPTED)}
                os.write(sys.stdout.fileno(), json.dumps(told).encode() + b"\n")
            os._exit(ExitStatus.INTERRUPTED)
        name = signal.Signals(number).name
        # Asked for before it is told: who reads the line may send the second at once.
        stop.request(name)
        tell(f"{name}: finishing what is in flight; once more stops at once")

    before = {number: signal.signal(number, handle) for number in _SIGNALS}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
