"""A run ends once nothing is left to send, whoever still waits for a turn."""

from __future__ import annotations

import asyncio

from bulkcall.api import Unreachable
from bulkcall.clock import SystemClock
from bulkcall.progress import StopToken
from bulkcall.send import send
from bulkcall.send.timing import DEFAULT_TIMING, Timing
from tests.send_parts import REALTIME, Notes, ScriptedApi, begin, counts, settings

SOON = 30.0
"""Seconds, long after the end of a run that waits for nothing."""


def go(ledger, run, api, *, timing=DEFAULT_TIMING, **changes):
    """Send; a run that does not end soon fails."""
    notes, stop = Notes(), StopToken()
    work = send(
        ledger,
        run,
        api,
        settings(**changes),
        clock=SystemClock(),
        progress=notes,
        stop=stop,
        timing=timing,
    )
    asyncio.run(asyncio.wait_for(work, SOON))
    return notes.notes


def test_other_tokens_go_on_while_one_pauses(ledger):
    """Nor does the run wait for the pause of a token for which no row is left."""
    run, api = begin(ledger, 20, REALTIME), ScriptedApi(tokens=2)
    api.slots[0].realtime.pause(3600)
    go(ledger, run, api)
    assert counts(ledger, run) == {"success": 20}
    assert api.slots[0].realtime.paused > 3000


def test_a_server_is_not_waited_for_once_every_row_has_expired(ledger):
    """Away, and every row's time passes: the run is over, and nothing stopped it."""
    now = SystemClock().now_ms()
    run = begin(ledger, 3, REALTIME, starts=[now - 10_000] * 3, ends=[now + 1500] * 3)
    api = ScriptedApi(lambda records, n: Unreachable("refused", requests=0))
    quick = Timing(probe_backoff=(0.05, 0.1), expire_every=0.2)
    notes = go(ledger, run, api, timing=quick, first_contact_timeout=3600.0)
    assert counts(ledger, run) == {"expired": 3}
    assert "seems away" in notes[0]
