"""The sender with its ledger against a sandbox of its own, beside plain clients without a ledger.

::

    python benchmarks/send/bench_send.py realtime-one [--seconds 60] [--latency 50] [--runs 3]
    python benchmarks/send/bench_send.py realtime-ten | overload | batch-ten | unlimited

Each run is a process of its own, so that its processor time is its own. The figures are shares of
the account's limit and ratios against the named peer of the same call; docs/sending.md has them.
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
from typing import TYPE_CHECKING

import pyarrow as pa
import uvloop

from bulkcall.api import Api
from bulkcall.clock import SystemClock
from bulkcall.ledger import Ledger, NewRun
from bulkcall.progress import NullProgress, StopToken
from bulkcall.ratelimit import Rate, RateLimiter
from bulkcall.records import Channel, CheckedChunk, Chunk, OnUnknown
from bulkcall.sandbox.process import running
from bulkcall.send import send
from bulkcall.settings import Secret, Settings

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    import httpx

    Post = Callable[..., Awaitable[bytes]]

HOUR = 3_600_000
IN_FLIGHT = 50


def load(ledger: Ledger, rows: int, channel: Channel, base_url: str) -> str:
    """Write a run of so many valid rows into the ledger."""
    now = time.time_ns() // 1_000_000
    run = ledger.begin_run(
        NewRun("bench", "bench.csv", "0" * 64, channel, ["n"], {}, "a", base_url, "out", now)
    )
    for first in range(1, rows + 1, 50_000):
        count = min(50_000, rows + 1 - first)
        numbers = list(range(first, first + count))
        texts, whole = pa.string(), pa.int64()
        records = pa.table(
            {
                "row": pa.array(numbers, whole),
                "line": pa.array(numbers, whole),
                "valid": pa.array([True] * count),
                "caller_number": pa.array([918045000000] * count, whole),
                "receiver_number": pa.array([919000000000 + 100_000 * n for n in numbers], whole),
                "starts_at": pa.array([now] * count, whole),
                "ends_at": pa.array([now + 8 * HOUR] * count, whole),
                "label_id": pa.array([None] * count, texts),
                "dynamic_label_name": pa.array(["Parcel delivery"] * count, texts),
                "dynamic_call_reason": pa.array(["Your parcel comes today"] * count, texts),
                "identity": pa.array(numbers, whole),
                "field": pa.array([None] * count, texts),
                "message": pa.array([None] * count, texts),
            }
        )
        cells = pa.table({"0": pa.array([str(n) for n in numbers], texts)})
        findings = pa.table(
            {"row": pa.array([], whole), "line": pa.array([], whole)}
            | {name: pa.array([], texts) for name in ("field", "code", "value", "message")}
        )
        chunk = Chunk(first, cells, pa.array(numbers, whole))
        ledger.add_rows(run.run_id, CheckedChunk(chunk, records, findings))
    return run.run_id


async def bulkcall(job: dict) -> None:
    """Send with all of bulkcall's bookkeeping, for so many seconds."""
    with tempfile.TemporaryDirectory() as folder, Ledger.open(f"{folder}/ledger.sqlite3") as ledger:
        run_id = load(ledger, job["rows"], Channel(job["channel"]), job["base_url"])
        settings = Settings(
            base_url=job["base_url"],
            client_account_id=job["client_account_id"],
            key_id=Secret(job["key_id"]),
            api_key=Secret(job["api_key"]),
            tokens=job["tokens"],
            realtime_per_second=job["per_second"],
            batch_per_minute=job["per_minute"],
            batch_size=500,
        )
        stop, clock = StopToken(), SystemClock()
        async with Api(settings, clock, token_log=ledger, stop=stop) as api:
            await api.open_slots()
            measure = Measure()
            asyncio.get_running_loop().call_later(job["seconds"], stop.request, "time is up")
            await send(
                ledger,
                ledger.run(run_id),
                api,
                settings,
                clock=clock,
                progress=NullProgress(),
                stop=stop,
                on_unknown=OnUnknown.RESEND,
            )
            measure.done(ledger.run(run_id).requests)


async def httpx_plain(job: dict) -> None:
    """The same requests on httpx's own transport, without a ledger."""
    import httpx

    limits = httpx.Limits(max_connections=1000, max_keepalive_connections=1000)
    async with httpx.AsyncClient(trust_env=False, limits=limits) as client:
        await _plain(job, _body_of(client))


async def httpx_aiohttp(job: dict) -> None:
    """The same on httpx with the aiohttp transport, without a ledger."""
    from httpx_aiohttp import HttpxAiohttpClient

    async with HttpxAiohttpClient(trust_env=False) as client:
        await _plain(job, _body_of(client))


async def aiohttp_plain(job: dict) -> None:
    """The same on aiohttp itself, without a ledger."""
    import aiohttp

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as client:

        async def post(url: str, *, content: bytes, headers: dict[str, str]) -> bytes:
            async with client.post(url, data=content, headers=headers) as answer:
                return await answer.read()

        await _plain(job, post)


def _body_of(client: httpx.AsyncClient) -> Post:
    async def post(url: str, *, content: bytes, headers: dict[str, str]) -> bytes:
        return (await client.post(url, content=content, headers=headers)).content

    return post


async def _plain(job: dict, post: Post) -> None:
    import httpx
    import orjson

    account = job["client_account_id"]
    tokens = []
    async with httpx.AsyncClient(trust_env=False, base_url=job["base_url"]) as setup:
        for _ in range(job["tokens"]):
            answer = await setup.post(
                f"/clients/{account}/token",
                json={"key_id": job["key_id"], "api_key": job["api_key"]},
                headers={"X-Public-Access": "allow"},
            )
            tokens.append(answer.json()["token"])
    url = f"{job['base_url']}/v2/clients/{account}/dynamic_call_record"
    now = time.time_ns() // 1_000_000
    end = time.monotonic() + job["seconds"]
    sent = 0

    async def worker(token: str, lane: RateLimiter | None) -> None:
        nonlocal sent
        while time.monotonic() < end:
            turn = await lane.acquire() if lane else None
            sent += 1
            record = {
                "caller_number": "918045000000",
                "receiver_number": str(919000000000 + 100_000 * sent),
                "dynamic_label_name": "Parcel delivery",
                "dynamic_call_reason": "Your parcel comes today",
                "starts_at": now,
                "ends_at": now + 8 * HOUR,
            }
            headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
            body = await post(url, content=orjson.dumps(record), headers=headers)
            if orjson.loads(body)["status_info"]["status"] != "success":
                raise SystemExit(body)
            if turn:
                turn.answered()

    measure = Measure()
    clock = SystemClock()
    paced = job["per_second"] < 10_000
    async with asyncio.TaskGroup() as group:
        for token in tokens:
            lane = RateLimiter("realtime", Rate.of(job["per_second"], 1), clock) if paced else None
            # Few in flight: more of them only makes httpx's own pool slower (docs/sending.md).
            for _ in range(5 if paced else IN_FLIGHT // len(tokens)):
                group.create_task(worker(token, lane))
    measure.done(sent)


class Measure:
    """Wall and processor time of this process from its making on."""

    def __init__(self) -> None:
        self._wall, self._cpu = time.monotonic(), time.process_time()

    def done(self, requests: int) -> None:
        """Print the figures as one JSON line."""
        wall, cpu = time.monotonic() - self._wall, time.process_time() - self._cpu
        print(json.dumps({"wall": wall, "cpu": cpu, "requests": requests}))


CLIENTS = {
    "bulkcall": bulkcall,
    "httpx": httpx_plain,
    "httpx on aiohttp": httpx_aiohttp,
    "aiohttp": aiohttp_plain,
}

SCENES = {
    # tokens, limit a second and token, limit of batches a minute, sandbox options, clients
    "realtime-one": (1, 100.0, 60.0, {"realtime_limit": 100}, ["bulkcall"]),
    "realtime-ten": (10, 100.0, 60.0, {"realtime_limit": 100}, ["bulkcall", "httpx"]),
    "overload": (10, 100_000.0, 60.0, {"realtime_limit": 0}, ["bulkcall"]),
    "batch-ten": (10, 100.0, 60.0, {"batch_limit": 60}, ["bulkcall"]),
    "unlimited": (1, 100_000.0, 60.0, {"realtime_limit": 0}, [*CLIENTS]),
}


def one(scene: str, client: str, args: argparse.Namespace) -> dict:
    """One run of one client, in a process of its own, against a sandbox of its own."""
    tokens, per_second, per_minute, options, _ = SCENES[scene]
    batch = scene.startswith("batch")
    rate = tokens * (per_minute / 60 * 500 if batch else min(per_second, 800.0))
    with running(
        rules="none",
        latency_ms=args.latency,
        latency_jitter_ms=args.latency,
        arrival_jitter_ms=args.jitter,
        **options,
    ) as sandbox:
        job = {
            "base_url": sandbox.base_url,
            "client_account_id": sandbox.client_account_id,
            "key_id": sandbox.key_id,
            "api_key": sandbox.api_key,
            "client": client,
            "tokens": tokens,
            "per_second": per_second,
            "per_minute": per_minute,
            "seconds": args.seconds,
            "channel": "batch" if batch else "realtime",
            "rows": int(rate * args.seconds * (1.05 if per_second < 10_000 else 8)) + 5000,
        }
        done = subprocess.run(
            [sys.executable, __file__, "--job", json.dumps(job)],
            stdout=subprocess.PIPE,
            check=True,
        )
        figures = json.loads(done.stdout)
        call = sandbox.stats()["calls"]["batch_create" if batch else "realtime"]
    figures["429s"] = call["statuses"].get("429", 0)
    figures["would be"] = {way: call[way]["over"] for way in ("sliding", "fixed", "bucket")}
    good = call["statuses"].get("200", 0)
    span = call["last_mono"] - call["first_mono"]
    limit = tokens * (per_minute / 60 if batch else per_second)
    # Each token begins at once, so its first request takes no share of the time.
    figures["rate"] = (good - tokens) / span
    figures["share"] = figures["rate"] / limit
    figures["records"] = call["applied_records"]
    return figures


def main() -> None:
    """Run a scene, print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("scene", nargs="?", choices=SCENES)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--latency", type=float, default=0.0, help="ms, give or take as much")
    parser.add_argument("--jitter", type=float, default=10.0, help="ms of jitter in arrival")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--job", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.job:
        job = json.loads(args.job)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(CLIENTS[job["client"]](job))
        return
    print("| client | share of the limit | requests/s | 429s | would-be 429s | CPU ms a request |")
    print("|---|---|---|---|---|---|")
    for client in SCENES[args.scene][4]:
        runs = [one(args.scene, client, args) for _ in range(args.runs)]
        middle = {
            key: statistics.median(run[key] for run in runs) for key in ("share", "rate", "429s")
        }
        cpu = statistics.median(1000 * run["cpu"] / run["requests"] for run in runs)
        over = {way: max(run["would be"][way] for run in runs) for way in runs[0]["would be"]}
        told = ", ".join(f"{way} {count}" for way, count in over.items())
        share = f"{100 * middle['share']:.1f} %" if middle["share"] > 0.1 else ""
        print(
            f"| {client} | {share} | {middle['rate']:.1f} | {middle['429s']:.0f} | {told} "
            f"| {cpu:.2f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
