"""What the sender's tests have in common: a real ledger holding a run, and an API that obeys."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from types import SimpleNamespace

import pyarrow as pa

from bulkcall.api import BatchAnswer, RealtimeAnswer
from bulkcall.clock import SystemClock
from bulkcall.ledger import Ledger, NewRun, RunState
from bulkcall.ratelimit import Rate, RateLimiter
from bulkcall.records import Channel, CheckedChunk, Chunk
from bulkcall.settings import Settings

CALLER = 918045000000
RECEIVER = 919810000000
HOUR = 3_600_000


def rows_table(count, *, starts=None, ends=None, receivers=None, reasons=None):
    """Records as validation hands them over, one a row, all valid."""
    now = time.time_ns() // 1_000_000
    numbers = list(range(1, count + 1))
    return pa.table(
        {
            "row": pa.array(numbers, pa.int64()),
            "line": pa.array([n + 1 for n in numbers], pa.int64()),
            "valid": pa.array([True] * count, pa.bool_()),
            "caller_number": pa.array([CALLER] * count, pa.int64()),
            "receiver_number": pa.array(
                receivers or [RECEIVER + 10 * n for n in numbers], pa.int64()
            ),
            "starts_at": pa.array(starts or [now + HOUR] * count, pa.int64()),
            "ends_at": pa.array(ends or [now + 5 * HOUR] * count, pa.int64()),
            "label_id": pa.array([None] * count, pa.string()),
            "dynamic_label_name": pa.array(["Delivery"] * count, pa.string()),
            "dynamic_call_reason": pa.array(reasons or [None] * count, pa.string()),
            "identity": pa.array(numbers, pa.int64()),
            "field": pa.array([None] * count, pa.string()),
            "message": pa.array([None] * count, pa.string()),
        }
    )


def begin(ledger, count, channel, *, run_id="run-1", account="acc", base_url="http://x", **rows):
    """Write a run with so many waiting rows down."""
    new = NewRun(
        run_id=run_id,
        file="campaign.csv",
        sha256=run_id,
        channel=channel,
        columns=["receiver"],
        fields={"receiver_number": 0},
        account=account,
        base_url=base_url,
        out_dir="out",
        started_at=time.time_ns() // 1_000_000,
    )
    run = ledger.begin_run(new)
    records = rows_table(count, **rows)
    texts = [str(n) for n in records.column("receiver_number").to_pylist()]
    chunk = Chunk(1, pa.table({"0": pa.array(texts, pa.string())}), records.column("line"))
    findings = pa.table(
        {"row": pa.array([], pa.int64()), "line": pa.array([], pa.int64())}
        | {n: pa.array([], pa.string()) for n in ("field", "code", "value", "message")}
    )
    ledger.add_rows(run.run_id, CheckedChunk(chunk, records, findings))
    ledger.set_state(run.run_id, RunState.SENDING, at=new.started_at)
    return ledger.run(run.run_id)


def open_ledger(path):
    """A real SQLite ledger."""
    return Ledger.open(str(path / "ledger.sqlite3"))


def counts(ledger, run):
    """Outcomes that rows have."""
    return {str(k): v for k, v in ledger.counts(run.run_id).items() if v}


def outcomes(ledger, run):
    """Row number → all that is known of it."""
    return {
        row["row"]: SimpleNamespace(**row)
        for table in ledger.outcomes(run.run_id)
        for row in table.to_pylist()
    }


class Notes:
    """Progress that remembers."""

    def __init__(self):
        self.notes = []
        self.advanced = Counter()
        self.totals = {}

    def begin(self, stage, total):
        """Remember the total."""
        self.totals[stage] = total

    def advance(self, stage, rows):
        """Count."""
        self.advanced[stage] += rows

    def end(self, stage):
        """Nothing."""

    def note(self, text):
        """Remember the line."""
        self.notes.append(text)


class ScriptedApi:
    """The API as the sender sees it: real lanes, and answers that the test decides.

    `decide(records, number)` is called for each request (number from 1): it returns None (taken), a
    failure to raise, or an awaitable of one of these.
    """

    def __init__(
        self,
        decide=None,
        *,
        tokens=1,
        per_second=100_000.0,
        batch_per_minute=600_000.0,
        welcomed=True,
    ):
        self.clock = SystemClock()
        self.decide = decide or (lambda records, number: None)
        self.slots = [
            SimpleNamespace(
                number=n,
                welcomed=welcomed,
                realtime=RateLimiter("realtime", Rate.of(per_second, 1), self.clock),
                batch=RateLimiter("batch", Rate.of(batch_per_minute, 60), self.clock),
            )
            for n in range(tokens)
        ]
        self.requests = []
        self.applied = Counter()
        self.opened = 0
        self.open_failures = []

    async def open_slots(self):
        """Fail as often as the test wants."""
        self.opened += 1
        if self.open_failures:
            raise self.open_failures.pop(0)

    async def _ask(self, records, turn):
        self.requests.append(list(records))
        number = len(self.requests)
        try:
            verdict = self.decide(records, number)
            if asyncio.iscoroutine(verdict):
                verdict = await verdict
            else:
                await asyncio.sleep(0)
        finally:
            turn.answered()
        if isinstance(verdict, BaseException):
            raise verdict
        for record in records:
            self.applied[record.receiver_number] += 1
        return number, verdict

    async def send_record(self, slot, record, turn):
        """One record."""
        _, verdict = await self._ask([record], turn)
        return verdict or RealtimeAnswer(success=True, http_status=200)

    async def create_batch(self, slot, records, turn):
        """One batch."""
        number, verdict = await self._ask(records, turn)
        return verdict or BatchAnswer(f"b-{number}", 200)


def settings(**changes):
    """Settings without waits that a test would feel."""
    defaults = {
        "base_url": "http://x",
        "client_account_id": "acc",
        "realtime_per_second": 100_000.0,
    }
    return Settings(**(defaults | changes))


REALTIME = Channel.REALTIME
BATCH = Channel.BATCH
