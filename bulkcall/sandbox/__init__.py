"""An emulator of the API, written from its documentation alone, for tests, benchmarks and the demo.

`serve` runs it on loopback, `running` does so in a process of its own, `create_app` gives the bare
ASGI application. It shares no code with the client, so that it can't share the client's mistakes.
docs/sandbox.md says what it does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bulkcall.sandbox.enums import BadRecord, Call, Counting, Masking, RetryAfter, Rules
from bulkcall.sandbox.faults import Fault, FaultKind, read_fault
from bulkcall.sandbox.options import OptionSpec, SandboxOptions, option_specs, options_from

if TYPE_CHECKING:
    from bulkcall.sandbox.app import create_app
    from bulkcall.sandbox.server import serve

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


def __getattr__(name: str) -> Any:
    # The server's libraries load when they are asked for: naming the options must stay quick.
    if name == "create_app":
        from bulkcall.sandbox.app import create_app  # noqa: PLC0415

        return create_app
    if name == "serve":
        from bulkcall.sandbox.server import serve  # noqa: PLC0415

        return serve
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
