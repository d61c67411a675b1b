"""Every answer of the documentation word for word, and every other one survived."""

from __future__ import annotations

import httpx
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkcall.api import BatchAnswer, RealtimeAnswer, responses
from bulkcall.api.failures import (
    ApiFailure,
    BadRequest,
    ClientError,
    ForbiddenError,
    MaybeApplied,
    RateLimited,
    ServerFault,
    Unavailable,
    Unreadable,
)
from bulkcall.api.transport import CUT_OFF
from tests.unit.api.parts import NOW

HTML = b"<!doctype html><html><body><h1>502 Bad Gateway</h1></body></html>"
STATUS = {
    "client_account_id": "c1",
    "batch_id": "b1",
    "data": [
        {
            "id": "r1",
            "caller_number": "************",
            "receiver_number": "************",
            "label_id": "l1",
            "dynamic_label_name": "Bank",
            "dynamic_call_reason": "Your new card",
            "starts_at": 1753240000000,
            "ends_at": 1753355200000,
            "status_info": {"status": "success"},
            "created_at": "2025-07-23T09:07:32.21Z",
        }
    ],
}


def answer(status, content=b"", **headers):
    """Make an answer with a body of bytes, or of JSON."""
    raw = content if isinstance(content, bytes) else orjson.dumps(content)
    return httpx.Response(
        status, content=raw, headers={k.replace("_", "-"): v for k, v in headers.items()}
    )


def test_the_documented_real_time_success():
    """`{"status_info": {"status": "success", …}}` is a success, with its message."""
    raw = b'{"status_info": {"status": "success", "message": "Record processed successfully"}}'
    assert responses.realtime_answer(answer(200, raw)) == RealtimeAnswer(
        success=True, http_status=200, message="Record processed successfully"
    )


def test_another_status_is_an_error():
    """A 200 with another word than success is never a success."""
    told = {"status_info": {"status": "error", "message": "Not a Truecaller user", "field": "f"}}
    assert responses.realtime_answer(answer(200, told)) == RealtimeAnswer(
        success=False, http_status=200, message="Not a Truecaller user", field="f"
    )
    silent = responses.realtime_answer(answer(200, {"status_info": {"status": "queued"}}))
    assert (silent.success, silent.message) == (False, "status queued")


def test_the_documented_batch_id():
    """The id is taken as it is; a number is taken as text."""
    assert responses.batch_answer(answer(200, b'{"batch_id": "b-1"}')) == BatchAnswer("b-1", 200)
    assert responses.batch_answer(answer(202, b'{"batch_id": 17}')) == BatchAnswer("17", 202)


def test_the_documented_batch_status():
    """The records come as the server wrote them; what is no object is counted."""
    read = responses.status_answer(answer(200, STATUS))
    assert read.records == STATUS["data"]
    assert read.envelope == {"client_account_id": "c1", "batch_id": "b1"}
    odd = responses.status_answer(answer(200, {"data": [None, {"id": 1}, "x"]}))
    assert (odd.records, odd.odd) == ([{"id": 1}], 2)
    assert responses.status_answer(answer(200, {"data": None})).records == []


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"   ",
        HTML,
        b'{"status_info": {"status": "succ',
        b"null",
        b"[]",
        b"true",
        b'"success"',
        b"{}",
        b'{"status_info": null}',
        b'{"status_info": "success"}',
        b'{"status_info": {"status": null}}',
        b'{"status_info": {"status": ["success"]}}',
        b'{"status_info": {"status": " "}}',
        b"[" * 100_000,
        b"\x00\xff\xfe",
    ],
)
@pytest.mark.parametrize(
    "read", [responses.realtime_answer, responses.batch_answer, responses.status_answer]
)
def test_a_2xx_that_cant_be_read_says_so(read, content):
    """HTML, nothing, half of it, JSON of another shape: answered, unreadable, never a traceback."""
    if content == b"[]" and read is responses.status_answer:
        return  # the older version's answer for nothing listed yet
    with pytest.raises(Unreadable, match="can't be read") as caught:
        read(answer(200, content))
    assert caught.value.http_status == 200
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("read", "content"),
    [
        (responses.realtime_answer, {"status_info": {"status": "success"}}),
        (responses.batch_answer, {"batch_id": "b"}),
        (responses.status_answer, {"data": []}),
    ],
)
def test_what_did_not_come_whole_is_not_believed(read, content):
    """A body that was cut off is unreadable even where its beginning parses."""
    response = httpx.Response(200, json=content, extensions={CUT_OFF: "it broke off"})
    with pytest.raises(Unreadable, match="it broke off"):
        read(response)


@pytest.mark.parametrize(
    "raw",
    [
        b'\xef\xbb\xbf{"status_info": {"status": "success"}}',
        b'{"status_info": {"status": "success", "x": NaN, "y": Infinity}}',
        b'{"status_info": {"status": "error"}, "status_info": {"status": "success"}}',
        b'{"status_info": {"status": "success", "message": "\xff"}}',
        b'\n {"status_info": {"status": "Success"}, "more": [1, {"a": 2}]} \n',
    ],
)
def test_json_that_is_a_little_off_is_read(raw):
    """A byte order mark, NaN, doubled names, broken UTF-8 and unknown members do no harm."""
    assert responses.realtime_answer(answer(200, raw, content_type="text/html")).success


def test_the_documented_refusal():
    """400 with field and message, word for word."""
    raw = (
        b'{"status_info": {"status": "error", "field": "ends_at", "message": "Request body is '
        b'invalid: ends_at cannot be older than current time"}}'
    )
    failure = responses.failure(answer(400, raw), NOW)
    assert isinstance(failure, BadRequest)
    assert failure.field == "ends_at"
    assert failure.message == ("Request body is invalid: ends_at cannot be older than current time")


@pytest.mark.parametrize(
    ("content", "message", "field"),
    [
        ({"status_info": {"status": "error", "message": "bad"}}, "bad", ""),
        ({"message": "bad", "field": "x"}, "bad", "x"),
        ({"error": "bad"}, "bad", ""),
        ({"slug": "bad-request"}, "bad-request", ""),
        ({"status_info": ["bad"]}, "HTTP 400 Bad Request", ""),
        (b"plainly bad", "plainly bad", ""),
        (b'"quoted"', "quoted", ""),
        (HTML, "HTTP 400 Bad Request", ""),
        (b"", "HTTP 400 Bad Request", ""),
        (b'{"message": "ba', "HTTP 400 Bad Request", ""),
        ({"message": "two\nlines\t\x1b[31m"}, "two lines [31m", ""),
    ],
)
def test_a_refusal_of_any_shape_is_read(content, message, field):
    """The message is found where it may be, and is one line without control characters."""
    failure = responses.failure(answer(400, content), NOW)
    assert isinstance(failure, BadRequest)
    assert (failure.message, failure.field) == (message, field)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (403, ForbiddenError),
        (404, ClientError),
        (405, ClientError),
        (413, ClientError),
        (422, ClientError),
        (418, ClientError),
        (499, ClientError),
        (301, ClientError),
        (307, ClientError),
        (304, ClientError),
        (408, Unavailable),
        (425, Unavailable),
        (503, Unavailable),
        (429, RateLimited),
        (500, ServerFault),
        (501, ServerFault),
        (502, ServerFault),
        (504, ServerFault),
        (599, ServerFault),
    ],
)
@pytest.mark.parametrize("content", [b"", HTML, b'{"message": "x"}', b"\xff\xff"])
def test_every_status_has_its_kind(status, kind, content):
    """The status alone decides, whatever the body is."""
    failure = responses.failure(answer(status, content), NOW)
    assert type(failure) is kind
    assert failure.http_status == status
    assert str(status) in failure.message


def test_what_may_have_been_taken_is_told_from_what_was_not():
    """After 500, 502 and 504 it may have been applied; after 503 and 429 it was not."""
    doubts = {
        s: isinstance(responses.failure(answer(s), NOW), MaybeApplied) for s in (500, 502, 503, 504)
    }
    assert doubts == {500: True, 502: True, 503: False, 504: True}


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7.0),
        ("0", 0.0),
        ("1.5", 1.5),
        (" 12 ", 12.0),
        ("Tue, 14 Nov 2023 22:13:50 GMT", 30.0),
        ("Tuesday, 14-Nov-23 22:13:50 GMT", 30.0),
        ("Tue, 14 Nov 2023 22:12:00 GMT", 0.0),
        ("99999999999", 99999999999.0),
        ("-5", None),
        ("soon", None),
        ("", None),
        ("nan", None),
        ("inf", None),
        ("Tue, 99 Nov 2023 22:13:50 GMT", None),
    ],
)
def test_every_form_of_retry_after(header, seconds):
    """Seconds or an HTTP date; nonsense and negative numbers say nothing."""
    failure = responses.failure(answer(429, b"", retry_after=header), NOW)
    assert isinstance(failure, RateLimited)
    assert failure.retry_after == seconds


def test_an_absent_retry_after_says_nothing():
    """Without the header there is no time."""
    failure = responses.failure(answer(429, b"slow down"), NOW)
    assert isinstance(failure, RateLimited)
    assert (failure.retry_after, failure.message) == (None, "HTTP 429: slow down")


def test_a_date_is_held_against_the_servers_own_clock():
    """A server whose clock is an hour ahead still means half a minute."""
    response = answer(
        503,
        b"",
        retry_after="Tue, 14 Nov 2023 23:13:50 GMT",
        date="Tue, 14 Nov 2023 23:13:20 GMT",
    )
    failure = responses.failure(response, NOW)
    assert isinstance(failure, Unavailable)
    assert failure.retry_after == 30.0


@pytest.mark.parametrize(
    ("status", "content", "bad"),
    [
        (401, b'{"slug": "authorization-error", "message": "please login again"}', True),
        (401, HTML, True),
        (
            500,
            b'{"slug": "internal-server-error", "message": "500/50011 - Failed to parse token"}',
            True,
        ),
        (500, b'{"slug": "internal-server-error", "message": "500/50012 - Database"}', False),
        (500, HTML, False),
        (403, b'{"message": "Failed to parse token"}', False),
    ],
)
def test_a_bad_token_is_told_from_a_broken_server(status, content, bad):
    """401, and the one 500 that says so."""
    assert responses.bad_token(answer(status, content)) is bad


@given(status=st.integers(200, 599), content=st.binary(max_size=200))
def test_no_answer_is_a_traceback(status, content):
    """Whatever comes back is an answer or an ApiFailure, in one line."""
    response = answer(status, content)
    for read in (responses.realtime_answer, responses.batch_answer, responses.status_answer):
        failure = outcome(response, read)
        assert failure is None or (failure.message.isprintable() and len(failure.message) < 600)


def outcome(response, read):
    """Read an answer; give the failure, if it is one."""
    try:
        if not response.is_success:
            raise responses.failure(response, NOW)
        read(response)
    except ApiFailure as failure:
        return failure
    return None


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.sampled_from(["success", "Success", "error", "x", ""]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["status_info", "status", "message", "field", "data", "batch_id", "x"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=10,
)


@given(status=st.sampled_from([200, 201, 400, 401, 429, 500]), value=json_values)
def test_json_of_any_shape_is_survived(status, value):
    """Members of any type in any place: read, or an ApiFailure; success only if it says so."""
    response = answer(status, value if isinstance(value, dict) else {"x": value})
    if outcome(response, responses.realtime_answer) is None:
        read = responses.realtime_answer(response)
        assert not read.success or b"uccess" in response.content.lower()
