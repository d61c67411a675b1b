"""A run over the end of its hours: what went out, what waited, and that it goes on by itself."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import replace

import pytest

from bulkcall.clock import SystemClock
from bulkcall.errors import InterruptedRun
from bulkcall.records import OnUnknown
from bulkcall.run.context import RunContext
from bulkcall.run.deliver import deliver as deliver_rows
from bulkcall.run.sending_window import CLOCK_TRUST_SECONDS
from bulkcall.sandbox.process import running
from bulkcall.settings import Secret, Settings
from tests.send_parts import BATCH, HOUR, REALTIME, Notes, begin, counts

pytestmark = pytest.mark.integration

ROWS = 60
LOOKS = 4


class Night(Notes):
    """Real time, but for a wall clock a moment before 20:00 UTC that can be set to the morning."""

    def __init__(self, sandbox):
        super().__init__()
        self.sandbox = sandbox
        now = time.time_ns() // 1_000_000
        day = 24 * HOUR
        self.shift = (20 * HOUR - 1500 - now) % day
        self.seen = None
        self.looks = 0

    def now_ms(self):
        """Wall-clock time."""
        return time.time_ns() // 1_000_000 + self.shift

    monotonic = SystemClock.monotonic

    async def sleep(self, seconds, stop=None):
        """Sleep, a closed window's long waits for a moment only; after some it is morning."""
        closed = self.seen is not None and seconds == CLOCK_TRUST_SECONDS
        await SystemClock().sleep(0.25 if closed else seconds, stop)
        if closed:
            self.looks += 1
            if self.looks == LOOKS:
                self.records_at_dawn = self.records()
                self.shift += 13 * HOUR

    def note(self, text):
        """Take note of what had gone out when the gate closed."""
        super().note(text)
        if text.startswith("outside hours"):
            self.seen = self.records()

    def records(self):
        """Records that the server was sent."""
        calls = ("realtime", "batch_create")
        return sum(len(e.records) for e in self.sandbox.journal() if e.call in calls)


def deliver(ledger, run, sandbox, night, **changes):
    """Deliver a run whose hours end at 20:00 UTC."""
    settings = Settings(
        **{
            "base_url": sandbox.base_url,
            "client_account_id": sandbox.client_account_id,
            "key_id": Secret(sandbox.key_id),
            "api_key": Secret(sandbox.api_key),
            "realtime_per_second": 20.0,
            "status_per_minute": 1200.0,
            "not_before": "08:00",
            "not_after": "20:00",
            "quiet_timezone": "UTC",
        }
        | changes
    )

    context = RunContext(settings=settings, ledger=ledger, clock=night, progress=night)
    deliver_rows(context, run, OnUnknown.RESEND)


def begun(ledger, sandbox, channel):
    """A run of rows that end after two days."""
    start = time.time_ns() // 1_000_000 + 30 * HOUR
    starts, ends = [start] * ROWS, [start + 18 * HOUR] * ROWS
    return begin(ledger, ROWS, channel, base_url=sandbox.base_url, starts=starts, ends=ends)


def test_a_run_pauses_at_the_end_of_its_hours_and_goes_on_in_the_morning(ledger):
    """Nothing goes out between closing and opening; then the rest does, each row once."""
    with running(rules="none") as sandbox:
        night = Night(sandbox)
        run = begun(ledger, sandbox, REALTIME)
        deliver(ledger, run, sandbox, night)
        sent = [e for e in sandbox.journal() if e.call == "realtime"]
    assert night.seen < ROWS
    assert night.records_at_dawn == night.seen
    assert Counter(r.receiver_number for e in sent for r in e.records) == Counter(
        str(919810000000 + 10 * row) for row in range(1, ROWS + 1)
    )
    assert counts(ledger, run) == {"success": ROWS}


def test_a_run_that_stops_confirms_what_went_out_and_can_be_resumed(ledger):
    """`outside_hours = stop`: batches that went out are confirmed, the rest is unsent."""
    with running(rules="none", processing_min_ms=10, processing_max_ms=20) as sandbox:
        night = Night(sandbox)
        run = begun(ledger, sandbox, BATCH)
        given = {"batch_size": 5, "batch_per_minute": 240.0, "outside_hours": "stop"}
        with pytest.raises(InterruptedRun, match="outside hours"):
            deliver(ledger, run, sandbox, night, **given)
        stood = counts(ledger, run)
        night.shift += 13 * HOUR
        deliver(ledger, run, sandbox, night, **given | {"batch_per_minute": 6000.0})
    assert set(stood) <= {"success", "unsent"}
    assert stood["unsent"] > 0
    assert sum(stood.values()) == ROWS
    assert counts(ledger, run) == {"success": ROWS}


def test_a_canary_that_the_night_interrupts_is_seen_through_in_the_morning(ledger):
    """Rows of the canary that waited over night count as its own: 40 first, then the other 20."""
    with running(rules="none") as sandbox:
        night = Night(sandbox)
        run = replace(begun(ledger, sandbox, REALTIME), canary=40)
        deliver(ledger, run, sandbox, night)
    assert night.seen < 40
    assert "canary: 40 of 40 confirmed; sending the rest" in night.notes
    assert counts(ledger, run) == {"success": ROWS}
