"""The words that the sandbox's files share: the five calls, and how options may be set."""

from __future__ import annotations

from enum import StrEnum


class Call(StrEnum):
    """The five calls (api.md, Calls)."""

    REALTIME = "realtime"
    BATCH_CREATE = "batch_create"
    BATCH_STATUS = "batch_status"
    TOKEN = "token"  # noqa: S105 - the name of a call
    LABELS = "labels"


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


class Versions(StrEnum):
    """Which versions of the API answer; the paths of another one are not there."""

    BOTH = "both"
    V2 = "2"
    V3 = "3"


class PlusRule(StrEnum):
    """Whether numbers in requests are written with a plus."""

    DOCUMENTED = "documented"
    """Version 2 without, version 3 with it."""
    EITHER = "either"
    """Each takes both; one page's example of version 2 mixes them."""


class NumberForm(StrEnum):
    """Whether batch status shows numbers with a plus."""

    SENT = "sent"
    """As they were sent."""
    PLUS = "plus"
    PLAIN = "plain"


class TimesShown(StrEnum):
    """What batch status shows of times; nothing promises that they come back as they were sent."""

    SENT = "sent"
    CUT = "cut"
    """Cut to whole `time_unit_ms`."""
    ROUNDED = "rounded"
    """Rounded to the nearest whole `time_unit_ms`."""
    SPAN = "span"
    """`ends_at` is 32 hours after `starts_at`, as in the documentation's example."""
    UNRELATED = "unrelated"
    """Other times altogether, for each record its own."""
    ABSENT = "absent"
    """None are shown."""


class TimeForm(StrEnum):
    """How times are written."""

    MS = "ms"
    """A number of epoch milliseconds, as documented."""
    SECONDS = "seconds"
    """A number of epoch seconds; what is finer is lost."""
    TEXT = "text"
    """Epoch milliseconds in quotes."""
    ISO = "iso"
    """ISO 8601, UTC."""


class Shape(StrEnum):
    """In which of the documented shapes answers come (api.md, Other shapes)."""

    DOCUMENTED = "documented"
    CAMEL = "camel"
    """`statusInfo` for `status_info`."""
    FLAT = "flat"
    """`status`, `message` and `field` with nothing around them."""
    OLD = "old"
    """The older version's: the batch id inside a message, batch status as a bare array."""


class BatchIds(StrEnum):
    """What a batch's id looks like."""

    UUID = "uuid"
    OPAQUE = "opaque"
    """`d76s5-dfg9d-o32442-837467854`, as one example has it."""
    AWKWARD = "awkward"
    """Text that has to be escaped in a URL."""


class LabelShape(StrEnum):
    """What stands around the array of labels; no page shows it."""

    BARE = "bare"
    DATA = "data"
    LABELS = "labels"


class LabelRule(StrEnum):
    """Which `label_id` a record may name."""

    ANY = "any"
    """Any UUID."""
    KNOWN = "known"
    """A label of the account that is not deleted."""
