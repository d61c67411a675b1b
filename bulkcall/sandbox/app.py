"""The ASGI application: the documented paths, and the sandbox's own beside them."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Route

from bulkcall.sandbox.admin import PREFIX, Admin
from bulkcall.sandbox.clock import Clock, RealClock
from bulkcall.sandbox.enums import Call
from bulkcall.sandbox.sandbox import Sandbox
from bulkcall.sandbox.wire import Endpoint

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.requests import Request

    from bulkcall.sandbox.options import SandboxOptions

VERSIONS = (2, 3)
REALTIME_PATH = "/v{version}/clients/{{account}}/dynamic_call_record"
BATCH_PATH = "/v{version}/clients/{{account}}/dynamic_call_records"
TOKEN_PATH = "/clients/{account}/token"  # noqa: S105 - a path
LABELS_PATH = "/clients/{account}/labels"


def create_app(options: SandboxOptions, clock: Clock | None = None) -> Starlette:
    """Build a sandbox as an ASGI application (api.md, Calls).

    Args:
        options: how it behaves.
        clock: where it takes time from; the machine's own by default.
    """
    sandbox = Sandbox(options, clock or RealClock())

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        sandbox.journal.close()

    async def stray(request: Request, error: Exception) -> Response:
        if not request.url.path.startswith(PREFIX):
            sandbox.journal.stray += 1
        status = error.status_code if isinstance(error, HTTPException) else 404
        return Response(status_code=status)

    app = Starlette(
        routes=[
            *(route for version in VERSIONS for route in _versioned(sandbox, version)),
            Route(TOKEN_PATH, Endpoint(sandbox, Call.TOKEN), methods=["POST"]),
            Route(LABELS_PATH, Endpoint(sandbox, Call.LABELS), methods=["GET"]),
            *Admin(sandbox).routes(),
        ],
        lifespan=lifespan,
        exception_handlers={404: stray, 405: stray},
    )
    app.state.sandbox = sandbox
    return app


def _versioned(sandbox: Sandbox, version: int) -> list[Route]:
    realtime, batch = REALTIME_PATH.format(version=version), BATCH_PATH.format(version=version)
    return [
        Route(realtime, Endpoint(sandbox, Call.REALTIME, version), methods=["POST"]),
        Route(batch, Endpoint(sandbox, Call.BATCH_CREATE, version), methods=["POST"]),
        Route(batch, Endpoint(sandbox, Call.BATCH_STATUS, version), methods=["GET"]),
    ]
