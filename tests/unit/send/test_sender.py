"""The sender on both channels, with a real ledger and lanes, and an API that the test scripts."""

from __future__ import annotations

import asyncio

from send_parts import (
    BATCH,
    REALTIME,
    Notes,
    ScriptedApi,
    begin,
    counts,
    settings,
)

from bulkcall.clock import SystemClock
from bulkcall.progress import Stop
from bulkcall.records import OnUnknown
from bulkcall.send import send


def go(ledger, run, api, *, stop=None, limit=None, on_unknown=OnUnknown.RESEND, **changes):
    """Send, and give what was noted."""
    notes = Notes()
    asyncio.run(
        send(
            ledger,
            run,
            api,
            settings(**changes),
            clock=SystemClock(),
            progress=notes,
            stop=stop or Stop(),
            limit=limit,
            on_unknown=on_unknown,
        )
    )
    return notes


def test_realtime_sends_every_row_once(ledger):
    """Each row goes out in one request and is a success by the server's own word."""
    run, api = begin(ledger, 50, REALTIME), ScriptedApi()
    notes = go(ledger, run, api)
    assert counts(ledger, run) == {"success": 50}
    assert len(api.requests) == 50
    assert set(api.applied.values()) == {1}
    assert notes.advanced["send"] == notes.totals["send"] == 50
    assert ledger.run(run.run_id).requests == 50
    assert ledger.run(run.run_id).retries == 0


def test_batches_are_full_and_accepted(ledger):
    """1,200 rows make three batches, the last one smaller; they are pending until confirmed."""
    run, api = begin(ledger, 1200, BATCH), ScriptedApi()
    go(ledger, run, api)
    assert counts(ledger, run) == {"pending": 1200}
    assert sorted(len(records) for records in api.requests) == [200, 500, 500]
    for records in api.requests:
        assert len({record.ends_at for record in records}) == len(records)
