"""The ledger: the durable state of every run and row, on SQLite or PostgreSQL."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bulkcall.ledger.model import (
    Answered,
    Batch,
    BatchAccepted,
    BatchRow,
    BatchSplit,
    Confirmed,
    Doubtful,
    Event,
    Expired,
    GivenBack,
    NewRun,
    Placed,
    ReadyRow,
    Refused,
    RunInfo,
    RunState,
    Trace,
    TracedRow,
    TurnedAway,
)

if TYPE_CHECKING:
    from bulkcall.ledger.ledger import Ledger

__all__ = [
    "Answered",
    "Batch",
    "BatchAccepted",
    "BatchRow",
    "BatchSplit",
    "Confirmed",
    "Doubtful",
    "Event",
    "Expired",
    "GivenBack",
    "Ledger",
    "NewRun",
    "Placed",
    "ReadyRow",
    "Refused",
    "RunInfo",
    "RunState",
    "Trace",
    "TracedRow",
    "TurnedAway",
]


def __getattr__(name: str) -> Any:
    # Who needs a state's name need not load a database's library with it.
    if name == "Ledger":
        from bulkcall.ledger.ledger import Ledger  # noqa: PLC0415

        return Ledger
    raise AttributeError(name)
