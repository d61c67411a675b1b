"""An emulator of the API, written from its documentation alone, for tests, benchmarks and the demo.

`serve` runs it on loopback, `running` does so in a process of its own, `create_app` gives the bare
ASGI application. It shares no code with the client, so that it can't share the client's mistakes.
docs/sandbox.md says what it does.
"""

from __future__ import annotations

from bulkcall.sandbox.app import create_app
from bulkcall.sandbox.faults import Fault, FaultKind, read_fault
from bulkcall.sandbox.options import OptionSpec, SandboxOptions, option_specs, options_from
from bulkcall.sandbox.server import serve
from bulkcall.sandbox.words import BadRecord, Call, Counting, Masking, RetryAfter, Rules

__all__ = [
    "BadRecord",
    "Call",
    "Counting",
    "Fault",
    "FaultKind",
    "Masking",
    "OptionSpec",
    "RetryAfter",
    "Rules",
    "SandboxOptions",
    "create_app",
    "option_specs",
    "options_from",
    "read_fault",
    "serve",
]
