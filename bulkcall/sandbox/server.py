"""Serving a sandbox on loopback: uvicorn with uvloop and httptools, and a door that can close."""

from __future__ import annotations

import asyncio
import gc
import ipaddress
import signal
import socket
import struct
import sys
from typing import TYPE_CHECKING, Any, cast

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from bulkcall.sandbox.app import create_app
from bulkcall.sandbox.wire import CUT_EXTENSION

if TYPE_CHECKING:
    from collections.abc import Callable

    from bulkcall.sandbox.options import SandboxOptions

_RESET_ON_CLOSE = struct.pack("ii", 1, 0)  # SO_LINGER on, for no time: close sends RST
_BACKLOG = 2048


def serve(
    options: SandboxOptions,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    on_ready: Callable[[str], None] | None = None,
    until_stdin_closes: bool = False,
) -> None:
    """Serve until SIGTERM or SIGINT, in the main thread; then return.

    Args:
        options: how the sandbox behaves.
        host: a loopback address.
        port: 0 takes a free one.
        on_ready: called with the base URL once requests are answered.
        until_stdin_closes: also stop when standard input ends, as it does when the parent dies.

    Raises:
        ValueError: `host` is not loopback.
        OSError: the port is taken, or the journal or certificate can't be opened.
    """
    address = _loopback(host)
    listener = _bind(address, port)
    app = create_app(options)
    config = uvicorn.Config(
        app,
        loop="uvloop",
        http=_Protocol,
        ws="none",
        lifespan="on",
        access_log=False,
        log_config=None,
        server_header=False,
        date_header=False,
        timeout_keep_alive=120,
        timeout_graceful_shutdown=1,
        ssl_certfile=options.certfile or None,
        ssl_keyfile=options.keyfile or None,
    )
    shown = f"[{address}]" if address.version == 6 else str(address)  # noqa: PLR2004 - IPv6
    scheme = "https" if options.certfile else "http"
    server = _Server(
        config,
        listener,
        on_ready=lambda: on_ready and on_ready(f"{scheme}://{shown}:{listener.getsockname()[1]}"),
        until_stdin_closes=until_stdin_closes,
    )
    app.state.leave = server.leave
    # uvicorn raises the signal again once it has stopped; being stopped so is no failure here.
    before = {s: signal.signal(s, lambda *_: None) for s in (signal.SIGTERM, signal.SIGINT)}
    try:
        server.run(sockets=[listener])
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        listener.close()


def _loopback(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    try:
        address = ipaddress.ip_address("127.0.0.1" if host == "localhost" else host)
    except ValueError:
        address = None
    if address is None or not address.is_loopback:
        raise ValueError(f"the sandbox listens on loopback only, and {host} is not loopback")
    return address


def _bind(address: ipaddress.IPv4Address | ipaddress.IPv6Address, port: int) -> socket.socket:
    family = socket.AF_INET6 if address.version == 6 else socket.AF_INET  # noqa: PLR2004 - IPv6
    listener = socket.socket(family)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((str(address), port))
        listener.listen(_BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener


class _Protocol(HttpToolsProtocol):
    """uvicorn's own, which also lets the application end the connection."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        scope = cast("dict[str, Any]", self.scope)
        scope["extensions"] = {CUT_EXTENSION: self._cut}

    def _cut(self, reset: bool) -> None:
        if reset:
            raw = self.transport.get_extra_info("socket")
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
            self.transport.abort()
        else:
            self.transport.close()
        # Whatever the application does from here on goes nowhere, quietly.
        if self.cycle is not None:
            self.cycle.disconnected = True
            self.cycle.response_complete = True


class _Server(uvicorn.Server):
    """uvicorn's server, which tells when it is ready and can be away for a while."""

    def __init__(
        self,
        config: uvicorn.Config,
        listener: socket.socket,
        *,
        on_ready: Callable[[], Any],
        until_stdin_closes: bool,
    ) -> None:
        super().__init__(config)
        self._address = listener.getsockname()
        self._family = listener.family
        self._on_ready = on_ready
        self._until_stdin_closes = until_stdin_closes
        self._opening: asyncio.Task[None] | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self._until_stdin_closes:
            loop = asyncio.get_running_loop()
            await loop.connect_read_pipe(lambda: _StdinWatch(self), sys.stdin)
        # What was loaded lives as long as the process: the collector need not look at it again.
        gc.collect()
        gc.freeze()
        self._on_ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for task in list(self.server_state.tasks):
            task.cancel()  # a hanging request must not hold up the end
        await super().shutdown(sockets)

    def leave(self, seconds: float) -> None:
        """Refuse connections for so long, and drop those there are; all else is kept."""
        loop = asyncio.get_running_loop()

        def come_back() -> None:
            self._opening = loop.create_task(self._open_door())

        # A moment later, so that the order itself is answered.
        loop.call_later(0.02, self._close_door)
        loop.call_later(0.02 + seconds, come_back)

    def _close_door(self) -> None:
        for server in self.servers:
            server.close()
        for connection in list(self.server_state.connections):
            connection.transport.abort()

    async def _open_door(self) -> None:
        if self.should_exit:
            return
        listener = socket.socket(self._family)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(self._address)

        def protocol() -> asyncio.Protocol:
            return _Protocol(
                config=self.config, server_state=self.server_state, app_state=self.lifespan.state
            )

        loop = asyncio.get_running_loop()
        server = await loop.create_server(
            protocol, sock=listener, ssl=self.config.ssl, backlog=_BACKLOG
        )
        self.servers = [server]


class _StdinWatch(asyncio.Protocol):
    """Stops the server when standard input ends."""

    def __init__(self, server: _Server) -> None:
        self._server = server

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self._server.should_exit = True
