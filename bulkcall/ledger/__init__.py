"""The ledger: the durable state of every run and row, on SQLite or PostgreSQL."""

from __future__ import annotations

from bulkcall.ledger.ledger import Ledger
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
