"""The sandbox's own endpoints, in-process."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from bulkcall.clock import ManualClock
from bulkcall.sandbox import SandboxOptions, create_app


def ask(method: str, what: str, body=None, **headers: str) -> httpx.Response:
    """One request to a fresh sandbox."""

    async def go() -> httpx.Response:
        transport = httpx.ASGITransport(create_app(SandboxOptions(), ManualClock()))
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            return await client.request(method, f"/_sandbox/{what}", json=body, headers=headers)

    return asyncio.run(go())


@pytest.mark.parametrize(
    ("method", "what", "body"),
    [
        ("POST", "options", {"journal": "x"}),
        ("POST", "options", {"faults": ["reset"]}),
        ("POST", "options", {"realtime_limit": -1}),
        ("POST", "options", []),
        ("POST", "faults", {"kind": "boom"}),
        ("POST", "faults", [1]),
        ("POST", "away", {"seconds": "long"}),
        ("POST", "away", {"seconds": 1}),
        ("POST", "revoke", []),
        ("GET", "journal?from=x", None),
    ],
)
def test_what_cant_be_done_is_told(method, what, body):
    """An order that can't be read or done is a 400 with a line that says why."""
    answer = ask(method, what, body)
    assert answer.status_code == 400
    assert answer.json()["error"]


def test_orders_in_a_list():
    """Several faults go in one order; the answer lists the book."""
    answer = ask("POST", "faults", ["reset@token", {"kind": "html", "times": 3}])
    assert answer.json() == [
        {"kind": "reset", "call": "token", "seen": 0, "done": 0},
        {"kind": "html", "times": 3, "seen": 0, "done": 0},
    ]
    assert ask("DELETE", "faults").json() == []


def test_an_unknown_endpoint_is_not_stray():
    """Only paths outside /_sandbox count as stray requests of a client."""
    assert ask("GET", "nothing").status_code == 404


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"host": "127.0.0.1:8800"}, 200),
        ({"host": "localhost"}, 200),
        ({"host": "[::1]:8800"}, 200),
        ({"host": "127.0.0.1:8800", "origin": "http://localhost:3000"}, 200),
        ({"host": "sandbox.example.com:8800"}, 403),
        ({"host": "127.0.0.1.example.com"}, 403),
        ({"host": "localhost@example.com"}, 403),
        ({"host": ""}, 403),
        ({"host": "127.0.0.1:8800", "origin": "https://example.com"}, 403),
        ({"host": "127.0.0.1:8800", "origin": "null"}, 403),
    ],
)
def test_only_loopback_names_may_order(headers, status):
    """A web page under a name of its own, or of another origin, can't read or order anything."""
    assert ask("GET", "stats", **headers).status_code == status
    assert ask("DELETE", "faults", **headers).status_code == status
