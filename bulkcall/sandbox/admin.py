"""The sandbox's own endpoints, under /_sandbox: orders, journal, figures. Not part of the API."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import orjson
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bulkcall.sandbox.batches import Batch, unpack
from bulkcall.sandbox.faults import read_fault
from bulkcall.sandbox.options import options_from
from bulkcall.sandbox.stats import stats

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request

    from bulkcall.sandbox.sandbox import Sandbox

PREFIX = "/_sandbox"
_NEVER = float("inf")
FIXED = frozenset(
    {"journal", "journal_memory", "certfile", "keyfile", "seed", "static_tokens", "faults"}
)
"""Options that can't change while the sandbox runs; faults have their own endpoint."""


class Admin:
    """Handlers over one sandbox. `app.state.leave` is set by a server that can close its door."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    def routes(self) -> list[Route]:
        """List the endpoints."""
        handlers = [
            ("stats", self._stats, "GET"),
            ("journal", self._journal, "GET"),
            ("batches", self._batches, "GET"),
            ("faults", self._order, "POST"),
            ("faults", self._clear, "DELETE"),
            ("options", self._set, "POST"),
            ("revoke", self._revoke, "POST"),
            ("away", self._away, "POST"),
            ("reset", self._reset, "POST"),
        ]
        return [
            Route(f"{PREFIX}/{name}", _guarded(handler), methods=[method])
            for name, handler, method in handlers
        ]

    async def _stats(self, _: Request) -> Response:
        return _json(stats(self._sandbox))

    async def _journal(self, request: Request) -> Response:
        start = int(request.query_params.get("from", "0"))
        return Response(self._sandbox.journal.text(start), media_type="application/json")

    async def _batches(self, _: Request) -> Response:
        return _json([_truth(batch) for batch in self._sandbox.batches.all()])

    async def _order(self, request: Request) -> Response:
        orders = await _body(request)
        for order in orders if isinstance(orders, list) else [orders]:
            self._sandbox.faults.order(read_fault(order), self._sandbox.clock.monotonic())
        return _json(self._sandbox.faults.listing())

    async def _clear(self, _: Request) -> Response:
        self._sandbox.faults.clear()
        return _json([])

    async def _set(self, request: Request) -> Response:
        values = await _body(request)
        fixed = sorted(FIXED & values.keys())
        if fixed:
            raise ValueError(f"{', '.join(fixed)} can't change while the sandbox runs")
        self._sandbox.options = options_from(values, self._sandbox.options)
        return _json({})

    async def _revoke(self, request: Request) -> Response:
        token = (await _body(request)).get("token", "")
        return _json({"revoked": self._sandbox.tokens.revoke(token)})

    async def _away(self, request: Request) -> Response:
        seconds = float((await _body(request)).get("seconds", 1.0))
        leave: Callable[[float], None] | None = getattr(request.app.state, "leave", None)
        if leave is None:
            raise ValueError("only a sandbox that listens on a port can go away")
        leave(seconds)
        return _json({"seconds": seconds})

    async def _reset(self, _: Request) -> Response:
        self._sandbox.reset()
        return _json({})


def _truth(batch: Batch) -> dict[str, Any]:
    """What became of each record of a batch, unmasked: how it will end, whenever that is."""
    return {
        "batch_id": batch.id,
        "made_ms": batch.made_ms,
        "records": [
            {
                "id": entry.id,
                "record": entry.record,
                "status": "error" if entry.message else "success",
                "message": entry.message,
                "listed": entry.listed_at != _NEVER,
                "final": entry.final_at != _NEVER,
                "sent": entry.sent,
            }
            for entry in unpack(batch)
        ],
    }


async def _body(request: Request) -> Any:
    return orjson.loads(await request.body() or b"{}")


def _json(value: Any) -> Response:
    return Response(orjson.dumps(value), media_type="application/json")


def _local(address: str) -> bool:
    """Return whether the host of a Host header or an origin means this machine and nothing else."""
    try:
        host = urlsplit(f"//{address.partition('://')[2] or address}").hostname or ""
    except ValueError:
        return False
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _guarded(
    handler: Callable[[Request], Awaitable[Response]],
) -> Callable[[Request], Awaitable[Response]]:
    """Answer an order that can't be read with 400, and one from a web page with 403.

    A page that somebody's browser shows reaches loopback too: under a name of its own that it had
    resolved anew (the Host header says which), or across origins (Origin says whose).
    """

    async def wrapped(request: Request) -> Response:
        origin = request.headers.get("origin", "")
        host = request.headers.get("host", "")
        if not _local(host) or (origin and not _local(origin)):
            text = "the sandbox takes orders under a loopback address or `localhost` only"
            return JSONResponse({"error": text}, status_code=403)
        try:
            return await handler(request)
        except (ValueError, TypeError, AttributeError) as error:
            return JSONResponse({"error": str(error)}, status_code=400)

    return wrapped
