"""Foreign exceptions and raw bodies, translated once at the border."""

from __future__ import annotations

import asyncio
import gzip
import ssl
import zlib
from types import SimpleNamespace

import aiohttp
import httpx
import pytest

from bulkcall.api.failures import ApiFailure, BadCertificate, NoAnswer, Unreachable
from bulkcall.api.transport import CUT_OFF, LARGEST_ANSWER, Transport

REQUEST = httpx.Request("POST", "https://api.example.invalid/x")
KEY = SimpleNamespace(host="api.example.invalid", port=443, ssl=True, is_ssl=True)


def through(inner, deadline=5.0):
    """Send a request through the border to a scripted transport."""

    class Scripted(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request):
            return await inner(request)

    return asyncio.run(Transport(Scripted(), deadline).handle_async_request(REQUEST))


def raising(error, cause=None):
    """Make a transport that fails as httpx-aiohttp does: httpx's error, aiohttp's as its cause."""

    async def inner(_):
        raise error from cause

    return inner


def streaming(parts, status=200, **headers):
    """Make a transport whose answer comes in parts; an exception among them is raised."""

    class Stream(httpx.AsyncByteStream):
        async def __aiter__(self):
            for part in parts:
                if isinstance(part, Exception):
                    raise part
                if part is None:
                    await asyncio.Event().wait()
                yield part

    async def inner(_):
        named = {k.replace("_", "-"): v for k, v in headers.items()}
        return httpx.Response(status, headers=named, stream=Stream())

    return inner


OS = OSError(111, "Connection refused")


@pytest.mark.parametrize(
    ("error", "cause", "kind"),
    [
        # What httpx-aiohttp says first, what aiohttp said behind it, what that means.
        (httpx.ConnectError(""), aiohttp.ClientConnectorError(KEY, OS), Unreachable),
        (httpx.ConnectError(""), aiohttp.ClientConnectorDNSError(KEY, OS), Unreachable),
        (httpx.ConnectError(""), aiohttp.ClientConnectorSSLError(KEY, OS), Unreachable),
        (httpx.ProxyError(""), aiohttp.ClientProxyConnectionError(KEY, OS), Unreachable),
        (httpx.TimeoutException(""), aiohttp.ConnectionTimeoutError(), Unreachable),
        (httpx.ReadTimeout(""), aiohttp.SocketTimeoutError(), NoAnswer),
        (httpx.TimeoutException(""), aiohttp.ServerTimeoutError(), NoAnswer),
        (httpx.ConnectTimeout(""), aiohttp.ServerDisconnectedError(), NoAnswer),
        (httpx.ConnectTimeout(""), aiohttp.ClientOSError(104, "reset"), NoAnswer),
        (httpx.ConnectTimeout(""), aiohttp.ClientConnectionResetError("closing"), NoAnswer),
        (httpx.ReadError(""), aiohttp.ClientPayloadError("cut"), NoAnswer),
        # httpx's own transport, and other ones.
        (httpx.ConnectError("refused"), None, Unreachable),
        (httpx.ConnectTimeout(""), None, Unreachable),
        (httpx.PoolTimeout(""), None, Unreachable),
        (httpx.ProxyError("407"), None, Unreachable),
        (httpx.ReadTimeout(""), None, NoAnswer),
        (httpx.WriteTimeout(""), None, NoAnswer),
        (httpx.ReadError("reset"), None, NoAnswer),
        (httpx.WriteError("pipe"), None, NoAnswer),
        (httpx.RemoteProtocolError("gone"), None, NoAnswer),
        (aiohttp.ClientError("?"), None, NoAnswer),
        (OSError(5, "io"), None, NoAnswer),
        (TimeoutError(), None, NoAnswer),
        (EOFError(), None, NoAnswer),
    ],
)
def test_an_exception_says_what_is_certain(error, cause, kind):
    """Not sent for sure, or perhaps taken: a server that hung up is never `not sent`."""
    with pytest.raises(ApiFailure) as caught:
        through(raising(error, cause))
    assert type(caught.value) is kind
    assert caught.value.http_status is None
    assert caught.value.message.isprintable()
    assert "api.example.invalid" in caught.value.message


def test_a_certificate_is_told_from_other_trouble():
    """Whichever library wraps it, and however deep."""
    deep = ssl.SSLCertVerificationError(1, "certificate verify failed")
    wrapped = aiohttp.ClientConnectorCertificateError(KEY, deep)
    wrapped.__cause__ = deep
    with pytest.raises(BadCertificate, match="not trusted"):
        through(raising(httpx.ConnectError(""), wrapped))


def test_an_answer_comes_whole():
    """Its parts are put together, with its status and what is read of its headers."""
    response = through(streaming([b"{", b"}"], 201, retry_after="7"))
    assert (response.status_code, response.content, response.headers["retry-after"]) == (
        201,
        b"{}",
        "7",
    )
    assert CUT_OFF not in response.extensions


@pytest.mark.parametrize(
    "trouble", [httpx.ReadError("reset"), aiohttp.ClientPayloadError("cut"), OSError("x")]
)
def test_a_body_that_breaks_off_leaves_its_status(trouble):
    """The status line came: what was answered is no `no answer`."""
    response = through(streaming([b'{"a', trouble]))
    assert response.status_code == 200
    assert response.content == b'{"a'
    assert "broke off" in response.extensions[CUT_OFF]


def test_a_body_that_drips_ends_at_the_deadline():
    """However slowly it comes, a call ends in its time, with the status that came."""
    response = through(streaming([b"{", None]), deadline=0.05)
    assert "in time" in response.extensions[CUT_OFF]


def test_no_status_line_by_the_deadline_is_no_answer():
    """A server that says nothing at all may have taken the request."""

    async def hang(_):
        await asyncio.Event().wait()

    with pytest.raises(NoAnswer, match="in time"):
        through(hang, deadline=0.05)


def test_an_endless_body_is_not_read_to_its_end():
    """No more is held than any answer of the API can take."""
    part = b"x" * (1024 * 1024)
    response = through(streaming([part] * 40))
    assert len(response.content) <= LARGEST_ANSWER
    assert "larger" in response.extensions[CUT_OFF]


@pytest.mark.parametrize(
    ("coding", "pack"),
    [("gzip", gzip.compress), ("X-GZip", gzip.compress), ("deflate", zlib.compress)],
)
def test_a_coding_nobody_asked_for_is_read(coding, pack):
    """Proxies may code an answer all the same."""
    response = through(streaming([pack(b'{"a": 1}')], content_encoding=coding))
    assert response.content == b'{"a": 1}'
    assert CUT_OFF not in response.extensions


@pytest.mark.parametrize(
    ("coding", "content"),
    [
        ("gzip", gzip.compress(b"x" * 100)[:-12]),
        ("gzip", b"no gzip"),
        ("br", b"whatever"),
        ("gzip", gzip.compress(b"\0" * (LARGEST_ANSWER * 2))),
    ],
)
def test_a_coding_that_fails_is_cut_off(coding, content):
    """Broken, unknown, or a bomb: the status stands, the body is not believed."""
    response = through(streaming([content], content_encoding=coding))
    assert response.extensions[CUT_OFF]
    assert len(response.content) <= LARGEST_ANSWER


def test_what_is_no_trouble_of_the_network_is_not_swallowed():
    """A fault of our own stays one."""
    with pytest.raises(ZeroDivisionError):
        through(raising(ZeroDivisionError()))
