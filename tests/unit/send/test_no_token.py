"""Trouble with the token call, and limits that a probe meets: what they say of the server."""

from __future__ import annotations

import asyncio
import time

import pytest

from bulkcall.api import Halted, NoToken, RateLimited, Unreachable
from bulkcall.clock import SystemClock
from bulkcall.errors import ServerAwayError
from bulkcall.progress import StopToken
from bulkcall.send import send
from bulkcall.send.timing import Timing
from tests.send_parts import REALTIME, Notes, ScriptedApi, begin, counts, settings

QUICK = Timing(probe_backoff=(0.05, 0.1))
"""Probes after hundredths of a second; the rows' backoff is the real one, up to 30 s."""


def go(ledger, run, decide, *, stop=None, **changes):
    """Send by script; gives the API and what was noted."""
    api, notes, stop = ScriptedApi(decide), Notes(), stop or StopToken()
    set_ = settings(**changes)
    asyncio.run(
        send(
            ledger,
            run,
            api,
            set_,
            clock=SystemClock(),
            progress=notes,
            stop=stop,
            timing=QUICK,
        )
    )
    return api, notes.notes


def test_a_token_call_over_its_limit_is_no_server_that_is_away(ledger):
    """429 from the token call is waited out, however short the time for a first contact is."""
    run = begin(ledger, 5, REALTIME)
    over = NoToken("over its limit", http_status=429, retry_after=0.4)
    _, notes = go(ledger, run, lambda _, n: over if n < 3 else None, first_contact_timeout=0.1)
    assert counts(ledger, run) == {"success": 5}
    assert notes == []


def test_a_token_answer_that_can_not_be_read_is_a_server_that_is_away(ledger):
    """A 200 without a token in it, for ever: the run stops as for a server that was never there."""
    run = begin(ledger, 5, REALTIME)
    odd = NoToken("no token: the answer can't be read (HTTP 200)", http_status=200)
    with pytest.raises(ServerAwayError, match="no token: the answer can't be read"):
        go(ledger, run, lambda _, n: odd, first_contact_timeout=0.3)
    assert counts(ledger, run) == {"unsent": 5}


@pytest.mark.parametrize(
    "trouble", [RateLimited("slow down"), NoToken("no token: HTTP 503", http_status=503)]
)
def test_a_probe_that_meets_trouble_not_its_own_keeps_its_place(ledger, trouble):
    """A 429, or no token: the row that probed does not sit out the longest backoff, 30 s."""
    run = begin(ledger, 5, REALTIME)
    answers = {1: Unreachable("refused", requests=0), 2: trouble}
    began = time.monotonic()
    api, _ = go(ledger, run, lambda _, n: answers.get(n))
    assert counts(ledger, run) == {"success": 5}
    assert len(api.requests) == 7
    assert time.monotonic() - began < 20


def test_a_stop_while_a_token_is_waited_for_says_nothing_of_the_server(ledger):
    """It was not asked, so it does not `seem away`."""
    run, stop = begin(ledger, 5, REALTIME), StopToken()

    def decide(_, number):
        stop.request("signal")
        return Halted("stopped while waiting until a token may be created")

    _, notes = go(ledger, run, decide, stop=stop)
    assert counts(ledger, run) == {"unsent": 5}
    assert notes == []
