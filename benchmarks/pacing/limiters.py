"""The limiters that are compared, each as `take()`: wait until a request may go out.

Each is set up for 100 requests a second in the way that its own documentation shows first, and
once more in a stricter way where it has one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import aiolimiter
import pyrate_limiter
from throttled import asyncio as throttled

from bulkcall.clock import SystemClock
from bulkcall.ratelimit import Rate, RateLimiter

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

LIMIT = 100


class Bulkcall:
    """bulkcall's lane, told of answers and 429s as the api tells it."""

    def __init__(self) -> None:
        self._lane = RateLimiter("realtime", Rate.of(LIMIT, 1.0), SystemClock())

    async def take(self) -> Any:
        """Wait for a turn."""
        return await self._lane.acquire()


class Plain:
    """A limiter that only knows how to wait."""

    def __init__(self, wait: Callable[[], Awaitable[Any]]) -> None:
        self._wait = wait

    async def take(self) -> None:
        """Wait until it lets go."""
        await self._wait()


def _throttled(kind: str) -> Plain:
    limiter = throttled.Throttled(
        key="k",
        using=kind,
        quota=throttled.per_sec(LIMIT, burst=LIMIT),
        store=throttled.MemoryStore(),
        timeout=60,
    )
    return Plain(limiter.limit)


def limiters() -> dict[str, Callable[[], Bulkcall | Plain]]:
    """Name every limiter and how it is made."""
    return {
        "bulkcall": Bulkcall,
        "aiolimiter(100, 1)": lambda: Plain(aiolimiter.AsyncLimiter(LIMIT, 1).acquire),
        "aiolimiter(1, 0.01)": lambda: Plain(aiolimiter.AsyncLimiter(1, 1 / LIMIT).acquire),
        "pyrate-limiter": lambda: Plain(
            pyrate_limiter.Limiter(pyrate_limiter.Rate(LIMIT, 1000)).try_acquire_async
        ),
        "throttled-py fixed window": lambda: _throttled("fixed_window"),
        "throttled-py sliding window": lambda: _throttled("sliding_window"),
        "throttled-py token bucket": lambda: _throttled("token_bucket"),
        "throttled-py leaking bucket": lambda: _throttled("leaking_bucket"),
        "throttled-py GCRA": lambda: _throttled("gcra"),
    }
