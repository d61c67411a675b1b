"""Limiters side by side at 100 a second: share of the limit, would-be 429s, and burst.

    python benchmarks/pacing/run.py --seconds 20 --rounds 3

Each request takes its way to the server and back in simulated delays on a real event loop. The
server counts by a strict sliding second: a request that finds 100 others taken in the second before
it is a would-be 429 and is not counted. Only bulkcall learns of answers and 429s (Retry-After: 1),
as it does in the product; the peers have no such call. The burst is the
most that arrived within 0.1 s; 10 is even.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import statistics
import time
from collections import deque
from typing import Any

import uvloop
from limiters import LIMIT, limiters

# name → delays in seconds, on the way there and on the way back.
WAYS = {
    "10 ms of jitter": ((0.0, 0.010), (0.0, 0.002)),
    "answers 50±50 ms late": ((0.0, 0.001), (0.0, 0.100)),
    "arrivals 50±50 ms late": ((0.0, 0.100), (0.0, 0.001)),
}


class Server:
    """Counts by a strict sliding second."""

    def __init__(self) -> None:
        self.taken: deque[float] = deque()
        self.over = 0
        self.seen: list[float] = []

    def takes(self, at: float) -> bool:
        """Count a request; False: a would-be 429."""
        self.seen.append(at)
        while self.taken and self.taken[0] <= at - 1.0:
            self.taken.popleft()
        if len(self.taken) >= LIMIT:
            self.over += 1
            return False
        self.taken.append(at)
        return True


async def measure(make: Any, way: Any, seconds: float) -> tuple[float, int, int]:
    """Send at full demand; give the share of the limit, the would-be 429s and the burst."""
    there, back = way
    limiter, server, drawn = make(), Server(), random.Random(7)
    tasks: set[asyncio.Task[None]] = set()

    async def request(turn: Any) -> None:
        await asyncio.sleep(drawn.uniform(*there))
        taken = server.takes(time.monotonic())
        await asyncio.sleep(drawn.uniform(*back))
        if turn is not None:
            turn.answered() if taken else turn.limited(1.0)

    begun = time.monotonic()
    while True:
        turn = await limiter.take()
        elapsed = time.monotonic() - begun
        if elapsed >= seconds:
            break
        task = asyncio.create_task(request(turn))
        tasks.add(task)
        task.add_done_callback(tasks.discard)
    await asyncio.gather(*tasks)
    # Up to the first request that was let go after the end: what came in one burst stands for all
    # the time until the next.
    share = (len(server.seen) - server.over) / (LIMIT * elapsed)
    return share, server.over, burst(server.seen)


def burst(arrivals: list[float]) -> int:
    """Find the most that arrived within a tenth of a second."""
    arrivals = sorted(arrivals)
    first = most = 0
    for last, at in enumerate(arrivals):
        while arrivals[first] <= at - 0.1:
            first += 1
        most = max(most, last - first + 1)
    return most


def main() -> None:
    """Measure every limiter in every weather."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", default="", help="part of a limiter's name")
    given = parser.parse_args()
    print("| limiter |", " | ".join(WAYS), "|")
    print("|---|" + "---|" * len(WAYS))
    for name, make in limiters().items():
        if given.only not in name:
            continue
        cells = []
        for way in WAYS.values():
            rounds = [uvloop.run(measure(make, way, given.seconds)) for _ in range(given.rounds)]
            share, over, most = (statistics.median(figure) for figure in zip(*rounds, strict=True))
            cells.append(f"{share:.1%}, {over:g}, {most:g}")
        print(f"| {name} |", " | ".join(cells), "|", flush=True)


if __name__ == "__main__":
    main()
