"""Batch status held against the ledger: which row ended how, by evidence."""

from bulkcall.reconcile.poll import reconcile

__all__ = ["reconcile"]
