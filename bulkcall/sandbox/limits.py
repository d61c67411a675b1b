"""Counting requests against a limit, in each of the three ways that a server may use.

Every request passes all three, so that the sandbox can tell what each would have said of the same
arrivals; the chosen one decides. Times are monotonic seconds.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from typing import Protocol

from bulkcall.sandbox.enums import Counting


@dataclass(frozen=True, slots=True)
class Limit:
    """So many requests a window of so many seconds. Zero requests: no limit."""

    requests: int
    window: float
    bucket_size: int = 0
    """What a bucket holds; 0: `requests`."""
    count_refused: bool = False
    """A refused request fills the window as well."""


class Counter(Protocol):
    """One way of counting."""

    most: int
    """The most that one window (or the bucket) held, refused requests included."""
    over: int
    """How many requests were, or would have been, refused."""

    def hit(self, now: float, limit: Limit) -> float:
        """Count a request: 0 when it is within the limit, else the seconds until there is room."""
        ...


class SlidingCounter:
    """Any window `(now - window, now]` may hold no more than the limit."""

    __slots__ = ("_seen", "_taken", "most", "over")

    def __init__(self) -> None:
        self._seen: deque[float] = deque()
        self._taken: deque[float] = deque()
        self.most = 0
        self.over = 0

    def hit(self, now: float, limit: Limit) -> float:
        """Count a request."""
        edge = now - limit.window
        seen, taken = self._seen, self._taken
        seen.append(now)
        while seen[0] <= edge:
            seen.popleft()
        self.most = max(self.most, len(seen))
        while taken and taken[0] <= edge:
            taken.popleft()
        if not limit.requests:
            return 0.0
        room = len(taken) < limit.requests
        if room or limit.count_refused:
            taken.append(now)
        if room:
            return 0.0
        self.over += 1
        return max(taken[-limit.requests] - edge, 1e-9)


class FixedCounter:
    """Windows follow one another on the server's clock; each starts at nothing."""

    __slots__ = ("_seen", "_taken", "_window", "most", "over")

    def __init__(self) -> None:
        self._window = -1
        self._seen = 0
        self._taken = 0
        self.most = 0
        self.over = 0

    def hit(self, now: float, limit: Limit) -> float:
        """Count a request."""
        window = math.floor(now / limit.window)
        if window != self._window:
            self._window, self._seen, self._taken = window, 0, 0
        self._seen += 1
        self.most = max(self.most, self._seen)
        if not limit.requests or self._taken < limit.requests:
            self._taken += 1
            return 0.0
        self.over += 1
        return max((window + 1) * limit.window - now, 1e-9)


class BucketCounter:
    """A bucket that each request fills by one and that leaks the limit a window, evenly."""

    __slots__ = ("_last", "_level", "most", "over")

    def __init__(self) -> None:
        self._level = 0.0
        self._last = 0.0
        self.most = 0
        self.over = 0

    def hit(self, now: float, limit: Limit) -> float:
        """Count a request."""
        if not limit.requests:
            return 0.0
        rate = limit.requests / limit.window
        size = limit.bucket_size or limit.requests
        level = max(0.0, self._level - (now - self._last) * rate)
        self._last = now
        self.most = max(self.most, math.ceil(level + 1 - 1e-9))
        excess = level + 1 - size
        if excess <= 1e-9:  # noqa: PLR2004 - what adding floats may leave over
            self._level = level + 1
            return 0.0
        self.over += 1
        self._level = min(level + 1, size) if limit.count_refused else level
        return excess / rate


class Gauge:
    """One token's (or account's) count for one call, in all three ways."""

    __slots__ = ("counters",)

    def __init__(self) -> None:
        self.counters: dict[Counting, Counter] = {
            Counting.SLIDING: SlidingCounter(),
            Counting.FIXED: FixedCounter(),
            Counting.BUCKET: BucketCounter(),
        }

    def hit(self, now: float, limit: Limit, counting: Counting) -> float:
        """Count a request in every way; the chosen one says how long to wait (0: go on)."""
        wait = 0.0
        for way, counter in self.counters.items():
            answer = counter.hit(now, limit)
            if way is counting:
                wait = answer
        return wait
