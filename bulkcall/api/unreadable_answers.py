"""When answers that can't be read mean that going on is useless: pure state.

A maintenance page with status 200 is no refusal and no failure: each request that meets one may
have been applied, so its rows are `unknown` and are not sent again. A few of them belong to their
own requests; when most recent answers are like that, the campaign would be burnt.
"""

from __future__ import annotations

from collections import deque
from typing import NamedTuple


class UnreadableLimits(NamedTuple):
    """How many unreadable answers are borne, for one kind of call."""

    suspect_after: int
    """Unreadable answers in a row after which requests go one at a time."""
    streak: int
    """Unreadable answers in a row that are too many."""
    window: int
    """Most recent answers that are looked at together, in which …"""
    least: int
    """… so many unreadable ones are too many, if they carried most of the window's rows."""


REALTIME_LIMITS = UnreadableLimits(suspect_after=3, streak=8, window=40, least=10)
BATCH_LIMITS = UnreadableLimits(suspect_after=1, streak=5, window=10, least=4)
STATUS_LIMITS = UnreadableLimits(suspect_after=1, streak=5, window=20, least=20)


class UnreadableAnswers:
    """A sliding window over the most recent answers of one kind of call.

    Rows are weighed, not requests: where large batches get a page and probes of one row do not,
    it is the batches that burn the campaign.
    """

    def __init__(self, limits: UnreadableLimits, *, suspect: bool = False) -> None:
        """`suspect`: an earlier process of the run stopped for such answers."""
        self._limits = limits
        self._suspect = suspect
        self._recent: deque[tuple[int, bool]] = deque(maxlen=limits.window)
        self._ever_readable = False
        self.streak = 0
        """Unreadable answers in a row, the latest included."""
        self.rows = 0
        """Rows that unreadable answers were about, all of them."""

    def note(self, rows: int, *, readable: bool) -> None:
        """Count an answer to a request that carried so many rows."""
        self._recent.append((rows, readable))
        self._suspect = False
        if readable:
            self._ever_readable = True
            self.streak = 0
        else:
            self.streak += 1
            self.rows += rows

    @property
    def suspect(self) -> bool:
        """Whether the next answers may be unreadable as well: one small request at a time.

        Before any answer was read, one that can't be is enough.
        """
        if self._suspect:
            return True
        return self.streak >= (self._limits.suspect_after if self._ever_readable else 1)

    @property
    def too_many(self) -> bool:
        """Whether to stop: so many in a row, or most of what was sent recently."""
        if self.streak >= self._limits.streak:
            return True
        unreadable = [rows for rows, readable in self._recent if not readable]
        if len(unreadable) < self._limits.least:
            return False
        return 2 * sum(unreadable) > sum(rows for rows, _ in self._recent)
