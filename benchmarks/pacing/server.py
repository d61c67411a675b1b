"""bulkcall's api at the real limit, against the sandbox in its own process, without a ledger.

    python benchmarks/pacing/server.py --seconds 60 --rounds 3 --tokens 1

For each way of counting with 10 ms of arrival jitter, and with answers 50±50 ms late: the share of
the limit that was taken, the 429s, and the client's processor share. `--tokens 10` for 1,000/s.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import statistics
import sys
import time
from pathlib import Path

import uvloop

from bulkcall.api import Api, ApiFailure, RateLimited, TokenSession
from bulkcall.clock import SystemClock
from bulkcall.records import CallRecord
from bulkcall.sandbox.process import Running, running
from bulkcall.settings import Secret, Settings

sys.path.insert(0, str(Path(__file__).parents[1] / "http"))
from run import NoLog, record

WEATHER = {
    "sliding, 10 ms": {"counting": "sliding", "arrival_jitter_ms": 10},
    "fixed, 10 ms": {"counting": "fixed", "arrival_jitter_ms": 10},
    "bucket, 10 ms": {"counting": "bucket", "arrival_jitter_ms": 10},
    "sliding, answers 50±50 ms": {
        "counting": "sliding",
        "latency_ms": 50,
        "latency_jitter_ms": 50,
    },
}


class Tally:
    """What came of the requests."""

    def __init__(self) -> None:
        self.taken = 0
        self.limited = 0
        self.other = 0


async def load(sandbox: Running, tokens: int, seconds: float) -> tuple[float, int, float]:
    """Send at full demand; give the share of the limit, the 429s and the processor share."""
    settings = Settings(
        base_url=sandbox.base_url,
        client_account_id=sandbox.client_account_id,
        key_id=Secret(sandbox.key_id),
        api_key=Secret(sandbox.api_key),
        tokens=tokens,
    )
    tally = Tally()

    async def one(api: Api, slot: TokenSession, turn: object) -> None:
        try:
            await api.send_record(slot, CallRecord(**record()), turn)  # type: ignore[arg-type]
            tally.taken += 1
        except RateLimited:
            tally.limited += 1
        except ApiFailure:
            tally.other += 1

    async def worker(api: Api, slot: TokenSession, end: float) -> None:
        async with asyncio.TaskGroup() as group:
            while time.monotonic() < end:
                turn = await slot.realtime.acquire()
                group.create_task(one(api, slot, turn))

    async with Api(settings, SystemClock(), token_log=NoLog()) as api:
        await api.open_slots()
        gc.collect()
        gc.freeze()
        cpu, end = time.process_time(), time.monotonic() + seconds
        await asyncio.gather(*(worker(api, slot, end) for slot in api.slots))
        cpu = time.process_time() - cpu
    if tally.other:
        raise SystemExit(f"{tally.other} requests failed: nothing was measured")
    return tally.taken / (100 * tokens * seconds), tally.limited, cpu / seconds


def main() -> None:
    """Measure every weather and print the medians."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--tokens", type=int, default=1)
    given = parser.parse_args()
    print("| the server | share of the limit | 429s (of all rounds) | processor |")
    print("|---|---|---|---|")
    for name, options in WEATHER.items():
        rounds = []
        for _ in range(given.rounds):
            with running(journal_memory=0, **options) as sandbox:
                rounds.append(uvloop.run(load(sandbox, given.tokens, given.seconds)))
        share, _, cpu = (statistics.median(figure) for figure in zip(*rounds, strict=True))
        limited = sum(limited for _, limited, _ in rounds)
        print(f"| {name} | {share:.2%} | {limited} | {cpu:.0%} |", flush=True)


if __name__ == "__main__":
    main()
