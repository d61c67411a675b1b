"""What an HTTP call costs: requests a second and CPU milliseconds a request, without a limit.

    python benchmarks/http/run.py --seconds 5 --rounds 3

Each client runs in a process of its own against the sandbox in another, on uvloop, with 50 requests
in flight for the named seconds: a POST of one record with a bearer token, its JSON answer parsed.
bulkcall's figure holds all of its api's own work: a lane's turns, the token, deadlines, reading.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import statistics
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import orjson
import uvloop

from bulkcall.sandbox.process import running

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

IN_FLIGHT = 50
CLIENTS = ("httpx", "httpx on aiohttp", "aiohttp", "bulkcall")


def record() -> dict[str, Any]:
    """Make a record that is good for an hour."""
    now = int(time.time() * 1000)
    return {
        "caller_number": "919876543210",
        "receiver_number": "919812345678",
        "dynamic_label_name": "Courier",
        "starts_at": now,
        "ends_at": now + 3_600_000,
    }


def check(good: object) -> None:
    """Fail where a request did not do what is measured."""
    if not good:
        raise SystemExit("a request failed: nothing was measured")


class NoLog:
    """Remembers no token creation: the sandbox has no cap here."""

    def token_creations(self, *_: object) -> list[int]:
        """Give none."""
        return []

    def note_token_creation(self, *_: object) -> None:
        """Ignore."""

    def forget_token_creation(self, *_: object) -> None:
        """Ignore."""


async def in_loop(one: Callable[[], Awaitable[None]], seconds: float) -> dict[str, float]:
    """Keep 50 requests in flight; measure after half a second of warming up."""
    count = 0
    end = time.monotonic() + seconds + 0.5

    async def worker() -> None:
        nonlocal count
        while time.monotonic() < end:
            await one()
            count += 1

    tasks = [asyncio.create_task(worker()) for _ in range(IN_FLIGHT)]
    await asyncio.sleep(0.5)
    gc.collect()
    gc.freeze()
    begun, cpu, before = time.monotonic(), time.process_time(), count
    await asyncio.gather(*tasks)
    done = count - before
    return {
        "rps": done / (time.monotonic() - begun),
        "cpu_ms": (time.process_time() - cpu) / done * 1000,
    }


async def with_httpx(base: str, seconds: float, *, on_aiohttp: bool) -> dict[str, float]:
    """Measure httpx, on its own transport or on aiohttp's."""
    import httpx
    from httpx_aiohttp import HttpxAiohttpClient

    limits = httpx.Limits(max_connections=IN_FLIGHT, max_keepalive_connections=IN_FLIGHT)
    kind = HttpxAiohttpClient if on_aiohttp else httpx.AsyncClient
    async with kind(limits=limits, trust_env=False, timeout=30) as client:
        headers = {"Authorization": f"Bearer {await token(client, base)}"} | JSON
        url = f"{base}/v2/clients/{ACCOUNT}/dynamic_call_record"

        async def one() -> None:
            answer = await client.post(url, content=orjson.dumps(record()), headers=headers)
            check(orjson.loads(answer.content)["status_info"]["status"] == "success")

        return await in_loop(one, seconds)


async def with_aiohttp(base: str, seconds: float) -> dict[str, float]:
    """Measure aiohttp itself."""
    import aiohttp
    import httpx

    async with httpx.AsyncClient(trust_env=False) as client:
        headers = {"Authorization": f"Bearer {await token(client, base)}"} | JSON
    url = f"{base}/v2/clients/{ACCOUNT}/dynamic_call_record"
    connector = aiohttp.TCPConnector(limit=IN_FLIGHT)
    async with aiohttp.ClientSession(connector=connector) as session:

        async def one() -> None:
            body = orjson.dumps(record())
            async with session.post(url, data=body, headers=headers) as answer:
                told = orjson.loads(await answer.read())
            check(told["status_info"]["status"] == "success")

        return await in_loop(one, seconds)


async def with_bulkcall(base: str, seconds: float) -> dict[str, float]:
    """Measure bulkcall's api."""
    from bulkcall.api import Api
    from bulkcall.clock import SystemClock
    from bulkcall.records import CallRecord
    from bulkcall.settings import Secret, Settings

    settings = Settings(
        base_url=base,
        client_account_id=ACCOUNT,
        key_id=Secret(KEY_ID),
        api_key=Secret(API_KEY),
        realtime_per_second=100_000,
    )
    async with Api(settings, SystemClock(), token_log=NoLog()) as api:
        slot = api.slots[0]

        async def one() -> None:
            turn = await slot.realtime.acquire()
            answer = await api.send_record(slot, CallRecord(**record()), turn)
            check(answer.success)

        return await in_loop(one, seconds)


async def token(client: Any, base: str) -> str:
    """Get a token."""
    body = {"key_id": KEY_ID, "api_key": API_KEY}
    headers = {"X-Public-Access": "allow"}
    answer = await client.post(f"{base}/clients/{ACCOUNT}/token", json=body, headers=headers)
    return str(answer.json()["token"])


def child(name: str, base: str, seconds: float) -> None:
    """Measure one client in this process."""
    if name == "bulkcall":
        result = uvloop.run(with_bulkcall(base, seconds))
    elif name == "aiohttp":
        result = uvloop.run(with_aiohttp(base, seconds))
    else:
        result = uvloop.run(with_httpx(base, seconds, on_aiohttp=name != "httpx"))
    print(json.dumps(result))


def main() -> None:
    """Measure every client, in turn, and print the medians."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    results: dict[str, list[dict[str, float]]] = {name: [] for name in CLIENTS}
    with running(realtime_limit=0, token_limit=0, journal_memory=0) as sandbox:
        for _ in range(given.rounds):
            for name in CLIENTS:
                command = [sys.executable, __file__, "--child", name]
                command += [sandbox.base_url, str(given.seconds)]
                done = subprocess.run(command, check=True, capture_output=True, text=True)
                results[name].append(json.loads(done.stdout))
    plain = statistics.median(result["rps"] for result in results["httpx"])
    print("| client | requests/s | times httpx | CPU ms a request |")
    print("|---|---|---|---|")
    for name, rounds in results.items():
        rps = statistics.median(result["rps"] for result in rounds)
        cpu = statistics.median(result["cpu_ms"] for result in rounds)
        print(f"| {name} | {rps:,.0f} | {rps / plain:.2f} | {cpu:.2f} |")


ACCOUNT = "5a4db0c5-0000-4000-8000-00000000ac01"
KEY_ID = "5a4db0c5-0000-4000-8000-000000000e1d"
API_KEY = "5a4db0c5-0000-4000-8000-000000000a91"
JSON = {"Content-Type": "application/json"}

if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        child(sys.argv[2], sys.argv[3], float(sys.argv[4]))
    else:
        main()
