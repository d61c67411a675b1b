"""From ASGI to a `Request`, and from a `Reply` to what goes out (or pointedly does not)."""

from __future__ import annotations

import asyncio
from email.utils import formatdate
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from bulkcall.sandbox.answers import Ending, Reply
from bulkcall.sandbox.enums import Call
from bulkcall.sandbox.sandbox import Request, Sandbox

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

CUT_EXTENSION = "bulkcall.sandbox.cut"
"""Scope extension: a function `cut(reset: bool)` that ends the connection (see server.py)."""


class Endpoint:
    """One of the five calls as an ASGI application; `version` 0: its path has none."""

    def __init__(self, sandbox: Sandbox, call: Call, version: int = 0) -> None:
        self._sandbox = sandbox
        self._call = call
        self._version = version
        self._date: tuple[int, bytes] = (0, b"")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Take a request, let the sandbox decide, deliver."""
        try:
            await self._handle(scope, receive, send)
        except asyncio.CancelledError:
            # The server stops. Whatever this request did is in the journal; it gets no answer.
            _cut(scope, reset=False)

    async def _handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = await _body(receive)
        if body is None:
            return
        sandbox = self._sandbox
        options, clock = sandbox.options, sandbox.clock
        if options.arrival_jitter_ms:
            await clock.sleep(sandbox.rng.uniform(0, options.arrival_jitter_ms) / 1000)
        if not sandbox.speaks(self._version):
            sandbox.journal.stray += 1
            await self._deliver(Reply(404, b"", ()), scope, send)
            return
        reply = sandbox.answer(_request(self._call, self._version, scope, body))
        if options.latency_ms or options.latency_jitter_ms:
            jitter = options.latency_jitter_ms
            late = options.latency_ms + sandbox.rng.uniform(-jitter, jitter)
            reply.delay += max(0.0, late) / 1000
        if reply.ending is Ending.HANG:
            await self._until_gone(receive, reply.delay)
        elif reply.delay:
            await clock.sleep(reply.delay)
        await self._deliver(reply, scope, send)

    async def _until_gone(self, receive: Receive, seconds: float) -> None:
        """Wait until the client hangs up, at most so long."""
        gone = asyncio.ensure_future(receive())
        timer = asyncio.ensure_future(self._sandbox.clock.sleep(seconds))
        try:
            await asyncio.wait((gone, timer), return_when=asyncio.FIRST_COMPLETED)
        finally:
            gone.cancel()
            timer.cancel()

    async def _deliver(self, reply: Reply, scope: Scope, send: Send) -> None:
        if reply.ending in (Ending.RESET, Ending.HANG):
            _cut(scope, reset=reply.ending is Ending.RESET)
            return
        body = reply.body
        headers = [
            *reply.headers,
            (b"content-length", b"%d" % len(body)),
            (b"date", self._date_header()),
        ]
        await send({"type": "http.response.start", "status": reply.status, "headers": headers})
        if reply.ending is Ending.TRUNCATED:
            half = body[: len(body) // 2]
            await send({"type": "http.response.body", "body": half, "more_body": True})
            _cut(scope, reset=False)
            return
        await send({"type": "http.response.body", "body": body})

    def _date_header(self) -> bytes:
        second = self._sandbox.now_ms() // 1000
        if second != self._date[0]:
            self._date = (second, formatdate(second, usegmt=True).encode())
        return self._date[1]


def _cut(scope: Scope, *, reset: bool) -> None:
    """End the connection.

    Raises:
        ConnectionResetError: where there is no connection, as under a test's in-process transport.
    """
    cut = scope.get("extensions", {}).get(CUT_EXTENSION)
    if cut is None:
        raise ConnectionResetError("the sandbox ended the connection")
    cut(reset)


async def _body(receive: Receive) -> bytes | None:
    """Read the whole body; None: the client went away before its end."""
    message = await receive()
    if message["type"] == "http.disconnect":
        return None
    body: bytes = message.get("body", b"")
    if not message.get("more_body"):
        return body
    parts = [body]
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)


def _request(call: Call, version: int, scope: Scope, body: bytes) -> Request:
    account = scope["path_params"]["account"]
    request = Request(call, account, json=False, body=body, version=version)
    for name, value in scope["headers"]:
        if name == b"authorization":
            if value[:7].lower() == b"bearer ":
                request.bearer = value[7:].strip().decode("latin-1")
        elif name == b"content-type":
            request.json = value.partition(b";")[0].strip().lower() == b"application/json"
        elif name == b"x-public-access":
            request.public = value == b"allow"
    if call in (Call.BATCH_STATUS, Call.LABELS):
        request.query = parse_qs(scope["query_string"].decode("latin-1"))
    return request
