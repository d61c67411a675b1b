"""Wire forms: what goes into a request's body (api.md, Calls and A record). Pure code."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

import orjson

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bulkcall.records import CallRecord
    from bulkcall.settings import Secret


def record_form(record: CallRecord) -> dict[str, object]:
    """Give a record as the API reads it; an optional field that is absent is not sent at all."""
    form: dict[str, object] = {
        "caller_number": record.caller_number,
        "receiver_number": record.receiver_number,
    }
    if record.label_id is not None:
        form["label_id"] = record.label_id
    if record.dynamic_label_name is not None:
        form["dynamic_label_name"] = record.dynamic_label_name
    if record.dynamic_call_reason is not None:
        form["dynamic_call_reason"] = record.dynamic_call_reason
    form["starts_at"] = record.starts_at
    form["ends_at"] = record.ends_at
    return form


def record_body(record: CallRecord) -> bytes:
    """Encode the body of a real-time call."""
    return orjson.dumps(record_form(record))


def batch_body(records: Sequence[CallRecord]) -> bytes:
    """Encode the body of a batch create."""
    return orjson.dumps({"call_records": [record_form(record) for record in records]})


def token_body(key_id: Secret, api_key: Secret) -> bytes:
    """Encode the body of a token creation."""
    return orjson.dumps({"key_id": key_id.reveal(), "api_key": api_key.reveal()})


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
