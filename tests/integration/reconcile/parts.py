"""A run whose batches a sandbox has accepted, and its reconciliation."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from functools import partial

from bulkcall.api import Api
from bulkcall.clock import SystemClock
from bulkcall.ledger import BatchAccepted
from bulkcall.progress import StopToken
from bulkcall.reconcile import reconcile
from bulkcall.sandbox.process import running
from bulkcall.send.batch_composition import compose
from bulkcall.settings import Secret, Settings
from tests.send_parts import BATCH, RECEIVER, Notes, begin, outcomes

QUICK = {"processing_min_ms": 50.0, "processing_max_ms": 300.0, "status_limit": 0, "batch_limit": 0}


def sandbox(**options):
    """Run a sandbox that is quick and sets no limit on status requests, unless told otherwise."""
    return running(**(QUICK | options))


def settings_for(server, **changes):
    """Settings that point to the sandbox, and pace that a test doesn't feel."""
    return Settings(
        base_url=server.base_url,
        client_account_id=server.client_account_id,
        key_id=Secret(server.key_id),
        api_key=Secret(server.api_key),
        **({"status_per_minute": 6000.0, "batch_per_minute": 6000.0} | changes),
    )


def receivers(count, **fates):
    """Receivers that succeed, but for those rows (`row_3="99901"`) whose last digits are given."""
    numbers = [RECEIVER + 10 * n for n in range(1, count + 1)]
    for name, digits in fates.items():
        row = int(name.removeprefix("row_"))
        numbers[row - 1] = int(f"9198{row:05}{digits}")
    return numbers


async def send_all(ledger, run, api, *, size, stamp):
    """Send every row in batches, as the sender does; returns the batches' own numbers."""
    batches = []
    while True:
        now = time.time_ns() // 1_000_000
        taken = ledger.take_batch(
            run.run_id,
            size,
            partial(compose, size=size, stamp=stamp, floor=now + 60_000),
            now=now,
            with_doubt=False,
        )
        if taken is None:
            return batches
        batch, rows, placed = taken
        stamps = {one.row: one.ends_at for one in placed}
        records = [replace(one.record, ends_at=stamps[one.row]) for one in rows]
        turn = await api.slots[0].batch.acquire()
        answer = await api.create_batch(api.slots[0], records, turn)
        ledger.record(run.run_id, [BatchAccepted(batch, answer.batch_id, now, 200)], requests=1)
        batches.append(batch)


def reconciled(
    ledger,
    server,
    count,
    *,
    size=500,
    stamp=True,
    timeout=20.0,
    again=False,
    stop=None,
    meanwhile=None,
    rows=None,
    **changes,
):
    """Send `count` rows to the sandbox, reconcile, and give (row → outcome, notes, run)."""
    settings = settings_for(server, **changes)
    run = begin(ledger, count, BATCH, base_url=server.base_url, **(rows or {}))
    notes = Notes()

    async def go():
        clock = SystemClock()
        async with Api(settings, clock, token_log=ledger) as api:
            await send_all(ledger, run, api, size=size, stamp=stamp)
            if meanwhile:
                meanwhile()
            await reconcile_now(
                ledger, run, api, settings, notes, wait=timeout, again=again, stop=stop
            )

    asyncio.run(go())
    return outcomes(ledger, run), notes, run


async def reconcile_now(ledger, run, api, settings, notes, *, wait, again=False, stop=None):
    """Reconcile with nothing more to be sent."""
    done = asyncio.Event()
    done.set()
    await reconcile(
        ledger,
        run,
        api,
        settings,
        clock=SystemClock(),
        progress=notes,
        stop=stop or StopToken(),
        sending_done=done,
        timeout=wait,
        again=again,
    )


def ask_again(ledger, server, run, *, timeout=20.0, **changes):
    """Reconcile a run once more, as `bulkcall reconcile` does."""
    settings = settings_for(server, **changes)
    notes = Notes()

    async def go():
        async with Api(settings, SystemClock(), token_log=ledger) as api:
            await reconcile_now(ledger, run, api, settings, notes, wait=timeout, again=True)

    asyncio.run(go())
    return outcomes(ledger, run), notes
