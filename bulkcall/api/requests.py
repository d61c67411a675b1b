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


_PLUS = {2: "", 3: "+"}
"""What stands before a number's digits, by version of the API (api.md, Version 3)."""

_encode = msgspec.json.Encoder().encode


def _form(record: CallRecord, plus: str) -> _Form:
    return _Form(
        plus + record.caller_number,
        plus + record.receiver_number,
        record.starts_at,
        record.ends_at,
        record.label_id,
        record.dynamic_label_name,
        record.dynamic_call_reason,
    )


def record_body(record: CallRecord, version: int = 2) -> bytes:
    """Return the body of a real-time call."""
    return _encode(_form(record, _PLUS[version]))


def batch_body(records: Sequence[CallRecord], version: int = 2) -> bytes:
    """Return the body of a batch create."""
    plus = _PLUS[version]
    return _encode({"call_records": [_form(record, plus) for record in records]})


def token_body(key_id: Secret, api_key: Secret) -> bytes:
    """Return the body of a token creation."""
    return _encode({"key_id": key_id.reveal(), "api_key": api_key.reveal()})


class Paths:
    """The calls' addresses for one client account; the version is a part of some of them."""

    def __init__(self, base_url: str, client_account_id: str, version: int = 2) -> None:
        base = base_url.rstrip("/")
        account = quote(client_account_id, safe="")
        self.realtime = f"{base}/v{version}/clients/{account}/dynamic_call_record"
        self.batch = f"{base}/v{version}/clients/{account}/dynamic_call_records"
        self.token = f"{base}/clients/{account}/token"
        self._labels = f"{base}/clients/{account}/labels"

    def status(self, batch_id: str) -> str:
        """Return the address of a batch's status; the id is opaque, so it is escaped."""
        return f"{self.batch}?batchId={quote(batch_id, safe='')}"

    def labels(self, page: int, limit: int) -> str:
        """Return the address of one page of the account's labels."""
        return f"{self._labels}?page={page}&limit={limit}"
