"""Which run a log line is about, without every function handing it on."""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_RUN_ID: ContextVar[str] = ContextVar("bulkcall_run_id", default="")


@contextmanager
def log_context(run_id: str) -> Iterator[None]:
    """Let the log lines of this block, and of the tasks begun in it, be about a run."""
    token = _RUN_ID.set(run_id)
    try:
        yield
    finally:
        _RUN_ID.reset(token)


def current_run() -> str:
    """Give the run that is being worked on here; empty where there is none."""
    return _RUN_ID.get()
