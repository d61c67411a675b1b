"""The journal: every request as the server saw it, in memory and, if wanted, in a file.

A line is written before its answer leaves, so whatever a client was told stands here already.
"""

from __future__ import annotations

import os
from collections import Counter, deque
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from bulkcall.sandbox.answers import Reply
    from bulkcall.sandbox.enums import Call


class Journal:
    """Request after request, encoded once."""

    def __init__(self, path: str, memory: int) -> None:
        self._lines: deque[bytes] = deque(maxlen=memory)
        # Unbuffered appends: what was written survives a kill of this process.
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
        self._file = os.open(Path(path), flags, 0o600) if path else -1
        self.count = 0
        self.stray = 0
        """Requests to paths or with methods that the API does not have; they have no line."""
        self.statuses: dict[Call, Counter[str]] = {}
        self.applied_records: Counter[Call] = Counter()
        self.span: dict[Call, list[float]] = {}
        """First and last arrival of each call, monotonic seconds."""

    def add(
        self,
        call: Call,
        *,
        mono: float,
        at_ms: int,
        token: str,
        over: bool,
        records: list[Any],
        reply: Reply,
        version: int,
    ) -> None:
        """Write down a request and what it is going to be answered."""
        self.count += 1
        answered = reply.ending.value not in ("reset", "hang")
        line = orjson.dumps(
            {
                "n": self.count,
                "mono": mono,
                "at_ms": at_ms,
                "call": call.value,
                "version": version,
                "token": token,
                "status": reply.status if answered else None,
                "applied": reply.applied,
                "over": over,
                "fault": reply.fault,
                "batch_id": reply.batch_id,
                "word": reply.word,
                "records": [_brief(record) for record in records],
            }
        )
        self._lines.append(line)
        if self._file >= 0:
            os.write(self._file, line + b"\n")
        status = str(reply.status) if answered else "none"
        self.statuses.setdefault(call, Counter())[status] += 1
        if reply.applied:
            self.applied_records[call] += len(records)
        self.span.setdefault(call, [mono, mono])[1] = mono

    def text(self, start: int = 0) -> bytes:
        """Return the requests after the `start`th as a JSON array."""
        skip = max(0, start - (self.count - len(self._lines)))
        return b"[" + b",".join(list(self._lines)[skip:]) + b"]"

    def forget(self) -> None:
        """Empty what is in memory; the file keeps all."""
        self._lines.clear()
        self.count = self.stray = 0
        self.statuses.clear()
        self.applied_records.clear()
        self.span.clear()

    def close(self) -> None:
        """Close the file."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1


def _brief(record: Any) -> list[Any]:
    if type(record) is not dict:
        return [None, None, None, None]
    get = record.get
    return [get("caller_number"), get("receiver_number"), get("starts_at"), get("ends_at")]
