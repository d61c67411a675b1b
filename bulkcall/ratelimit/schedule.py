"""When the next request may go. Pure: numbers in, numbers out, no clock and no I/O of its own.

A limit of L requests in a window is kept as L *places*. A request takes a place when it goes out
and holds it until a window after the moment at which the server must have counted it. When that
was, the client can't see, but it lies between sending and answer; so the place is held until a
window after the answer, less what all answers have in common (the way there and back, which delays
every request alike). Whatever the delays, no more than L requests can then be counted in any
window: L others would have to hold a place when the last of them goes out. Fixed windows and
buckets of L are never stricter than that. docs/pacing.md has the proof and what it costs.

Inside of that, requests are spread evenly on an absolute schedule: no burst at the start or after a
pause, and lateness is made up for only within `catch_up`, never in one burst.
"""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from bulkcall.ratelimit.rate import Rate

# All of these are shares of the window.
GUARD_FLOOR = 1 / 500
"""Held by each place beyond the window at least: clocks and counters are not exact."""
GUARD_MOST = 4.0
"""Where widening ends: a fifth of the limit."""
JITTER = 1 / 100
"""Difference in the way there that never leads over the limit, however far the server is."""
CERTAIN = 3 / 100
"""So much of a delay is always taken for the way there."""
REACH = 0.09
"""No more of a delay is ever taken for the way there."""
CATCH_UP = 1 / 10
"""Lateness that is made up for at the most; less by as much as a 429 has widened the guard."""

SQUEEZE = 0.1
"""Lateness is made up for at requests no closer than this share of their even spacing."""
COARSE = 0.005
"""Seconds of spacing from which that holds."""
SHARE_FLOOR = 0.5
"""The least share of what is beyond CERTAIN that is taken for the way there after long quiet."""
SHARE_STEP = 0.02
"""How much that share goes down with each quiet window."""
QUIET_WINDOWS = 20
"""So many windows without a 429 before it does."""

# Where a schedule's state keeps what: plain floats, so that it may as well lie in a shared file.
NEXT, LAST, PAUSED_UNTIL, PAUSED_FROM, LEVEL, GUARD, SHARE, LEAST_SHARE, QUIET_SINCE, STEPPED = (
    range(10)
)
HEADER = 12  # some room for more

LONGEST_PAUSE = 300.0
"""Seconds. No window of this API is longer than a minute: more is taken for a mistake."""
LONGEST_BACKOFF = 60.0
"""Seconds: the end of exponential backoff where a 429 names no time."""
FEW_ANSWERS = 64
"""So many answers must be known before it is said what all of them have in common."""


class Floats(Protocol):
    """A row of floats that can be changed: a list, or a view of a file."""

    def __len__(self) -> int: ...
    def __getitem__(self, index: int, /) -> float: ...
    def __setitem__(self, index: int, value: float, /) -> None: ...


class Reservation(NamedTuple):
    """A place that a request holds."""

    slot: int
    sent: float
    until: float
    """Held until then if no answer says otherwise."""


class Schedule:
    """The schedule of one limit. `now` is always seconds on one clock that only goes forward.

    `state` is a list of floats as `Schedule.blank` makes it; several schedules (in several
    processes, under a lock) may work on the same one.
    """

    def __init__(self, rate: Rate, state: Floats | None = None) -> None:
        self.rate = rate
        self._state: Floats = self.blank(rate) if state is None else state
        window = rate.window
        self.guard_floor = window * GUARD_FLOOR
        self.jitter = window * JITTER
        self.certain = window * CERTAIN
        self.reach = window * REACH
        self.spacing = (window + self.guard_floor) / rate.limit
        # A timer can't tell gaps of less than a millisecond: at such rates several go at a time.
        self.gap = self.spacing * SQUEEZE if self.spacing >= COARSE else 0.0
        """Seconds between two requests at the least."""
        self.catch_up = window * CATCH_UP
        self._hint = HEADER
        self._least = (inf, inf)  # the shortest answer of this and of the last stretch of answers
        self._answers = 0

    @classmethod
    def blank(cls, rate: Rate) -> list[float]:
        """Make the state of a schedule that has not sent anything."""
        state = [-inf] * (HEADER + rate.limit)
        state[LEVEL] = 0.0
        state[GUARD] = rate.window * GUARD_FLOOR
        state[SHARE] = 1.0
        state[LEAST_SHARE] = SHARE_FLOOR
        return state

    @staticmethod
    def horizon(rate: Rate) -> float:
        """Return how far ahead of now a moment of a state can lie at the most."""
        return rate.window * 6 + LONGEST_PAUSE

    def narrow(self) -> None:
        """Go to the margins that long quiet leads to (benchmarks and tests begin there)."""
        self._state[GUARD] = self.guard_floor
        self._state[SHARE] = self._state[LEAST_SHARE]

    @property
    def guard(self) -> float:
        """Seconds that each place is held beyond the window at least: widened by a 429."""
        return self._state[GUARD]

    def earliest(self, now: float) -> float:
        """Return when the next request may go: `now` or later. Changes nothing."""
        state = self._state
        at = max(now, state[NEXT], state[LAST] + self.gap, state[PAUSED_UNTIL])
        return max(at, state[self._free(at)])

    def take(self, now: float) -> Reservation:
        """Take the place of a request that goes out now (`earliest(now) <= now` must hold)."""
        state = self._state
        index = self._free(now)
        if state[LAST] == -inf:
            state[NEXT] = state[QUIET_SINCE] = state[STEPPED] = now
        self._relax(now)
        spacing = (self.rate.window + state[GUARD]) / self.rate.limit
        lateness = self.catch_up * self.guard_floor / state[GUARD]
        state[NEXT] = max(state[NEXT], now - lateness) + spacing
        state[LAST] = now
        until = now + self.rate.window + max(state[GUARD], self.reach)
        state[index] = until
        self._hint = HEADER + (index - HEADER + 1) % self.rate.limit
        return Reservation(index, now, until)

    def answered(self, place: Reservation, now: float, *, limited: bool = False) -> None:
        """Note that the request was answered (with a 429: `limited`): it was counted before now."""
        state = self._state
        delay = now - place.sent
        self._measure(delay)
        if not limited and place.sent >= state[PAUSED_FROM]:
            state[LEVEL] = 0.0
        if state[place.slot] == place.until:
            state[place.slot] = place.sent + self.rate.window + self._hold(delay)

    def give_back(self, place: Reservation) -> None:
        """Free the place of a request that was never sent."""
        state = self._state
        if state[place.slot] == place.until:
            state[place.slot] = -inf
            if state[LAST] == place.sent:
                state[NEXT] = min(state[NEXT], place.sent)
                state[LAST] = place.sent - self.gap

    def pause(self, until: float) -> None:
        """Let nothing go before then; a longer pause that stands is kept."""
        self._state[PAUSED_UNTIL] = max(self._state[PAUSED_UNTIL], until)

    @property
    def paused_until(self) -> float:
        """When the pause that stands ends (-inf: there was none)."""
        return self._state[PAUSED_UNTIL]

    def limited(self, sent: float, now: float, retry_after: float | None, draw: float) -> float:
        """Note a 429 to a request sent then; returns for how many seconds that pauses.

        `draw` is a random number from 0 to 1, for full jitter where the answer names no time. What
        was sent before the present pause began only tells again what made it begin.
        """
        state = self._state
        if is_news := sent >= state[PAUSED_FROM]:
            self._relax(now)
            state[LEVEL] += 1
            state[PAUSED_FROM] = state[QUIET_SINCE] = state[STEPPED] = now
            window = self.rate.window
            state[GUARD] = min(window * GUARD_MOST, max(2 * state[GUARD], window / 100))
            # What was learned stays learned: only half as far down again as it had come.
            state[LEAST_SHARE] = max(state[LEAST_SHARE], (1 + state[SHARE]) / 2)
            state[SHARE] = 1.0
        if retry_after is not None:
            seconds = min(max(retry_after, self.spacing), LONGEST_PAUSE)
        elif is_news:
            seconds = self.spacing + draw * min(LONGEST_BACKOFF, 2.0 ** min(state[LEVEL] - 1, 10))
        else:
            return max(0.0, state[PAUSED_UNTIL] - now)
        self.pause(now + seconds)
        # Whoever waited through the pause goes on evenly after it; lost time is not made up for.
        state[NEXT] = max(state[NEXT], state[PAUSED_UNTIL])
        return seconds

    def _hold(self, delay: float) -> float:
        """Return how long beyond the window a place is held, answered after `delay`."""
        state = self._state
        least = min(self._least)
        # `delay` is not below `least`, so that what is left is never below `jitter`, or all of it.
        if self._answers >= FEW_ANSWERS:
            delay -= max(0.0, least - self.jitter)
        delay = min(delay, self.reach)
        if delay > self.certain:
            delay = self.certain + state[SHARE] * (delay - self.certain)
        return max(delay, state[GUARD])

    def _measure(self, delay: float) -> None:
        self._answers += 1
        if self._answers % 256 == 0:
            self._least = (inf, self._least[0])
        self._least = (min(self._least[0], delay), self._least[1])

    def _free(self, now: float) -> int:
        """Find a place that is free now, else the one that will be first."""
        state = self._state
        if state[self._hint] <= now:
            return self._hint
        return min(range(HEADER, len(state)), key=state.__getitem__)

    def _relax(self, now: float) -> None:
        """Go back towards the limit after quiet windows: guard by tenths, share by steps."""
        state = self._state
        windows = (now - state[STEPPED]) // self.rate.window
        if windows < 1:
            return
        state[STEPPED] = now
        state[GUARD] = self.guard_floor + (state[GUARD] - self.guard_floor) * 0.9 ** min(
            windows, 999
        )
        if now - state[QUIET_SINCE] >= QUIET_WINDOWS * self.rate.window:
            # One step however long it was: a window in which nothing was sent has shown nothing.
            state[SHARE] = max(state[LEAST_SHARE], state[SHARE] - SHARE_STEP)
