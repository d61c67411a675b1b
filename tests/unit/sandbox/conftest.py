"""A sandbox on a clock that is moved by hand, spoken to without a wire."""

from __future__ import annotations

import dataclasses
from typing import Any

import orjson
import pytest

from bulkcall.clock import ManualClock
from bulkcall.sandbox.enums import Call
from bulkcall.sandbox.options import SandboxOptions
from bulkcall.sandbox.sandbox import Request, Sandbox

HOUR_MS = 3_600_000


class Desk:
    """A client of one sandbox, in-process."""

    def __init__(self, options: SandboxOptions) -> None:
        self.clock = ManualClock()
        self.sandbox = Sandbox(options, self.clock)
        self.account = options.client_account_id
        self.bearer = "t"

    def record(self, **changes: Any) -> dict[str, Any]:
        """A good record; a change to None takes the field out."""
        now = self.clock.now_ms()
        good = {
            "caller_number": "919800000001",
            "receiver_number": "919800000002",
            "starts_at": now,
            "ends_at": now + HOUR_MS,
            "dynamic_label_name": "Bank",
        }
        return {k: v for k, v in (good | changes).items() if v is not None}

    def realtime(self, body: Any = None, **changes: Any):
        """Send one record (or any body)."""
        return self._send(Call.REALTIME, self.record(**changes) if body is None else body)

    def create(self, records: list[Any]):
        """Create a batch."""
        return self._send(Call.BATCH_CREATE, {"call_records": records})

    def status(self, batch_id: str | None):
        """Ask for a batch."""
        return self._send(Call.BATCH_STATUS, None, batch_id=batch_id)

    def listed(self, batch_id: str) -> list[dict[str, Any]]:
        """What batch status lists now."""
        return orjson.loads(self.status(batch_id).body)["data"]

    def make_token(self, **changes: Any):
        """Ask for a token."""
        o = self.sandbox.options
        pair = {"key_id": o.key_id, "api_key": o.api_key} | changes
        return self._send(Call.TOKEN, pair)

    def run_batch(self, records: list[Any]) -> list[dict[str, Any]]:
        """Create a batch and give its listing once a long time has passed."""
        made = orjson.loads(self.create(records).body)
        self.clock._elapsed += 3600
        return self.listed(made["batch_id"])

    def pass_time(self, seconds: float) -> None:
        """Move the clock; nothing sleeps on it here."""
        self.clock._elapsed += seconds

    def journal(self) -> list[dict[str, Any]]:
        """The journal's lines."""
        return orjson.loads(self.sandbox.journal.text())

    def _send(self, call: Call, body: Any, batch_id: str | None = None):
        raw = body if isinstance(body, bytes) else orjson.dumps(body)
        return self.sandbox.answer(
            Request(
                call,
                self.account,
                self.bearer,
                json=True,
                public=True,
                query={"batchId": [batch_id]} if batch_id else {},
                body=raw,
            )
        )


@pytest.fixture
def desk():
    """Make a desk: options by name, over a static token `t`, masking off, no limits in the way."""

    def make(**options: Any) -> Desk:
        base = SandboxOptions(static_tokens=("t",), seed=7)
        return Desk(dataclasses.replace(base, **options))

    return make
