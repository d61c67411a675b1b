"""When a batch's listing can be trusted to be whole, and when to ask for it next. Pure.

A row that is not listed is `missing` only once the listing is settled: something is listed, all of
it final, and nothing has changed over several answers spread over a time. Processing is
asynchronous (api.md), so a short listing may just not be done.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

SETTLE_ANSWERS = 3
"""Equal answers that it takes, the first included …"""
SETTLE_SECONDS = 10.0
"""… spread over at least so long,"""
SETTLE_MOST = 60.0
"""or over as long as the server took to its last change, at most this."""
OLD_SECONDS = 600.0
"""A batch accepted longer ago than this, and not seen to change, is past its processing."""
OLD_SETTLE_SECONDS = 2.0

FIRST_GUESS = 1.0
"""Seconds from a batch's acceptance to its first poll, until batches of the run teach better."""
GUESS_SHARE = 0.1
"""That first poll takes no more than this part of a short wait."""
QUICKEST = 0.3
SLOWEST = 60.0
SHRINK = 0.9
"""A batch that was ready at its first poll may have been ready earlier: creep towards that."""
REMEMBERED = 20


@dataclass(slots=True)
class Settling:
    """What the answers for one batch have shown so far. Times are monotonic seconds."""

    accepted_at: float
    answers: int = 0
    alike: int = 0
    """Equal answers in a row, the latest included."""
    alike_since: float = 0.0
    alike_until: float = 0.0
    changed: bool = False
    """The listing was seen to change."""
    whole: bool = False
    """The latest answer lists something, and all of it is final."""
    _shown: object = None

    def see(self, now: float, shown: object, *, whole: bool) -> None:
        """Take note of an answer; `shown` is anything that compares equal for equal listings."""
        self.answers += 1
        if self.answers > 1 and shown == self._shown:
            self.alike += 1
        else:
            self.changed = self.answers > 1
            self.alike = 1
            self.alike_since = now
        self.alike_until = now
        self.whole = whole
        self._shown = shown

    @property
    def seconds(self) -> float:
        """How long the listing must stay as it is to be settled."""
        age = self.alike_since - self.accepted_at
        if self.changed:
            return min(SETTLE_MOST, max(SETTLE_SECONDS, age))
        return OLD_SETTLE_SECONDS if age > OLD_SECONDS else SETTLE_SECONDS

    @property
    def settled(self) -> bool:
        """Return whether a row that is not listed will not be listed any more."""
        lasted = self.alike_until - self.alike_since
        return self.whole and self.alike >= SETTLE_ANSWERS and lasted >= self.seconds

    @property
    def settled_at_the_end(self) -> bool:
        """Tell the same when the time is up: the last two answers must agree."""
        return self.whole and self.alike > 1


@dataclass(slots=True)
class Readiness:
    """How long the server takes to finish a batch, learned from the batches of this run."""

    guess: float = FIRST_GUESS
    """What is said until then."""
    _ages: deque[float] = field(default_factory=lambda: deque(maxlen=REMEMBERED))

    @classmethod
    def within(cls, wait: float) -> Readiness:
        """Know nothing yet, with so many seconds to wait."""
        return cls(min(FIRST_GUESS, max(QUICKEST, wait * GUESS_SHARE)))

    def learn(self, age: float, *, first_poll: bool) -> None:
        """Take note that a batch was found ready so many seconds after it was accepted."""
        self._ages.append(age * SHRINK if first_poll else age)

    @property
    def seconds(self) -> float:
        """When to ask first: by then most batches were ready."""
        if not self._ages:
            return self.guess
        ages = sorted(self._ages)
        return min(SLOWEST, max(QUICKEST, ages[(3 * len(ages)) // 4]))
