"""The documentation's own examples, through HTTP (in-process), word for word in their JSON."""

from __future__ import annotations

import asyncio
import re

import httpx
import pytest

from bulkcall.clock import ManualClock
from bulkcall.sandbox import SandboxOptions, create_app, options_from
from bulkcall.sandbox.test_numbers import TEST_NUMBERS

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


V3 = REALTIME.replace("/v2/", "/v3/")
V3_BATCH = BATCH.replace("/v2/", "/v3/")
LABELS = f"/clients/{ACCOUNT}/labels"
PLUS = RECORD | {"caller_number": "+911234567890", "receiver_number": "+919876543211"}


def options(**changes) -> SandboxOptions:
    """Options as above, with changes."""
    return options_from(changes, OPTIONS)


def created_and_asked(
    create: str, ask_at: str, wanted: SandboxOptions, record=RECORD
) -> httpx.Response:
    """Create a batch at one path, and ask for it at another."""
    body = {"json": {"call_records": [record]}, "headers": AUTH}

    def query(done):
        made = done[0].json()
        batch_id = made.get("batch_id") or made["message"].rpartition(" ")[2]
        return {"params": {"batchId": batch_id}, "headers": AUTH}

    return ask_all([("POST", create, body), ("GET", ask_at, query)], wanted)[1]


def test_version_3_shows_e164():
    """GET /v3/…: `caller_number` is E.164 with the plus, as in its example."""
    answer = created_and_asked(V3_BATCH, V3_BATCH, options(masking="none"), PLUS)
    assert answer.json()["data"][0]["caller_number"] == "+911234567890"


def test_either_version_asks_for_either_ones_batches():
    """The newer copy of the 'v2 status' page shows the v3 path."""
    assert created_and_asked(BATCH, V3_BATCH, OPTIONS).json()["data"]


@pytest.mark.parametrize(("path", "record"), [(REALTIME, PLUS), (V3, RECORD)])
def test_a_version_wants_its_own_form_of_numbers(path, record):
    """A plus under v2, or none under v3, is refused with the field."""
    answer = ask("POST", path, json=record, headers=AUTH)
    assert answer.status_code == 400
    assert answer.json()["status_info"]["field"] == "caller_number"


def test_version_2_may_mix_both():
    """One batch example of version 2 has `+91…` for the caller and `91…` for the receiver."""
    mixed = RECORD | {"caller_number": "+91" + RECORD["caller_number"][2:]}
    wanted = options(plus="either")
    assert ask("POST", REALTIME, wanted, json=mixed, headers=AUTH).status_code == 200


def test_the_example_span_of_32_hours():
    """A listing whose row spans 32 hours, as the documentation's own example does."""
    (element,) = created_and_asked(BATCH, BATCH, options(times="span")).json()["data"]
    assert element["ends_at"] - element["starts_at"] == 32 * 3_600_000


def test_the_example_of_an_opaque_batch_id():
    """A batch id like `d76s5-dfg9d-o32442-837467854`."""
    wanted = options(batch_ids="opaque")
    answer = ask("POST", BATCH, wanted, json={"call_records": [RECORD]}, headers=AUTH)
    assert re.fullmatch(r"d76s5-dfg9d-o\d{5}-\d{9}", answer.json()["batch_id"])


def test_the_older_versions_shapes():
    """A message with the batch id in it; status as a bare array with `caller` and `receiver`."""
    wanted = options(shape="old", masking="none")
    made = ask("POST", BATCH, wanted, json={"call_records": [RECORD]}, headers=AUTH).json()
    assert made["status"] == "success"
    assert made["message"].startswith("Records Uploaded Successfully. BatchID: ")
    (element,) = created_and_asked(BATCH, BATCH, wanted).json()
    assert (element["caller"], element["receiver"], element["status"]) == (
        RECORD["caller_number"],
        RECORD["receiver_number"],
        "success",
    )


def test_camel_case_success():
    """`{"statusInfo": {"message": …, "status": "success"}}`."""
    answer = ask("POST", REALTIME, options(shape="camel"), json=RECORD, headers=AUTH)
    assert answer.json() == {
        "statusInfo": {"message": "Record processed successfully", "status": "success"}
    }


def test_flat_refusal():
    """A flat 400, word for word."""
    late = RECORD | {"starts_at": 1, "ends_at": 2}
    answer = ask("POST", REALTIME, options(shape="flat"), json=late, headers=AUTH)
    assert answer.status_code == 400
    assert answer.json() == {
        "field": "ends_at",
        "message": "Request body is invalid: ends_at cannot be older than current time",
        "status": "error",
    }


def test_token_without_an_api_key():
    """`{"slug": "invalid-input", "message": "api_key is required"}`."""
    pair = {"key_id": OPTIONS.key_id}
    answer = ask("POST", TOKEN, json=pair, headers={"X-Public-Access": "allow"})
    assert answer.status_code == 400
    assert answer.json() == {"slug": "invalid-input", "message": "api_key is required"}


def test_forbidden():
    """The documented 403 of a key that lacks the right to a call."""
    answer = ask("GET", LABELS, options(faults=["forbidden@labels"]), headers=AUTH)
    assert answer.status_code == 403
    assert answer.json() == {
        "slug": "forbidden-error",
        "message": "not authorized. please contact your admin.",
    }


def test_labels():
    """Both defaults as documented; an empty array if there are none; a bearer is wanted."""
    shown = ask("GET", LABELS, headers=AUTH)
    assert shown.json() == ask("GET", f"{LABELS}?page=1&limit=1000", headers=AUTH).json()
    assert shown.json()[0]["label_type"] == "dynamic"
    assert ask("GET", LABELS, options(labels=[]), headers=AUTH).json() == []
    assert ask("GET", LABELS).status_code == 401


def test_the_media_type_of_the_pages_is_taken():
    """The optional `Accept: application/vnd.api+json; version=1.0` changes nothing."""
    accept = {"Accept": "application/vnd.api+json; version=1.0"}
    assert ask("POST", REALTIME, json=RECORD, headers=AUTH | accept).status_code == 200


@pytest.mark.parametrize(
    "message",
    [
        "Invalid input",
        "Not a Truecaller user",
        "OS not supported",
        "App version not supported",
        "Failed to push",
    ],
)
def test_each_documented_reason_is_given(message):
    """Why a record failed, in the documentation's words: ordered by a receiver's last digits."""
    digits = next(one.digits for one in TEST_NUMBERS if one.message == message)
    record = RECORD | {"receiver_number": "9198765" + digits}
    (element,) = created_and_asked(BATCH, BATCH, OPTIONS, record).json()["data"]
    assert element["status_info"] == {"status": "error", "message": message}
