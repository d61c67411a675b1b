"""What a log line is about, a run and a stage, without every function handing it on."""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator


class LogStage(StrEnum):
    """Who speaks in a log line (docs/logs.md): words for programs that read logs."""

    LOAD = "load"
    SEND = "send"
    RECONCILE = "reconcile"
    REPORT = "report"
    API = "api"
    LEDGER = "ledger"
    RUN = "run"
    INBOX = "inbox"
    NOTIFY = "notify"
    METRICS = "metrics"


_SPEAKS_FOR: Final = {
    "bulkcall.load": LogStage.LOAD,
    "bulkcall.validate": LogStage.LOAD,
    "bulkcall.run.ingest": LogStage.LOAD,
    "bulkcall.send": LogStage.SEND,
    "bulkcall.ratelimit": LogStage.SEND,
    "bulkcall.reconcile": LogStage.RECONCILE,
    "bulkcall.report": LogStage.REPORT,
    "bulkcall.api": LogStage.API,
    "bulkcall.ledger": LogStage.LEDGER,
    "bulkcall.run": LogStage.RUN,
    "bulkcall.inbox": LogStage.INBOX,
    "bulkcall.notify": LogStage.NOTIFY,
    "bulkcall.metrics": LogStage.METRICS,
}
"""Package or module → the stage that its lines are about; the longest name that fits counts."""

_RUN_ID: ContextVar[str] = ContextVar("bulkcall_run_id", default="")


@contextmanager
def log_context(run_id: str) -> Iterator[None]:
    """Log lines of this block, and of the tasks begun in it, are about a run."""
    token = _RUN_ID.set(run_id)
    try:
        yield
    finally:
        _RUN_ID.reset(token)


def current_run() -> str:
    """The run that is being worked on here; empty where there is none."""
    return _RUN_ID.get()


def stage_of(logger: str) -> LogStage | None:
    """The stage that a logger's lines are about; None for a module that has none declared."""
    while logger:
        if logger in _SPEAKS_FOR:
            return _SPEAKS_FOR[logger]
        logger = logger.rpartition(".")[0]
    return None
