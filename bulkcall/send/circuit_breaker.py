"""When a server seems away, and when a campaign is not worth going on with: pure state."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Hashable

    from bulkcall.send.retry import Backoff


class CircuitBreaker:
    """Tells a server that is away from a request that was unlucky.

    Closed, everything may go. It opens on failures in a row with nothing answered between: one of
    any kind while the server has never answered; `unreachable` failures without an answer, or
    `overloaded` different requests on their first try answered 5xx (a row that always gets a 503
    is that row's own affair). Open, one probe at a time may go, at growing intervals; any real
    answer closes it.
    All times are monotonic seconds.
    """

    def __init__(
        self,
        *,
        unreachable: int,
        overloaded: int,
        away_timeout: float,
        first_contact_timeout: float,
        backoff: Backoff,
    ) -> None:
        self._unreachable = unreachable
        self._overloaded = overloaded
        self._away_timeout = away_timeout
        self._first_contact_timeout = first_contact_timeout
        self._backoff = backoff
        self._silent = 0
        self._failed: set[Hashable] = set()
        self._probes = 0
        self.contact = False
        """Whether the server has ever answered in this run."""
        self.since: float | None = None
        """Since when the server has not answered, while open."""
        self.next_probe = 0.0
        """When the next probe may go, while open."""
        self.message = ""
        """What the last failure said."""
        self._first_failure: float | None = None

    @property
    def open(self) -> bool:
        """Whether the server seems away."""
        return self.since is not None

    def answered(self) -> bool:
        """Note a real answer (anything below 500). True if this closes the breaker."""
        self.contact = True
        self._silent = 0
        self._failed.clear()
        self._first_failure = None
        self._probes = 0
        closes = self.open
        self.since = None
        return closes

    def failed(self, now: float, what: Hashable, message: str, *, answered: bool) -> bool:
        """Note a failure of the request known as `what`; True if this opens.

        `answered`: a 5xx came; else nothing came.
        """
        self.message = message
        if self._first_failure is None:
            self._first_failure = now
        if answered:
            self.contact = True
            self._failed.add(what)
        else:
            self._silent += 1
        if self.open:
            return False
        if (
            not self.contact
            or self._silent >= self._unreachable
            or len(self._failed) >= self._overloaded
        ):
            self.since = self._first_failure
            self._probes = 0
            self._schedule(now)
            return True
        return False

    def probe_failed(self, now: float) -> None:
        """Note that a probe found the server still away: the next one waits longer."""
        self._probes += 1
        self._schedule(now)

    def _schedule(self, now: float) -> None:
        # Half the ceiling is certain and half is drawn: a probe is neither at once nor in step.
        ceiling = self._backoff.ceiling(self._probes + 1)
        self.next_probe = now + ceiling / 2 + self._backoff.wait(self._probes + 1) / 2
        deadline = self.deadline
        if deadline is not None:
            self.next_probe = min(self.next_probe, max(now, deadline))

    @property
    def deadline(self) -> float | None:
        """When the run is to stop if the server stays away; None while closed."""
        if self.since is None:
            return None
        patience = self._away_timeout if self.contact else self._first_contact_timeout
        return self.since + patience

    def given_up(self, now: float) -> bool:
        """Whether the server has been away for longer than the settings allow."""
        deadline = self.deadline
        return deadline is not None and now >= deadline


_DIGITS = re.compile(r"\d+")

REFUSED_IN_A_ROW = 260
"""Batches refused one after the other, each for the same reason and none taken between: a batch of
500 that is split has then been seen refused down to pairs, so nearly all of its rows are bad."""

_MOST_REASONS = 10_000
"""Different reasons that are counted; a campaign with more has no one reason to stop for."""


@dataclass(slots=True)
class RejectionRate:
    """Watches for a campaign most of whose rows end the same bad way (settings: turned_down_*)."""

    share: float
    count: int
    """Settled rows before anything is said; 0: never."""
    in_a_row: int = 0
    """So many requests refused in a row are enough, whatever the rows settled; 0: never."""
    settled: int = 0
    verdict: str = ""
    """Why to stop, in words, once there is a reason."""
    _reasons: Counter[str] = field(default_factory=Counter)
    _streak: Counter[str] = field(default_factory=Counter)

    def note(self, rows: int, reason: str = "") -> None:
        """Count a request that settled so many rows (none, where a batch was refused and split).

        `reason` says why they were turned down, empty if they were not.
        """
        self.settled += rows
        if not reason or not self.count:
            if rows:
                self._streak.clear()
            return
        # Digits differ from row to row (numbers, times) where the reason is the same.
        kind = _DIGITS.sub("#", reason)
        if kind in self._reasons or len(self._reasons) < _MOST_REASONS:
            self._reasons[kind] += rows
        hit = self._reasons[kind]
        if self.settled >= self.count and hit >= self.share * self.settled:
            what = f"{hit:,} of the {self.settled:,} rows sent so far were turned down"
            self.verdict = f"{what} for one reason ({reason})"
        self._streak[kind] += 1
        if self.in_a_row and self._streak[kind] >= self.in_a_row:
            what = f"{self.in_a_row} batches in a row were refused"
            self.verdict = f"{what} for one reason ({reason})"
