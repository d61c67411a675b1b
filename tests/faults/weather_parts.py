"""Sending through bad weather, and the comparison with what the server really did."""

from __future__ import annotations

import asyncio
from collections import Counter
from types import SimpleNamespace

from bulkcall.api import Api
from bulkcall.clock import SystemClock
from bulkcall.progress import StopToken
from bulkcall.records import OnUnknown
from bulkcall.send import send
from bulkcall.send.timing import Timing
from bulkcall.settings import Secret, Settings
from tests.send_parts import BATCH, Notes, begin, counts, outcomes

QUICK = Timing(row_backoff=(0.02, 0.1), probe_backoff=(0.1, 0.3))
"""Backoff and probes in hundredths of their real length; the rules are the real ones."""

POSTS = ("realtime", "batch_create")


def settings(sandbox, **changes):
    """Settings that point to a sandbox, quick to give up waiting."""
    return Settings(
        **{
            "base_url": sandbox.base_url,
            "client_account_id": sandbox.client_account_id,
            "key_id": Secret(sandbox.key_id),
            "api_key": Secret(sandbox.api_key),
            "realtime_per_second": 200.0,
            "batch_per_minute": 1200.0,
            "batch_size": 10,
            "request_timeout": 0.6,
        }
        | changes
    )


def send_rows(
    ledger, sandbox, channel, rows=30, *, on_unknown="resend", midway=None, timing=QUICK, **changes
):
    """Send so many rows; give what was said, and how it ended.

    `midway` is awaited beside the sending.
    """
    run = begin(ledger, rows, channel, base_url=sandbox.base_url)
    return send_again(
        ledger, sandbox, run, on_unknown=on_unknown, midway=midway, timing=timing, **changes
    )


def send_again(ledger, sandbox, run, *, on_unknown="resend", midway=None, timing=QUICK, **changes):
    """Send what waits of a run."""
    set_ = settings(sandbox, **changes)
    notes, clock, stop = Notes(), SystemClock(), StopToken()

    async def main():
        async with Api(set_, clock, token_log=ledger, progress=notes, stop=stop) as api:
            beside = asyncio.create_task(midway(notes)) if midway else None
            try:
                await send(
                    ledger,
                    run,
                    api,
                    set_,
                    clock=clock,
                    progress=notes,
                    stop=stop,
                    on_unknown=OnUnknown(on_unknown),
                    timing=timing,
                )
            finally:
                if beside is not None:
                    await beside

    error = None
    try:
        asyncio.run(main())
    except Exception as raised:  # noqa: BLE001 - what ended the run is what the test looks at
        error = raised
    return SimpleNamespace(
        run=run,
        error=error,
        notes=notes.notes,
        progress=notes,
        counts=counts(ledger, run),
        rows=outcomes(ledger, run),
        ended=ledger.run(run.run_id),
        channel=run.channel,
    )


NEVER_TAKEN = ("failed", "unsent", "expired", "refused")


def check_truth(result, sandbox):
    """The ledger against the server's journal, row by row: nothing lost, nothing made up."""
    entries = [entry for entry in sandbox.journal() if entry.call in POSTS]
    applied, heard, words = Counter(), Counter(), set()
    for entry in entries:
        for record in entry.records:
            number = int(record.receiver_number)
            heard[number] += 1
            applied[number] += entry.applied
            if entry.applied and entry.status == 200:
                words.add((number, entry.batch_id))
    assert sum(result.counts.values()) == len(result.rows)
    for row in result.rows.values():
        number = row.receiver_number
        if row.outcome in ("success", "pending"):
            assert (number, row.batch_id) in words, row
        assert not (applied[number] and row.outcome in NEVER_TAKEN), row
        assert applied[number] <= row.attempts <= max(1, heard[number] + 1), row
    assert result.ended.requests >= len(entries)
    return SimpleNamespace(entries=entries, applied=applied)


def accepted(channel):
    """What a row is once the server has taken it."""
    return "pending" if channel is BATCH else "success"


def said(result, outcome):
    """What the report says of the rows that ended so."""
    return {row.message for row in result.rows.values() if row.outcome == outcome}
