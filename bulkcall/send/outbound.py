"""What one request carries, and what is decided about it once it has ended."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bulkcall.ledger import Event, ReadyRow
    from bulkcall.records import CallRecord


@dataclass(frozen=True, slots=True)
class OutboundRequest:
    """Rows that go out in one request: one on the real-time channel, some in a batch.

    All of them are written down as going out.
    """

    rows: Sequence[ReadyRow]
    stamps: Mapping[int, int] | None = None
    """Row → `ends_at` as sent; None: as the rows say."""
    batch: int | None = None
    """The ledger's number of the batch; None on the real-time channel."""
    again: bool = False
    """Whether a request has carried one of the rows before."""

    @property
    def numbers(self) -> list[int]:
        """The row numbers."""
        return [row.row for row in self.rows]

    @property
    def place(self) -> tuple[int, int]:
        """Its place in the order of sending: earliest `starts_at` first, then file order."""
        return min((row.record.starts_at, row.row) for row in self.rows)

    def ends_at(self, row: ReadyRow) -> int:
        """The `ends_at` that goes out for a row of this request."""
        return row.record.ends_at if self.stamps is None else self.stamps[row.row]

    def records(self) -> list[CallRecord]:
        """The records as they go out."""
        stamps = self.stamps
        if stamps is None:
            return [row.record for row in self.rows]
        return [
            row.record
            if stamps[row.row] == row.record.ends_at
            else replace(row.record, ends_at=stamps[row.row])
            for row in self.rows
        ]


@dataclass(frozen=True, slots=True)
class Requeue:
    """Rows that go again together, not before some seconds have passed."""

    rows: Sequence[int]
    wait: float
    urgent: bool = False
    """Ahead of rows that wait for their first turn (halves of a batch that was split)."""
    tried: bool = True
    """Whether a request has carried them."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What follows from how a request ended."""

    events: Sequence[Event]
    settled: int = 0
    """Rows that are done with, as far as sending goes."""
    reason: str = ""
    """Why those were turned down; empty where they were not."""
    later: Sequence[Requeue] = ()
    named: int | None = None
    """The row on which a refused batch was split because the answer named it."""
