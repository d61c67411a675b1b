"""A server's three ways of counting, and a schedule driven against them in simulated time."""

from __future__ import annotations

import heapq
import math
from collections import deque
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING

from bulkcall.ratelimit.schedule import Schedule

if TYPE_CHECKING:
    from collections.abc import Callable

    from bulkcall.ratelimit.rate import Rate
    from bulkcall.ratelimit.schedule import Reservation

EXACT = 1e-9
"""Seconds within which two moments of floats are the same."""


class Sliding:
    """No window of that length, wherever it begins, holds more than the limit."""

    def __init__(self, rate: Rate) -> None:
        self._rate = rate
        self._taken: deque[float] = deque()

    def takes(self, at: float) -> bool:
        """Count a request at a moment; False: it is over the limit."""
        while self._taken and self._taken[0] <= at - self._rate.window + EXACT:
            self._taken.popleft()
        if len(self._taken) >= self._rate.limit:
            return False
        self._taken.append(at)
        return True


class Fixed:
    """Windows that follow each other, beginning at any phase."""

    def __init__(self, rate: Rate, phase: float = 0.0) -> None:
        self._rate = rate
        self._phase = phase
        self._window = -1.0
        self._taken = 0

    def takes(self, at: float) -> bool:
        """Count a request at a moment; False: it is over the limit."""
        window = (at - self._phase) // self._rate.window
        if window != self._window:
            self._window, self._taken = window, 0
        self._taken += 1
        return self._taken <= self._rate.limit


class Bucket:
    """A bucket as large as the limit, refilled evenly."""

    def __init__(self, rate: Rate) -> None:
        self._rate = rate
        self._level = float(rate.limit)
        self._at = 0.0

    def takes(self, at: float) -> bool:
        """Count a request at a moment; False: it is over the limit."""
        refill = (at - self._at) * self._rate.limit / self._rate.window
        self._level, self._at = min(self._rate.limit, self._level + refill), at
        if self._level < 1 - EXACT:
            return False
        self._level -= 1
        return True


@dataclass
class Result:
    """What came of a simulation."""

    sent: list[float]
    over: int


@dataclass
class Way:
    """How long each request is on its way: there, and back (None: no answer comes)."""

    there: Callable[[], float]
    back: Callable[[], float | None]
    late: Callable[[], float] = lambda: 0.0
    """How late the client wakes up for its turn."""


class Network:
    """What is on its way: requests to the server, answers to the schedule."""

    def __init__(self, schedule: Schedule, server: Sliding | Fixed | Bucket, way: Way) -> None:
        self._schedule = schedule
        self._server = server
        self._way = way
        self._events: list[tuple[float, int, bool, Reservation]] = []
        self._order = count()
        self.over = 0

    def send(self, place: Reservation) -> None:
        """Put a request on its way."""
        arrives = place.sent + self._way.there()
        heapq.heappush(self._events, (arrives, next(self._order), True, place))

    @property
    def next(self) -> float:
        """When something arrives next."""
        return self._events[0][0] if self._events else math.inf

    def run(self, until: float, seen: float | None = None) -> None:
        """Let everything arrive that does by then; the client sees answers at `seen` if later."""
        while self._events and self._events[0][0] <= until:
            at, _, arrives, place = heapq.heappop(self._events)
            if not arrives:
                self._schedule.answered(place, max(at, seen or at))
                continue
            self.over += not self._server.takes(at)
            back = self._way.back()
            if back is not None:
                heapq.heappush(self._events, (at + back, next(self._order), False, place))


def simulate(
    schedule: Schedule,
    server: Sliding | Fixed | Bucket,
    way: Way,
    *,
    seconds: float,
    demand: Callable[[], float] = lambda: 0.0,
) -> Result:
    """Send whenever the schedule allows; `demand`: how long after a request the next is wanted."""
    network = Network(schedule, server, way)
    sent: list[float] = []
    now = wanted = 0.0
    while now < seconds:
        due = max(schedule.earliest(now), wanted)
        if due <= now:
            sent.append(now)
            network.send(schedule.take(now))
            wanted = now + demand()
        elif network.next <= due:
            now = network.next
            network.run(now)
        else:
            now = due + way.late()
            network.run(now, seen=now)
    network.run(math.inf)
    return Result(sent, network.over)


def steady(rate: Rate) -> Schedule:
    """Make a schedule that has long been quiet, so that its margins are at their narrowest."""
    schedule = Schedule(rate)
    schedule.narrow()
    return schedule
