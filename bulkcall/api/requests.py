"""Wire forms: what goes into a request's body (api.md, Calls and A record). Pure code."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

import msgspec

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bulkcall.records import CallRecord
    from bulkcall.settings import Secret


class _Form(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """A record as the API reads it; an optional field that is absent is not sent at all.

    msgspec leaves absent fields out by itself, which orjson can't: for that it needs a dict a
    record, and making those takes longer than encoding them.
    """

    caller_number: str
    receiver_number: str
    starts_at: int
    ends_at: int
    label_id: str | None = None
    dynamic_label_name: str | None = None
    dynamic_call_reason: str | None = None


_encode = msgspec.json.Encoder().encode


def _form(record: CallRecord) -> _Form:
    return _Form(
        record.caller_number,
        record.receiver_number,
        record.starts_at,
        record.ends_at,
        record.label_id,
        record.dynamic_label_name,
        record.dynamic_call_reason,
    )


def record_body(record: CallRecord) -> bytes:
    """Encode the body of a real-time call."""
    return _encode(_form(record))


def batch_body(records: Sequence[CallRecord]) -> bytes:
    """Encode the body of a batch create."""
    return _encode({"call_records": [_form(record) for record in records]})


def token_body(key_id: Secret, api_key: Secret) -> bytes:
    """Encode the body of a token creation."""
    return _encode({"key_id": key_id.reveal(), "api_key": api_key.reveal()})


class Paths:
    """The calls' addresses for one client account."""

    def __init__(self, base_url: str, client_account_id: str) -> None:
        base = base_url.rstrip("/")
        account = quote(client_account_id, safe="")
        self.realtime = f"{base}/v2/clients/{account}/dynamic_call_record"
        self.batch = f"{base}/v2/clients/{account}/dynamic_call_records"
        self.token = f"{base}/clients/{account}/token"

    def status(self, batch_id: str) -> str:
        """Give the address of a batch's status."""
        return f"{self.batch}?batchId={quote(batch_id, safe='')}"
