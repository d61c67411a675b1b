"""Servers on loopback that are told things: a web server and a mail server."""

from __future__ import annotations

import json
import ssl
import threading
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Asked:
    """One request as it came."""

    method: str
    path: str
    body: bytes

    @property
    def json(self):
        """The body, read."""
        return json.loads(self.body)


@dataclass
class Listener:
    """A web server that keeps what it is asked, and answers in turn with `answers`, then 200."""

    port: int = 0
    scheme: str = "http"
    asked: list[Asked] = field(default_factory=list)
    answers: list[int | tuple[int, str]] = field(default_factory=list)
    hang: threading.Event | None = None
    """If set: no answer before this is set."""

    def url(self, path):
        """An address on it."""
        return f"{self.scheme}://127.0.0.1:{self.port}{path}"


@contextmanager
def listening(certificate=None):
    """Run a web server on loopback; with a certificate, over TLS."""
    listener = Listener()

    class Handler(BaseHTTPRequestHandler):
        def answer(self):
            length = int(self.headers.get("Content-Length", 0))
            listener.asked.append(Asked(self.command, self.path, self.rfile.read(length)))
            if listener.hang is not None:
                listener.hang.wait(30)
            told = listener.answers.pop(0) if listener.answers else 200
            status, place = told if isinstance(told, tuple) else (told, "")
            self.send_response(status)
            if place:
                self.send_header("Location", place)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"ok")

        do_GET = do_POST = answer  # noqa: N815 - the library's names

        def log_message(self, *_):
            pass

        def handle(self):
            with suppress(OSError):  # whoever asked has gone
                super().handle()

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_):
            pass

    server = Server(("127.0.0.1", 0), Handler)
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        certificate.configure_cert(context)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        listener.scheme = "https"
    listener.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield listener
    finally:
        if listener.hang is not None:
            listener.hang.set()
        server.shutdown()
        server.server_close()
        thread.join()
