"""The words that the sandbox's files share: the four calls, and how options may be set."""

from __future__ import annotations

from enum import StrEnum


class Call(StrEnum):
    """The four calls (api.md, Calls)."""

    REALTIME = "realtime"
    BATCH_CREATE = "batch_create"
    BATCH_STATUS = "batch_status"
    TOKEN = "token"  # noqa: S105 - the name of a call


class Counting(StrEnum):
    """How requests are counted against a limit; the documentation does not say (api.md)."""

    SLIDING = "sliding"
    """No window of the given length, wherever it starts, may hold more than the limit."""
    FIXED = "fixed"
    """Windows follow one another; each starts at nothing."""
    BUCKET = "bucket"
    """A bucket that each request fills by one and that leaks evenly."""


class Masking(StrEnum):
    """What batch status shows of phone numbers."""

    NONE = "none"
    PART = "part"
    """`91******7890`"""
    ALL = "all"
    """`************`, as in the documentation's example."""


class RetryAfter(StrEnum):
    """The form of Retry-After in a 429."""

    SECONDS = "seconds"
    DATE = "date"
    ABSENT = "absent"


class BadRecord(StrEnum):
    """What becomes of a batch that holds a record against the rules."""

    REFUSE = "refuse"
    """The whole request is answered 400."""
    LIST = "list"
    """The batch is taken; the record is listed as an error, 'Invalid input'."""


class Rules(StrEnum):
    """Whether a receiver's last digits decide what becomes of its record."""

    DIGITS = "digits"
    NONE = "none"
