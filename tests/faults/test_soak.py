"""A long run at the real limit with faults switched on and off; left out of `make test`."""

from __future__ import annotations

import asyncio
import os
import random

import pytest

from bulkcall.sandbox.process import running
from tests.faults.weather_parts import check_truth, send_rows
from tests.send_parts import REALTIME

pytestmark = [pytest.mark.integration, pytest.mark.slow]

SECONDS = int(os.environ.get("BULKCALL_SOAK_SECONDS", "600"))
FAULTS = (
    "limit,seconds=1",
    "limit,retry_after=date,seconds=1",
    "limit,retry_after=absent",
    "status,status=503",
    "status,status=500,applied=1",
    "html,status=502",
    "reset,applied=0",
    "reset,applied=1",
    "hang,seconds=2,applied=1",
    "slow,ms=500",
    "cut",
    "empty,applied=1",
    "truncated",
    "revoked",
    "bad_token",
)
TOKEN_FAULTS = ("revoked", "bad_token")
MOST_DEAD_TOKENS = 8
"""The account's cap allows ten tokens in half an hour."""


def told(result, over):
    """The figures of the run in one line, as docs/weather.md has them."""
    ended = result.ended
    outcomes = ", ".join(f"{count:,} `{word}`" for word, count in sorted(result.counts.items()))
    return (
        f"A soak of {SECONDS} s at 100/s with faults switched on and off: {ended.rows:,} rows, "
        f"{ended.requests:,} requests ({ended.retries:,} of them retries), {over} over the limit; "
        f"{outcomes}; ledger and journal agree row by row."
    )


def test_ledger_and_journal_agree_after_a_long_run_in_changing_weather(ledger, capsys):
    """Row by row: nothing lost, nothing made up, and no window over the limit by our doing."""
    rng = random.Random(7)
    with running(rules="none", token_limit=0) as sandbox:

        async def weather(notes):
            end = asyncio.get_running_loop().time() + SECONDS * 0.9
            dead = 0
            while asyncio.get_running_loop().time() < end:
                kind, _, rest = rng.choice(FAULTS).partition(",")
                dead += kind in TOKEN_FAULTS
                if kind in TOKEN_FAULTS and dead > MOST_DEAD_TOKENS:
                    continue
                # A token that dies is replaced once a fault, not for each request of a share.
                often = "times=1" if kind in TOKEN_FAULTS else "times=20,share=0.1"
                order = f"{kind}@realtime,{often}" + (f",{rest}" if rest else "")
                await asyncio.to_thread(sandbox.order, order)
                await asyncio.sleep(4)
                await asyncio.to_thread(sandbox.clear_faults)
                if rng.random() < 0.1:
                    await asyncio.to_thread(sandbox.away, 2)
                await asyncio.sleep(2.5)

        result = send_rows(
            ledger,
            sandbox,
            REALTIME,
            90 * SECONDS,
            midway=weather,
            realtime_per_second=100.0,
            request_timeout=5.0,
            max_tries=20,
        )
        assert result.error is None
        check_truth(result, sandbox)
        over = [entry for entry in sandbox.journal() if entry.over]
    with capsys.disabled():
        print(f"\n{told(result, len(over))}")  # noqa: T201 - the figures of the run, for people
    assert set(result.counts) <= {"success", "unknown"}
    assert len(over) <= 0.002 * result.ended.requests
