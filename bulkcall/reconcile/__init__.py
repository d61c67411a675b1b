"""Batch status held against the ledger: which row ended how, by evidence."""

from bulkcall.reconcile.compare import Comparison, StatusData, compare
from bulkcall.reconcile.external_batches import adopt, ask, read_status_file
from bulkcall.reconcile.habit_memory import HabitMemory
from bulkcall.reconcile.poller import reconcile

__all__ = [
    "Comparison",
    "HabitMemory",
    "StatusData",
    "adopt",
    "ask",
    "compare",
    "read_status_file",
    "reconcile",
]
