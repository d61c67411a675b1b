"""How long to wait before trying again, and when to stop trying: pure code on given randomness."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True)
class Backoff:
    """Exponential backoff with full jitter: a wait lies between nothing and a doubling ceiling.

    Full jitter spreads the retries of one bad moment over the whole ceiling, so that they do not
    meet again in one window.
    """

    base: float
    """Ceiling of the first wait, seconds."""
    cap: float
    """No wait is longer, seconds."""
    draw: Callable[[], float]
    """Gives numbers in [0, 1)."""

    def ceiling(self, failures: int) -> float:
        """Return the longest wait after so many failures in a row (from 1), seconds."""
        # 2**64 doublings are beyond any cap: the exponent is bounded before the float overflows.
        return min(self.cap, self.base * 2.0 ** min(max(failures, 1) - 1, 64))

    def wait(self, failures: int) -> float:
        """Draw a wait after so many failures in a row (from 1), seconds."""
        return self.draw() * self.ceiling(failures)


def spent(tries: int, max_tries: int) -> bool:
    """Return whether a row that now spends a try has no other left (`tries` were spent before)."""
    return tries + 1 >= max_tries
