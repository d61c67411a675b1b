"""send: from waiting rows in the ledger to requests, and from answers back to the ledger."""

from bulkcall.send.sender import send

__all__ = ["send"]
