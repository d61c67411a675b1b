"""A ledger in memory and a server by script, for the poller's tests on a clock moved by hand."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from types import SimpleNamespace

from bulkcall.api import ApiFailure, StatusAnswer
from bulkcall.ledger.model import Batch, BatchRow
from bulkcall.records import CallRecord, RowState

START = 1_763_700_000_000
END = START + 3_600_000


def record(row: int) -> CallRecord:
    """Make the record of a row; its ends_at is its own."""
    return CallRecord("918000000001", f"9198765{row:05}", START, END - row, None, "Bank")


def element(row: int, word: str = "success", **changes: object) -> dict[str, object]:
    """List a row as the server does, numbers hidden."""
    shown = record(row)
    return {
        "id": f"id-{row}",
        "caller_number": "************",
        "receiver_number": "************",
        "label_id": None,
        "dynamic_label_name": "Bank",
        "dynamic_call_reason": None,
        "starts_at": shown.starts_at,
        "ends_at": shown.ends_at,
        "status_info": {"status": word},
        "created_at": "2025-07-23T09:07:32.21Z",
    } | changes


@dataclass
class FakeLedger:
    """Batches and rows in memory; what is recorded shows in `rows`."""

    held: dict[int, list[int]] = field(default_factory=dict)
    batches: dict[int, Batch] = field(default_factory=dict)
    rows: dict[int, SimpleNamespace] = field(default_factory=dict)
    strangers: dict[int, list[dict[str, object]]] = field(default_factory=dict)
    writes: int = 0

    def accept(self, batch: int, rows: list[int], at: int) -> None:
        """Let a batch be accepted."""
        self.held[batch] = rows
        self.batches[batch] = Batch(
            batch, f"b-{batch}", len(rows), "accepted", at, at, 200, 0, None
        )
        for row in rows:
            self.rows.setdefault(
                row, SimpleNamespace(state=RowState.ACCEPTED, message="", match="", record_id="")
            )

    def open_batches(self, run_id: str, *, again: bool = False) -> list[Batch]:
        """Give those that are not final."""
        return [one for one in self.batches.values() if again or one.state == "accepted"]

    def batch_rows(self, batch: int) -> list[BatchRow]:
        """Give the rows of a batch as sent."""
        return [BatchRow(row, record(row), self.rows[row].state, 1) for row in self.held[batch]]

    def record(self, run_id: str, events: list) -> None:
        """Write events down."""
        self.writes += 1
        for event in events:
            self.rows[event.row] = SimpleNamespace(
                state=event.state,
                message=event.message,
                match=str(event.match),
                record_id=event.record_id,
            )

    def note_poll(self, batch: int, *, at: int, final: bool) -> None:
        """Count a poll."""
        one = self.batches[batch]
        self.batches[batch] = replace(
            one, polls=one.polls + 1, polled_at=at, state="final" if final else "accepted"
        )

    def add_unexpected(self, run_id: str, batch: int, records: list) -> None:
        """Replace strangers."""
        self.strangers[batch] = list(records)

    def states(self) -> dict[int, RowState]:
        """Row → state."""
        return {row: one.state for row, one in self.rows.items()}


class FakeApi:
    """A server that answers by script: `answer(batch_id)` gives elements or a failure to raise."""

    def __init__(self, clock, answer, *, slots: int = 1, latency: float = 0.05):
        self.clock = clock
        self.answer = answer
        self.latency = latency
        self.slots = [SimpleNamespace(number=number) for number in range(slots)]
        self.asked: list[tuple[float, str]] = []
        self.in_flight = 0
        self.most_in_flight = 0

    async def batch_status(self, slot, batch_id, stop=None) -> StatusAnswer:
        """Answer after a while."""
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        self.asked.append((self.clock.monotonic(), batch_id))
        try:
            await self.clock.sleep(self.latency)
            answer = self.answer(batch_id)
        finally:
            self.in_flight -= 1
        if isinstance(answer, ApiFailure):
            raise answer
        return StatusAnswer(200, answer)


async def inline(work, *args, **kwargs):
    """Call blocking code at once: no thread, so that the clock stands still meanwhile."""
    return work(*args, **kwargs)
