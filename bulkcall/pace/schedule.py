"""When the next request may go. Pure: numbers in, numbers out, no clock and no I/O of its own."""

from __future__ import annotations


class Schedule:
    """See docs/pacing.md."""
