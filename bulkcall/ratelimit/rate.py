"""A limit as the account has it: so many requests in so many seconds."""

from __future__ import annotations

import math
from dataclasses import dataclass

MOST_PLACES = 1000
"""A limit above this is kept as a smaller one in a shorter window, which is stricter."""


@dataclass(frozen=True, slots=True)
class Rate:
    """At most `limit` requests in any `window` seconds."""

    limit: int
    window: float

    @classmethod
    def of(cls, amount: float, window: float) -> Rate:
        """Read a configured limit, which may be a fraction.

        `amount` requests in `window` seconds: the whole part counts within the window; less than
        one is one in a longer window; a very large one is split into shorter windows, each of
        which is within the limit, so that any window is.
        """
        if not amount > 0 or not window > 0 or math.isinf(amount):
            raise ValueError(f"a limit must be above zero, not {amount:g} in {window:g} s")
        if amount < 1:
            return cls(1, window / amount)
        parts = math.ceil(math.floor(amount) / MOST_PLACES)
        return cls(math.floor(math.floor(amount) / parts), window / parts)

    @property
    def spacing(self) -> float:
        """Seconds between two requests that keep the limit evenly."""
        return self.window / self.limit

    @property
    def per_second(self) -> float:
        """Requests a second."""
        return self.limit / self.window
