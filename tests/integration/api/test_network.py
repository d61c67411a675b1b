"""The client on real sockets: what is silently sent again, who sees it, and where it goes."""

from __future__ import annotations

import asyncio
import socket
import ssl
import struct
import time
from contextlib import asynccontextmanager
from pathlib import Path

import orjson
import pytest

from bulkcall.api import (
    Api,
    BadCertificate,
    ClientError,
    NoAnswer,
    ProxyRefused,
    Unavailable,
    Unreachable,
    Unreadable,
)
from bulkcall.clock import SystemClock
from bulkcall.errors import SettingsError
from bulkcall.progress import NullProgress
from bulkcall.records import CallRecord
from bulkcall.settings import Secret, Settings

pytestmark = pytest.mark.integration

HERE = Path(__file__).parent
CERTIFICATE = HERE.parent / "sandbox" / "cert.pem"
KEY = HERE.parent / "sandbox" / "key.pem"
RECORD = CallRecord("919876543210", "919812345678", 1, 2, dynamic_label_name="Courier")
GOOD = orjson.dumps({"status_info": {"status": "success"}})
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch, tmp_path):
    """Neither the tester's proxies nor state from an earlier test have a say."""
    for name in (*PROXIES, "SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))


def http(status, content=GOOD, *headers):
    """Write an HTTP answer."""
    lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(content)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + content


class Server:
    """Speaks HTTP by a script: for each request bytes to answer, None to hang up, or a reset."""

    RESET = b"reset"

    def __init__(self, *script):
        self.script = list(script)
        self.heads = []
        self.connections = 0
        self.port = 0

    async def _talk(self, reader, writer):
        self.connections += 1
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                self.heads.append(head)
                length = [line for line in head.lower().split("\r\n") if "content-length" in line]
                if length:
                    await reader.readexactly(int(length[0].split(":")[1]))
                answer = self.script.pop(0) if self.script else http(200)
                if answer is None:
                    break
                if answer is self.RESET:
                    raw = writer.get_extra_info("socket")
                    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    break
                for part in answer if isinstance(answer, list) else [answer]:
                    writer.write(part)
                    await writer.drain()
                if isinstance(answer, list):
                    break
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    @asynccontextmanager
    async def running(self, context=None):
        """Serve on loopback."""
        server = await asyncio.start_server(self._talk, "127.0.0.1", 0, ssl=context)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()


def api_at(base_url, **changes):
    """Open an Api with a ready token on real sockets."""
    given = {
        "base_url": base_url,
        "client_account_id": "acc",
        "token": Secret("ready-token-0001"),
        "request_timeout": 5.0,
        **changes,
    }
    return Api(Settings(**given), SystemClock(), token_log=None)


async def send(api):
    """Send one record."""
    slot = api.slots[0]
    return await api.send_record(slot, RECORD, await slot.realtime.acquire())


async def failure(api):
    """Send one record that fails; give the failure."""
    with pytest.raises(Exception) as caught:
        await send(api)
    return caught.value


def test_a_connection_is_kept():
    """Call after call goes over one connection."""

    async def run():
        async with Server().running() as server, api_at(f"http://127.0.0.1:{server.port}") as api:
            for _ in range(5):
                assert (await send(api)).success
        assert (server.connections, len(server.heads)) == (1, 5)

    asyncio.run(run())


@pytest.mark.parametrize("end", [None, Server.RESET])
def test_a_record_is_never_silently_sent_again(end):
    """A kept connection on which the server hangs up: in doubt, and the server saw it once."""

    async def run():
        script = Server(http(200), end)
        async with script.running() as server, api_at(f"http://127.0.0.1:{server.port}") as api:
            await send(api)
            told = await failure(api)
            assert isinstance(told, NoAnswer)
            assert (told.requests, told.http_status) == (1, None)
            assert len(server.heads) == 2
            assert api.slots[0].realtime.in_flight == 0

    asyncio.run(run())


def test_a_connection_that_the_server_closed_is_not_used():
    """An idle connection that was closed meanwhile costs a new one, not a record."""

    async def run():
        script = Server(http(200, GOOD, "Connection: close"), http(200))
        async with script.running() as server, api_at(f"http://127.0.0.1:{server.port}") as api:
            assert (await send(api)).success
            assert (await send(api)).success
            assert server.connections == 2

    asyncio.run(run())


@pytest.mark.parametrize(
    ("answer", "kind", "status"),
    [
        ([b"HTTP/1.1 200 OK\r\nContent-Length: 400\r\n\r\n" + GOOD], Unreadable, 200),
        ([b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfff\r\n{"], Unreadable, 200),
        ([b"HTTP/1.1 503 Busy\r\nContent-Length: 400\r\n\r\nno"], Unavailable, 503),
        ([b"HTTP/1.1 200 OK\r\nContent-Le"], NoAnswer, None),
        ([b"SMTP ready\r\n\r\n"], NoAnswer, None),
        ([b""], NoAnswer, None),
        (http(302, b"", "Location: http://127.0.0.1:9/"), ClientError, 302),
        (http(308, b"", "Location: /elsewhere"), ClientError, 308),
    ],
)
def test_what_comes_half_is_told_by_its_status(answer, kind, status):
    """A status line that came decides; without one it is no answer. Nothing is followed."""

    async def run():
        script = Server(answer)
        async with script.running() as server, api_at(f"http://127.0.0.1:{server.port}") as api:
            told = await failure(api)
            assert type(told) is kind
            assert told.http_status == status
            assert len(server.heads) == 1

    asyncio.run(run())


def test_nobody_listens():
    """A refused connection is `not sent`, at once."""

    async def run():
        with socket.socket() as held:
            held.bind(("127.0.0.1", 0))
            async with api_at(f"http://127.0.0.1:{held.getsockname()[1]}") as api:
                told = await failure(api)
        assert type(told) is Unreachable
        assert "can't connect to 127.0.0.1" in told.message

    asyncio.run(run())


@pytest.mark.alone
def test_nobody_answers():
    """A server that says nothing ends in `no answer` when the time is up, not later."""

    async def run():
        with socket.socket() as silent:
            silent.bind(("127.0.0.1", 0))
            silent.listen()
            base = f"http://127.0.0.1:{silent.getsockname()[1]}"
            async with api_at(base, request_timeout=0.2) as api:
                began = time.monotonic()
                told = await failure(api)
                assert isinstance(told, NoAnswer)
                assert time.monotonic() - began < 4

    asyncio.run(run())


def secure():
    """Make the server's side of TLS."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(CERTIFICATE, KEY)
    return context


def test_a_certificate_must_be_trusted(monkeypatch):
    """An unknown one is refused before anything is sent; SSL_CERT_FILE makes it known."""

    async def run():
        async with Server().running(secure()) as server:
            base = f"https://127.0.0.1:{server.port}"
            async with api_at(base) as api:
                assert type(await failure(api)) is BadCertificate
            assert server.heads == []
            monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))
            async with api_at(base) as api:
                assert (await send(api)).success

    asyncio.run(run())


def test_a_certificate_must_be_the_hosts_own(monkeypatch):
    """A trusted certificate for another name is refused."""
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))
    looked_up = socket.getaddrinfo

    def everything_here(host, *more, **named):
        return looked_up("127.0.0.1" if host == "elsewhere.test" else host, *more, **named)

    monkeypatch.setattr(socket, "getaddrinfo", everything_here)

    async def run():
        async with Server().running(secure()) as server:
            async with api_at(f"https://elsewhere.test:{server.port}") as api:
                assert type(await failure(api)) is BadCertificate
            assert server.heads == []

    asyncio.run(run())


def test_tls_with_a_server_that_speaks_none():
    """A handshake that fails is `not sent`."""

    async def run():
        async with (
            Server().running() as server,
            api_at(f"https://127.0.0.1:{server.port}", request_timeout=0.3) as api,
        ):
            assert type(await failure(api)) is Unreachable

    asyncio.run(run())


def test_a_proxy_on_this_machine_is_used(monkeypatch):
    """HTTP_PROXY on loopback sees the request for the base URL; NO_PROXY leads round it."""

    async def run():
        async with Server().running() as proxy, Server().running() as server:
            monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{proxy.port}")
            base = f"http://127.0.0.1:{server.port}"
            async with api_at(base) as api:
                assert (await send(api)).success
            assert proxy.heads[0].startswith(f"POST {base}/v2/clients/acc/dynamic_call_record HTTP")
            assert server.heads == []
            monkeypatch.setenv("NO_PROXY", "127.0.0.1")
            async with api_at(base) as api:
                assert (await send(api)).success
            assert (len(proxy.heads), len(server.heads)) == (1, 1)

    asyncio.run(run())


def test_a_proxy_that_is_down_is_not_sent(monkeypatch):
    """A proxy that can't be reached is named as the proxy."""

    async def run():
        async with Server().running() as server:
            monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
            async with api_at(f"http://127.0.0.1:{server.port}") as api:
                told = await failure(api)
                assert type(told) is Unreachable
                assert "the proxy http://127.0.0.1:1 (ALL_PROXY)" in told.message
            assert server.heads == []

    asyncio.run(run())


@pytest.mark.parametrize(
    ("status", "kind", "words"),
    [
        (403, ProxyRefused, "does not let localhost through (403)"),
        (407, ProxyRefused, "wants a user name and password (407)"),
        (503, Unreachable, "it answered 503"),
    ],
)
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # httpx-aiohttp uses it
def test_a_proxy_that_opens_no_tunnel_is_not_sent(monkeypatch, status, kind, words):
    """For https the proxy only gets a CONNECT; what it answers is told as its answer."""

    async def run():
        async with Server(http(status, b"")).running() as proxy:
            monkeypatch.setenv("HTTPS_PROXY", f"http://me:s3cr3t@127.0.0.1:{proxy.port}")
            async with api_at("https://localhost:9") as api:
                told = await failure(api)
            assert type(told) is kind
            assert words in told.message
            assert f"the proxy http://127.0.0.1:{proxy.port} (HTTPS_PROXY)" in told.message
            assert "s3cr3t" not in told.message
            assert proxy.heads[0].startswith("CONNECT localhost:9 ")
            assert "ready-token" not in "".join(proxy.heads)

    asyncio.run(run())


def test_a_proxy_elsewhere_is_passed_by_on_loopback(monkeypatch):
    """What goes to this machine does not leave it."""
    monkeypatch.setenv("HTTP_PROXY", "http://192.0.2.1:3128")

    async def run():
        async with Server().running() as server, api_at(f"http://127.0.0.1:{server.port}") as api:
            assert (await send(api)).success

    asyncio.run(run())


def test_a_state_folder_that_cant_be_made(monkeypatch, tmp_path):
    """The run goes on with a pace of its own, and a note says so."""
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    notes = []

    class Notes(NullProgress):
        def note(self, text):
            notes.append(text)

    async def run():
        async with Server().running() as server:
            given = Settings(
                base_url=f"http://127.0.0.1:{server.port}",
                client_account_id="acc",
                token=Secret("ready-token-0001"),
            )
            async with Api(given, SystemClock(), token_log=None, progress=Notes()) as api:
                assert (await send(api)).success

    asyncio.run(run())
    (note,) = notes
    assert "can't be shared" in note
    assert "ready-token" not in note


def test_a_socks_proxy_is_told(monkeypatch):
    """It can't be spoken to: said in a line, and only where it would be used."""

    async def run():
        async with Server().running() as server:
            monkeypatch.setenv("ALL_PROXY", "socks5h://127.0.0.1:1080")
            async with api_at(f"http://127.0.0.1:{server.port}") as api:
                told = await failure(api)
                assert type(told) is Unreachable
                assert "socks5h proxies are not supported" in told.message
            monkeypatch.setenv("NO_PROXY", "127.0.0.1")
            async with api_at(f"http://127.0.0.1:{server.port}") as api:
                assert (await send(api)).success

    asyncio.run(run())


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ALL_PROXY", "ftp://127.0.0.1:1"),
        ("SSL_CERT_FILE", "/nonexistent/ca.pem"),
        ("SSL_CERT_FILE", str(HERE / "test_network.py")),
    ],
)
def test_an_environment_that_cant_be_used_is_told(monkeypatch, name, value):
    """A proxy that is no URL and certificates that are not there: one line that names them."""
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=name):
        api_at("https://127.0.0.1:9")


def test_a_ready_tokens_pace_outlives_the_api(tmp_path):
    """A second run right after the first goes on at the pace where that left it."""

    async def run():
        async with Server().running() as server:
            base = f"http://127.0.0.1:{server.port}"
            async with api_at(base, batch_per_minute=1.0) as api:
                (await api.slots[0].batch.acquire()).answered()
            async with api_at(base, batch_per_minute=1.0) as api:
                assert api.slots[0].batch.wait > 50
            other = Secret("another-token-01")
            async with api_at(base, batch_per_minute=1.0, token=other) as api:
                assert api.slots[0].batch.wait == 0

    asyncio.run(run())
    names = [path.name for path in tmp_path.rglob("*.pace")]
    assert names
    assert not any("ready" in name for name in names)
