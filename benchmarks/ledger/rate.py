"""What durable commits take from the rate: ten tokens at the API's limit, real-time.

    python benchmarks/ledger/rate.py [--seconds 30] [--rounds 5]

bulkcall's sender with its ledger on disk (write-ahead log, synchronous FULL) beside the same with
a ledger in memory, at 10 x 100 records a second. Each run is a process of its own against a
sandbox of its own, which refuses what exceeds the limit and says at which rate records came; the
two ledgers go in turn. Printed are medians, and the share of the rate that the disk takes.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import uvloop
from campaigns import campaign, new_run

from bulkcall.api import Api
from bulkcall.clock import SystemClock
from bulkcall.ledger import Ledger
from bulkcall.progress import NullProgress, StopToken
from bulkcall.records import Channel, OnUnknown
from bulkcall.sandbox.process import running
from bulkcall.send import send
from bulkcall.settings import Secret, Settings

TOKENS, PER_SECOND = 10, 100
KINDS = ("disk", "memory")


async def child(job: dict[str, Any]) -> None:
    """Send for so many seconds; print the processor time and the requests as JSON."""
    settings = Settings(
        base_url=job["base_url"],
        client_account_id=job["client_account_id"],
        key_id=Secret(job["key_id"]),
        api_key=Secret(job["api_key"]),
        tokens=TOKENS,
        realtime_per_second=PER_SECOND,
    )
    stop, clock = StopToken(), SystemClock()
    with Ledger.open(job["ledger"]) as ledger:
        ledger.begin_run(new_run("run", Channel.REALTIME))
        for chunk in campaign(job["rows"], 1, starts_at=clock.now_ms()):
            ledger.add_rows("run", chunk)
        async with Api(settings, clock, token_log=ledger, stop=stop) as api:
            await api.open_slots()
            busy, wall = time.process_time(), time.monotonic()
            asyncio.get_running_loop().call_later(job["seconds"], stop.request, "time is up")
            await send(
                ledger,
                ledger.run("run"),
                api,
                settings,
                clock=clock,
                progress=NullProgress(),
                stop=stop,
                on_unknown=OnUnknown.RESEND,
            )
            busy, wall = time.process_time() - busy, time.monotonic() - wall
    print(json.dumps({"core": busy / wall}))


def once(kind: str, seconds: float, jitter: float) -> dict[str, float]:
    """Run one ledger against a sandbox of its own; give its rate, 429s and share of a core."""
    with (
        tempfile.TemporaryDirectory() as folder,
        running(rules="none", realtime_limit=PER_SECOND, arrival_jitter_ms=jitter) as sandbox,
    ):
        job = {
            "base_url": sandbox.base_url,
            "client_account_id": sandbox.client_account_id,
            "key_id": sandbox.key_id,
            "api_key": sandbox.api_key,
            "ledger": ":memory:" if kind == "memory" else str(Path(folder) / "ledger.db"),
            "seconds": seconds,
            "rows": int(TOKENS * PER_SECOND * seconds * 1.05) + 5000,
        }
        done = subprocess.run(
            [sys.executable, __file__, "--child", json.dumps(job)],
            stdout=subprocess.PIPE,
            check=True,
        )
        call = sandbox.stats()["calls"]["realtime"]
    good = call["statuses"].get("200", 0)
    # Each token begins at once, so its first request takes no share of the time.
    rate = (good - TOKENS) / (call["last_mono"] - call["first_mono"])
    return {"rate": rate, "429s": call["statuses"].get("429", 0), **json.loads(done.stdout)}


def main() -> None:
    """Print a line for each ledger, and what the disk takes."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--jitter", type=float, default=10.0, help="ms of jitter in arrival")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.child:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(child(json.loads(asked.child)))
        return
    runs: dict[str, list[dict[str, float]]] = {kind: [] for kind in KINDS}
    for round_ in range(asked.rounds):
        # Each goes first in turn.
        for kind in KINDS[:: -1 if round_ % 2 else 1]:
            runs[kind].append(once(kind, asked.seconds, asked.jitter))
    for kind, figures in runs.items():
        rates = [run["rate"] for run in figures]
        print(
            f"{kind:6} {statistics.median(rates):7.2f} records/s "
            f"({min(rates):.2f} to {max(rates):.2f}), "
            f"{statistics.median(run['core'] for run in figures):.1%} of a core, "
            f"{sum(run['429s'] for run in figures):.0f} 429s in all"
        )
    lost = [
        1 - disk["rate"] / memory["rate"]
        for disk, memory in zip(runs["disk"], runs["memory"], strict=True)
    ]
    # Rounds are pairs: what changes on the machine from round to round falls out.
    print(
        f"the disk takes {statistics.median(lost):.2%} of the rate "
        f"(pairs: {', '.join(f'{share:.2%}' for share in lost)})"
    )


if __name__ == "__main__":
    main()
