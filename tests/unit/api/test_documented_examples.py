"""Every example of the API's documentation word for word, as the client reads and writes it."""

from __future__ import annotations

import asyncio

import httpx
import orjson
import pytest

from bulkcall.api import (
    BadRequest,
    BatchAnswer,
    ForbiddenError,
    RealtimeAnswer,
    ServerFault,
    Unreadable,
    responses,
)
from bulkcall.api.requests import Paths, batch_body, record_body, token_body
from bulkcall.errors import CredentialsError, ServerAwayError
from bulkcall.settings import Secret
from tests.unit.api.parts import NOW, RECORD, Server, opened, send

BASE = "https://enterprise-portal-noneu.truecaller.com"
UUID = "6dabe53b-1c2d-4e5f-8a9b-0c1d2e3f4a5b"
UPLOADED = "Records Uploaded Successfully."
FORBIDDEN = b'{"slug": "forbidden-error", "message": "not authorized. please contact your admin."}'
PAGE = b"<html><head><title>403 Forbidden</title></head><body>Blocked by policy</body></html>"


def answer(status, content):
    """Make an answer with these very bytes."""
    return httpx.Response(status, content=content)


# -- calls ----------------------------------------------------------------------------------------


def test_the_paths_of_version_2():
    """The four addresses, the account's id and the batch's in their places."""
    paths = Paths(BASE, "client-1")
    assert paths.realtime == f"{BASE}/v2/clients/client-1/dynamic_call_record"
    assert paths.batch == f"{BASE}/v2/clients/client-1/dynamic_call_records"
    assert paths.status("b-1") == f"{BASE}/v2/clients/client-1/dynamic_call_records?batchId=b-1"
    assert paths.token == f"{BASE}/clients/client-1/token"


def test_version_3_changes_the_path_and_the_plus_and_nothing_else():
    """`/v3/…`, numbers as E.164 with the plus; token and labels keep their addresses."""
    two, three = Paths(BASE, "c"), Paths(BASE, "c", 3)
    assert three.realtime == two.realtime.replace("/v2/", "/v3/")
    assert three.batch == two.batch.replace("/v2/", "/v3/")
    assert three.status("b") == two.status("b").replace("/v2/", "/v3/")
    assert (three.token, three.labels(1, 1000)) == (two.token, two.labels(1, 1000))
    older, newer = orjson.loads(record_body(RECORD)), orjson.loads(record_body(RECORD, 3))
    assert (newer["caller_number"], newer["receiver_number"]) == ("+919876543210", "+919812345678")
    assert newer == older | {
        "caller_number": "+919876543210",
        "receiver_number": "+919812345678",
    }
    assert orjson.loads(batch_body([RECORD], 3)) == {"call_records": [newer]}


def test_the_bodies():
    """One record; `call_records`; `key_id` and `api_key`; digits without a plus, epoch ms."""
    record = orjson.loads(record_body(RECORD))
    assert record == {
        "caller_number": "919876543210",
        "receiver_number": "919812345678",
        "starts_at": NOW,
        "ends_at": NOW + 3_600_000,
        "label_id": "7f5d9a9e-8c3f-4c7a-9a3a-0d8f3a1f2b11",
        "dynamic_label_name": "Courier",
        "dynamic_call_reason": "Your parcel arrives",
    }
    assert orjson.loads(batch_body([RECORD, RECORD])) == {"call_records": [record, record]}
    pair = orjson.loads(token_body(Secret("k"), Secret("a")))
    assert pair == {"key_id": "k", "api_key": "a"}


def token_of(body, status=200):
    """Ask a server for a token that answers so."""

    async def ask():
        server = Server(token=lambda _: httpx.Response(status, content=body))
        async with opened(server) as api:
            return await api.slots[0].source.get()

    return asyncio.run(ask())


def test_the_token_answer():
    """`{"token": …, "created_at": "2025-09-15T15:29:38.543Z"}`."""
    body = b'{"token": "eyJhbGciOi", "created_at": "2025-09-15T15:29:38.543Z"}'
    token = token_of(body)
    assert token.secret.reveal() == "eyJhbGciOi"


def test_the_token_call_that_is_turned_down():
    """400 with a slug: a credentials problem in the server's words."""
    with pytest.raises(CredentialsError, match="api_key is required"):
        token_of(b'{"slug": "invalid-input", "message": "api_key is required"}', 400)


# -- answers with status 200 ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        b'{"status_info": {"status": "success", "message": "Record processed successfully"}}',
        b'{"statusInfo": {"message": "Record processed successfully", "status": "success"}}',
    ],
)
def test_real_time_success(body):
    """In snake case and in camel case."""
    assert responses.realtime_answer(answer(200, body)) == RealtimeAnswer(
        success=True, http_status=200, message="Record processed successfully"
    )


def test_a_flat_answer_counts_only_with_a_word_that_is_known():
    """Without `status_info`, `success` and `error` are the record's; no other word is."""
    flat = b'{"status": "success", "message": "done"}'
    assert responses.realtime_answer(answer(200, flat)).success
    failed = b'{"field": "ends_at", "message": "too old", "status": "error"}'
    assert responses.realtime_answer(answer(200, failed)).field == "ends_at"
    for odd in (b'{"status": "ok"}', b'{"status": "UP", "message": "maintenance"}'):
        with pytest.raises(Unreadable):
            responses.realtime_answer(answer(200, odd))


@pytest.mark.parametrize(
    ("body", "batch_id"),
    [
        (b'{"batch_id": "6dabe53b-1c2d-4e5f-8a9b-0c1d2e3f4a5b"}', UUID),
        (b'{"batch_id": "d76s5-dfg9d-o32442-837467854"}', "d76s5-dfg9d-o32442-837467854"),
        (
            f'{{"status": "success", "message": "{UPLOADED} BatchID: {UUID}"}}'.encode(),
            UUID,
        ),
        (b'{"batch_id": "a b/c?d&e=f#%\xc3\xa9"}', "a b/c?d&e=f#%é"),
    ],
)
def test_batch_create(body, batch_id):
    """A UUID, another opaque text, and the older version's message."""
    assert responses.batch_answer(answer(200, body)) == BatchAnswer(batch_id, 200)


@pytest.mark.parametrize(
    "body",
    [
        b'{"batch_id": "' + b"x" * 201 + b'"}',
        b'{"batch_id": "a\\u0007b"}',
        b'{"batch_id": "a\\nb"}',
        b'{"batch_id": ""}',
        b'{"batch_id": null}',
        b'{"status": "error", "message": "BatchID: 17"}',
        b'{"status": "success", "message": "Records Uploaded Successfully."}',
    ],
)
def test_a_batch_id_that_can_not_be_one(body):
    """Longer than any id, not printable, or absent: the answer can't be read."""
    with pytest.raises(Unreadable):
        responses.batch_answer(answer(200, body))


def test_an_opaque_batch_id_is_escaped_in_the_address():
    """Whatever the id holds, the server gets that very text back as `batchId`."""
    odd = "a b/c?d&e=f#%é+"
    address = httpx.URL(Paths(BASE, "c").status(odd))
    assert dict(address.params) == {"batchId": odd}
    assert address.path == "/v2/clients/c/dynamic_call_records"


STATUS = (
    b'{"client_account_id": "c", "batch_id": "b", "data": [{"id": "1", "caller_number": '
    b'"************", "receiver_number": "************", "label_id": "l", "dynamic_label_name": '
    b'"Bank", "dynamic_call_reason": "Your card is ready", "starts_at": 1753240000000, "ends_at": '
    b'1753355200000, "status_info": {"status": "success"}, "created_at": '
    b'"2025-07-23T09:07:32.21Z"}]}'
)


def test_batch_status():
    """The envelope and its records, as they came; the older version's is a bare array."""
    read = responses.status_answer(answer(200, STATUS))
    assert read.envelope == {"client_account_id": "c", "batch_id": "b"}
    assert read.records == orjson.loads(STATUS)["data"]
    older = b'[{"caller": "911111111111", "receiver": "922222222222", "status": "success"}]'
    assert responses.status_answer(answer(200, older)).records == [
        {"caller_number": "911111111111", "receiver_number": "922222222222", "status": "success"}
    ]
    camel = STATUS.replace(b"status_info", b"statusInfo")
    assert responses.status_answer(answer(200, camel)).records == read.records


def test_texts_of_a_listing_are_bounded_and_clean():
    """Control characters and endless texts stop at the border; what is evidence stays as it is."""
    element = {
        "id": "1\x1b[31m",
        "dynamic_label_name": "Bank\t",
        "status_info": {"status": "err\nor", "message": "x" * 10_000},
    }
    [record] = responses.status_answer(answer(200, orjson.dumps({"data": [element]}))).records
    assert record["id"] == "1 [31m"
    assert record["dynamic_label_name"] == "Bank\t"
    assert record["status_info"]["status"] == "err or"
    assert len(record["status_info"]["message"]) == responses.LONGEST_TEXT


# -- errors ---------------------------------------------------------------------------------------

OLDER_THAN_NOW = "Request body is invalid: ends_at cannot be older than current time"


@pytest.mark.parametrize(
    "body",
    [
        {"status_info": {"status": "error", "field": "ends_at", "message": OLDER_THAN_NOW}},
        {"statusInfo": {"status": "error", "field": "ends_at", "message": OLDER_THAN_NOW}},
        {"field": "ends_at", "message": OLDER_THAN_NOW, "status": "error"},
    ],
)
def test_a_400_nested_and_flat(body):
    """Field and message, wherever they stand."""
    failure = responses.failure(answer(400, orjson.dumps(body)), NOW)
    assert isinstance(failure, BadRequest)
    assert (failure.field, failure.message) == ("ends_at", OLDER_THAN_NOW)


def test_a_401_and_the_500_that_means_the_same():
    """Both mean a bad token; another 500 is a broken server."""
    again = b'{"slug": "authorization-error", "message": "please login again"}'
    parse = b'{"slug": "internal-server-error", "message": "500/50011 - Failed to parse token"}'
    other = b'{"slug": "internal-server-error", "message": "500/50012 - out of order"}'
    assert responses.bad_token(answer(401, again))
    assert responses.bad_token(answer(500, parse))
    assert not responses.bad_token(answer(500, other))
    assert isinstance(responses.failure(answer(500, other), NOW), ServerFault)


def test_a_403_of_the_api_is_a_credentials_problem():
    """The documented body: what the API says, and what to do."""
    failure = responses.failure(answer(403, FORBIDDEN), NOW)
    assert isinstance(failure, ForbiddenError)
    stops = failure.stops(BASE)
    assert isinstance(stops, CredentialsError)
    assert "not authorized. please contact your admin." in str(stops)


@pytest.mark.parametrize("body", [PAGE, b"", b"Access denied", b'"no"', b"[]"])
def test_a_403_page_is_said_to_be_of_a_proxy_or_filter(body):
    """Anything but a JSON object is not the API's word, and the credentials are not blamed."""
    failure = responses.failure(answer(403, body), NOW)
    assert isinstance(failure, ForbiddenError)
    stops = failure.stops(BASE)
    assert isinstance(stops, ServerAwayError)
    assert "proxy or filter" in str(stops)
    assert "credentials" not in str(stops)


@pytest.mark.parametrize(
    ("body", "error"), [(FORBIDDEN, CredentialsError), (PAGE, ServerAwayError)]
)
def test_a_403_to_the_token_call(body, error):
    """The same two kinds, before anything was sent."""
    with pytest.raises(error):
        token_of(body, 403)


def test_a_403_to_a_record_costs_no_new_token():
    """It is not a 401: the token is kept, and asked for once."""
    server = Server(lambda _: httpx.Response(403, content=FORBIDDEN))

    async def go():
        async with opened(server) as api:
            with pytest.raises(ForbiddenError):
                await send(api)

    asyncio.run(go())
    assert server.tokens == 1
