"""Each fault to order, and when and how often it comes."""

from __future__ import annotations

import asyncio
import dataclasses
import random

import httpx
import orjson
import pytest

from bulkcall.clock import ManualClock
from bulkcall.sandbox import Call, Fault, FaultKind, RetryAfter, SandboxOptions, create_app
from bulkcall.sandbox.answers import Ending
from bulkcall.sandbox.faults import FaultBook, fault_json, read_fault


def after(desk, order: str, **options):
    """A desk with one order in its book."""
    return desk(faults=(read_fault(order),), **options)


@pytest.mark.parametrize(
    ("order", "status", "body"),
    [
        ("status", 503, b""),
        ("status,status=500,body=oops", 500, b"oops"),
        ("html", 502, b"<html>"),
        ("html,status=200", 200, b"<html>"),
        ("empty", 200, b""),
        ("empty,status=504", 504, b""),
        ("cut", 200, b'{"status_info":{"status":"success","mes'),
        ("bad_token", 500, b'{"slug":"internal-server-error"'),
        ("revoked", 401, b'{"slug":"authorization-error"'),
        ("limit", 429, b"{"),
    ],
)
def test_answers(desk, order, status, body):
    """The answer is the ordered one, once; the next request goes through."""
    at = after(desk, order)
    reply = at.realtime()
    assert reply.status == status
    assert reply.body.startswith(body)
    assert reply.ending is Ending.WHOLE
    assert at.realtime().status == (401 if order == "revoked" else 200)
    assert [e["fault"] for e in at.journal()] == [order.partition(",")[0], ""]


@pytest.mark.parametrize(
    ("order", "applied"),
    [
        ("status", False),
        ("status,applied=1", True),
        ("html,applied=1", True),
        ("html,status=200", True),
        ("empty", True),
        ("empty,applied=0", False),
        ("cut", True),
        ("truncated", True),
        ("reset", False),
        ("reset,applied=1", True),
        ("hang", False),
        ("hang,applied=1", True),
        ("slow,ms=5", True),
        ("limit", False),
        ("revoked", False),
    ],
)
def test_applied_or_not(desk, order, applied):
    """The journal and the batches say whether the request took effect all the same."""
    at = after(desk, order)
    at.create([at.record()])
    (entry,) = at.journal()
    assert entry["applied"] is applied
    assert bool(entry["batch_id"]) is applied
    assert len(at.sandbox.batches) == int(applied)
    assert entry["status"] is None or not order.startswith(("reset", "hang"))
    assert len(entry["records"]) == 1


def test_nothing_to_spoil(desk):
    """A request that is turned down anyway keeps its answer, even with applied=1."""
    at = after(desk, "reset,applied=1")
    assert at.realtime(ends_at=1).status == 400


@pytest.mark.parametrize(
    ("form", "value"),
    [("seconds", b"7"), ("date", b"Tue, 14 Nov 2023 22:13:27 GMT"), ("absent", None)],
)
def test_429_storm(desk, form, value):
    """A storm of 429s has each form of Retry-After and touches no real limit."""
    at = after(desk, f"limit,times=3,seconds=7,retry_after={form}")
    replies = [at.realtime() for _ in range(4)]
    assert [r.status for r in replies] == [429, 429, 429, 200]
    assert dict(replies[0].headers).get(b"retry-after") == value
    assert not any(e["over"] for e in at.journal())


def test_a_503_may_say_when(desk):
    """A STATUS fault carries Retry-After if asked to."""
    reply = after(desk, "status,retry_after=seconds,seconds=3").realtime()
    assert dict(reply.headers)[b"retry-after"] == b"3"


def test_token_endpoint_down(desk):
    """A fault on the token call leaves the others alone."""
    at = after(desk, "status@token,times=2")
    assert [at.make_token().status for _ in range(3)] == [503, 503, 200]
    assert at.realtime().status == 200


def test_times_after_and_call():
    """`after` lets some through, `times` bounds, `call` selects."""
    book = FaultBook(random.Random(1))
    book.order(Fault(kind=FaultKind.RESET, call=Call.REALTIME, after=2, times=2), 0.0)
    assert book.pick(Call.TOKEN, 0, b"") is None
    picks = [book.pick(Call.REALTIME, 0, b"") is not None for _ in range(6)]
    assert picks == [False, False, True, True, False, False]
    assert book.listing() == [
        {"kind": "reset", "call": "realtime", "times": 2, "after": 2, "seen": 4, "done": 2}
    ]


def test_start_and_duration():
    """A fault holds from `start` on for `duration` seconds."""
    book = FaultBook(random.Random(1))
    book.order(Fault(kind=FaultKind.RESET, times=0, start=10, duration=5), 100.0)
    held = [at for at in range(100, 125) if book.pick(Call.REALTIME, at, b"")]
    assert held == list(range(110, 115))


def test_share():
    """About the ordered share of the requests is hit."""
    book = FaultBook(random.Random(1))
    book.order(Fault(kind=FaultKind.RESET, times=0, share=0.25), 0.0)
    hits = sum(book.pick(Call.REALTIME, 0, b"") is not None for _ in range(2000))
    assert 400 < hits < 600


def test_receiver(desk):
    """A fault may wait for one receiver, wherever it stands in a batch."""
    at = after(desk, "status,receiver=0042,times=0")
    assert at.realtime().status == 200
    hit = at.record(receiver_number="919800000042")
    assert at.realtime(hit).status == 503
    assert at.create([at.record(), hit, at.record()]).status == 503


def test_book_is_cleared(desk):
    """What was ordered can be taken back."""
    at = after(desk, "status,times=0")
    assert at.realtime().status == 503
    at.sandbox.faults.clear()
    assert at.realtime().status == 200


@pytest.mark.parametrize(
    "fault",
    [
        Fault(kind=FaultKind.RESET),
        Fault(kind=FaultKind.LIMIT, retry_after=RetryAfter.DATE, times=0, share=0.5),
        Fault(kind=FaultKind.HANG, call=Call.BATCH_CREATE, applied=True, seconds=2.5),
        Fault(kind=FaultKind.STATUS, status=500, body='{"a": "b,c"}', applied=False),
    ],
)
def test_json_round_trip(fault):
    """An order goes through JSON unchanged."""
    assert read_fault(orjson.dumps(fault_json(fault)).decode()) == fault
    assert read_fault(fault_json(fault)) == fault


def test_short_form():
    """The short form says the same as the long one."""
    assert read_fault("reset@realtime,times=3,applied=1") == Fault(
        kind=FaultKind.RESET, call=Call.REALTIME, times=3, applied=True
    )
    assert read_fault("hang@any") == Fault(kind=FaultKind.HANG)


@pytest.mark.parametrize("order", ["", "boom", "reset@nowhere", "reset,colour=red", "{}", "{"])
def test_bad_orders(order):
    """What can't be read is refused, not guessed."""
    with pytest.raises(ValueError):
        read_fault(order)


def through_http(options: SandboxOptions, *, clock: ManualClock | None = None) -> httpx.Response:
    """One real-time request over in-process HTTP."""

    async def go() -> httpx.Response:
        now = ManualClock().now_ms()
        app = create_app(options, clock or ManualClock(auto=True))
        record = {
            "caller_number": "919800000001",
            "receiver_number": "919800000002",
            "starts_at": now,
            "ends_at": now + 3_600_000,
            "dynamic_label_name": "Bank",
        }
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            path = f"/v2/clients/{options.client_account_id}/dynamic_call_record"
            return await client.post(path, json=record, headers={"Authorization": "Bearer t"})

    return asyncio.run(go())


@pytest.mark.parametrize("order", ["reset", "hang,seconds=5", "truncated"])
def test_connection_ends(order):
    """Where the wire would be cut, an in-process client sees a reset."""
    options = SandboxOptions(static_tokens=("t",), faults=(read_fault(order),))
    with pytest.raises(ConnectionResetError):
        through_http(options)


def test_latency_and_jitter_take_time():
    """Latency, jitter and a slow answer pass on the clock, within their bounds."""
    base = SandboxOptions(static_tokens=("t",), latency_ms=50, latency_jitter_ms=50)
    clock = ManualClock(auto=True)
    through_http(base, clock=clock)
    assert 0 <= clock.monotonic() <= 0.1
    clock = ManualClock(auto=True)
    through_http(
        dataclasses.replace(base, arrival_jitter_ms=10, faults=(read_fault("slow,ms=1000"),)),
        clock=clock,
    )
    assert 1.0 <= clock.monotonic() <= 1.11


def test_clock_skew_shows(desk):
    """A server whose clock is ahead says so in Date and refuses what is over by its clock."""
    options = SandboxOptions(static_tokens=("t",), clock_skew=120)
    assert through_http(options).headers["date"] == "Tue, 14 Nov 2023 22:15:20 GMT"
    at = desk(clock_skew=7200)
    assert at.realtime().status == 400
