"""The documentation's own examples, through HTTP (in-process), word for word in their JSON."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from bulkcall.clock import ManualClock
from bulkcall.sandbox import SandboxOptions, create_app

OPTIONS = SandboxOptions(static_tokens=("t",), processing_min_ms=0, processing_max_ms=0)
ACCOUNT = OPTIONS.client_account_id
REALTIME = f"/v2/clients/{ACCOUNT}/dynamic_call_record"
BATCH = f"/v2/clients/{ACCOUNT}/dynamic_call_records"
TOKEN = f"/clients/{ACCOUNT}/token"
AUTH = {"Authorization": "Bearer t"}
PAIR = {"key_id": OPTIONS.key_id, "api_key": OPTIONS.api_key}
NOW = 1_753_261_652_213
RECORD = {
    "caller_number": "919876543210",
    "receiver_number": "919876543211",
    "label_id": "6fc9c8e5-3a4a-4d0b-9d6f-2f1c3ff0a001",
    "dynamic_label_name": "Bank of Tomorrow",
    "dynamic_call_reason": "Your card is on its way",
    "starts_at": NOW,
    "ends_at": NOW + 86_400_000,
}


def ask(method: str, path: str, options: SandboxOptions = OPTIONS, **kwargs) -> httpx.Response:
    """Send one request to a fresh sandbox."""
    return ask_all([(method, path, kwargs)], options)[0]


def ask_all(requests, options: SandboxOptions = OPTIONS) -> list[httpx.Response]:
    """Send requests, one after the other, to one fresh sandbox."""

    async def go() -> list[httpx.Response]:
        app = create_app(options, ManualClock(NOW))
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            answers = []
            for method, path, kwargs in requests:
                if callable(kwargs):
                    kwargs = kwargs(answers)  # noqa: PLW2901 - made from what came before
                answers.append(await client.request(method, path, **kwargs))
            return answers

    return asyncio.run(go())


def test_realtime_success():
    """A good record is answered with the documented 200."""
    answer = ask("POST", REALTIME, json=RECORD, headers=AUTH)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.json() == {
        "status_info": {"status": "success", "message": "Record processed successfully"}
    }


def test_batch_create_answers_only_an_id():
    """A good batch is answered with its id and nothing else."""
    answer = ask("POST", BATCH, json={"call_records": [RECORD, RECORD]}, headers=AUTH)
    assert answer.status_code == 200
    assert list(answer.json()) == ["batch_id"]
    assert isinstance(answer.json()["batch_id"], str)


def test_batch_status_has_the_documented_fields():
    """Batch status has the documented keys, masked numbers and a success without a message."""
    _, answer = ask_all(
        [
            ("POST", BATCH, {"json": {"call_records": [RECORD]}, "headers": AUTH}),
            (
                "GET",
                BATCH,
                lambda done: {"params": {"batchId": done[0].json()["batch_id"]}, "headers": AUTH},
            ),
        ]
    )
    assert answer.status_code == 200
    body = answer.json()
    assert list(body) == ["client_account_id", "batch_id", "data"]
    assert body["client_account_id"] == ACCOUNT
    (element,) = body["data"]
    assert list(element) == [
        "id",
        "caller_number",
        "receiver_number",
        "label_id",
        "dynamic_label_name",
        "dynamic_call_reason",
        "starts_at",
        "ends_at",
        "status_info",
        "created_at",
    ]
    assert element["caller_number"] == element["receiver_number"] == "************"
    assert element["status_info"] == {"status": "success"}
    for name in ("label_id", "dynamic_label_name", "dynamic_call_reason", "starts_at", "ends_at"):
        assert element[name] == RECORD[name]


def test_token():
    """The key pair is answered with a token and a creation time in milliseconds."""
    answer = ask("POST", TOKEN, json=PAIR, headers={"X-Public-Access": "allow"})
    assert answer.status_code == 200
    assert list(answer.json()) == ["token", "created_at"]
    assert answer.json()["created_at"] == "2025-07-23T09:07:32.213Z"


@pytest.mark.parametrize(
    ("pair", "headers"),
    [(PAIR, {}), (PAIR | {"api_key": OPTIONS.key_id}, {"X-Public-Access": "allow"}), ({}, {})],
    ids=["no X-Public-Access", "wrong key", "no pair"],
)
def test_token_needs_pair_and_header(pair, headers):
    """Without the header or with a wrong pair there is no token."""
    answer = ask("POST", TOKEN, json=pair, headers=headers)
    assert answer.status_code == 401
    assert answer.json() == {"slug": "authorization-error", "message": "please login again"}


def test_past_ends_at():
    """A window that is over is refused in the documented words."""
    answer = ask("POST", REALTIME, json=RECORD | {"starts_at": 1, "ends_at": 2}, headers=AUTH)
    assert answer.status_code == 400
    assert answer.json() == {
        "status_info": {
            "status": "error",
            "field": "ends_at",
            "message": "Request body is invalid: ends_at cannot be older than current time",
        }
    }


@pytest.mark.parametrize(
    "headers",
    [{}, {"Authorization": "Basic dDp0"}, {"Authorization": "Bearer a.b.c"}],
    ids=["none", "no bearer", "unknown token"],
)
def test_unknown_bearer(headers):
    """Without a token that is known the answer is the documented 401."""
    answer = ask("POST", REALTIME, json=RECORD, headers=headers)
    assert answer.status_code == 401
    assert answer.json() == {"slug": "authorization-error", "message": "please login again"}


def test_malformed_token():
    """What has not even a token's shape is answered with the documented 500."""
    answer = ask("POST", REALTIME, json=RECORD, headers={"Authorization": "Bearer nonsense"})
    assert answer.status_code == 500
    assert answer.json() == {
        "slug": "internal-server-error",
        "message": "500/50011 - Failed to parse token",
    }


def test_content_type_is_wanted():
    """A body that does not say that it is JSON is refused."""
    answer = ask("POST", REALTIME, content=b"{}", headers=AUTH)
    assert answer.status_code == 400
    assert "Content-Type" in answer.json()["status_info"]["message"]


@pytest.mark.parametrize("slip", ["dynamic_label_name", "label_id"])
def test_label_slip_either_will_do(slip):
    """The first slip ('Required' and yet with a default): either of the two is enough."""
    record = {k: v for k, v in RECORD.items() if k != slip}
    assert ask("POST", REALTIME, json=record, headers=AUTH).status_code == 200


def test_second_slip_the_example_spans_32_hours():
    """The second slip: a span of 32 hours stands in their example answer, and no request may."""
    record = RECORD | {"ends_at": RECORD["starts_at"] + 32 * 3_600_000}
    answer = ask("POST", REALTIME, json=record, headers=AUTH)
    assert answer.status_code == 400
    assert answer.json()["status_info"]["field"] == "ends_at"


def test_stray_requests_are_counted():
    """A path that the API does not have is a 404 and shows in the figures."""
    stray, stats = ask_all(
        [("POST", "/v1/clients", {}), ("GET", "/_sandbox/stats", {})],
    )
    assert stray.status_code == 404
    assert stats.json()["stray"] == 1
