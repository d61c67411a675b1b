"""What goes over the wire, word for word."""

from __future__ import annotations

import asyncio
from dataclasses import fields

import httpx
import orjson
from hypothesis import given
from hypothesis import strategies as st

from bulkcall.api.requests import Paths, batch_body, record_body
from bulkcall.records import CallRecord
from tests.unit.api.parts import API_KEY, KEY_ID, RECORD, SUCCESS, Server, body, opened, send

BARE = CallRecord("911234567890", "919999999999", 1, 2, dynamic_label_name="Bank")


def test_a_record_is_sent_with_what_it_has():
    """Only the optional fields that are there are sent, as text and whole numbers."""
    assert record_body(BARE) == (
        b'{"caller_number":"911234567890","receiver_number":"919999999999",'
        b'"starts_at":1,"ends_at":2,"dynamic_label_name":"Bank"}'
    )
    assert orjson.loads(record_body(RECORD)) == {
        "caller_number": "919876543210",
        "receiver_number": "919812345678",
        "label_id": "7f5d9a9e-8c3f-4c7a-9a3a-0d8f3a1f2b11",
        "dynamic_label_name": "Courier",
        "dynamic_call_reason": "Your parcel arrives",
        "starts_at": 1_700_000_000_000,
        "ends_at": 1_700_003_600_000,
    }


def test_a_batch_wraps_its_records():
    """`{"call_records": [record, …]}`, in the order given."""
    told = orjson.loads(batch_body([BARE, RECORD]))
    assert list(told) == ["call_records"]
    assert [record["caller_number"] for record in told["call_records"]] == [
        "911234567890",
        "919876543210",
    ]


def plain(record):
    """A record as the API reads it, the long way."""
    form = {field.name: getattr(record, field.name) for field in fields(CallRecord)}
    return {name: value for name, value in form.items() if value is not None}


TEXTS = st.none() | st.text(st.characters(exclude_categories=["Cs"]), max_size=100)
NUMBERS = st.from_regex(r"[1-9][0-9]{6,14}", fullmatch=True)
TIMES = st.integers(0, 2**53)
RECORDS = st.builds(CallRecord, NUMBERS, NUMBERS, TIMES, TIMES, TEXTS, TEXTS, TEXTS)


@given(st.lists(RECORDS, max_size=20))
def test_any_record_is_encoded_as_its_plain_form(records):
    """Whatever the texts hold, and whichever of them are there, the JSON says what the rows say."""
    assert orjson.loads(batch_body(records)) == {"call_records": [plain(one) for one in records]}
    for record in records:
        assert orjson.loads(record_body(record)) == plain(record)


def test_the_paths_are_the_documented_ones():
    """Account and batch id are quoted; a base URL may have a path of its own."""
    paths = Paths("https://host/gateway/", "acc 1/2")
    assert paths.realtime == "https://host/gateway/v2/clients/acc%201%2F2/dynamic_call_record"
    assert paths.batch == "https://host/gateway/v2/clients/acc%201%2F2/dynamic_call_records"
    assert paths.token.removeprefix("https://host") == "/gateway/clients/acc%201%2F2/token"
    assert paths.status("a b&c") == paths.batch + "?batchId=a%20b%26c"


def test_the_four_calls_have_the_documented_headers():
    """Bearer and JSON on the calls; X-Public-Access and no bearer on the token call."""

    def answer(request):
        if request.method == "GET":
            return httpx.Response(200, json={"data": []})
        if request.url.path.endswith("records"):
            return httpx.Response(200, json={"batch_id": "b1"})
        return httpx.Response(200, json=SUCCESS)

    async def run():
        server = Server(answer)
        async with opened(server) as api:
            await send(api)
            slot = api.slots[0]
            await api.create_batch(slot, [RECORD], await slot.batch.acquire())
            await api.batch_status(slot, "b1")
        token, realtime, batch, status = server.requests
        assert token.headers["x-public-access"] == "allow"
        assert "authorization" not in token.headers
        assert body(token) == {"key_id": KEY_ID, "api_key": API_KEY}
        assert [r.method for r in server.requests] == ["POST", "POST", "POST", "GET"]
        assert {r.headers["authorization"] for r in (realtime, batch, status)} == {
            "Bearer token-number-1"
        }
        assert {r.headers["content-type"] for r in (token, realtime, batch)} == {"application/json"}
        assert str(status.url) == (
            "https://api.example.invalid/v2/clients/acc%2F1/dynamic_call_records?batchId=b1"
        )
        assert status.content == b""

    asyncio.run(run())
