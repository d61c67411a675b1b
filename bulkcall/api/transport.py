"""The border: the one place where foreign exceptions and raw answers come in.

`Transport` is a transport round the real one. It reads each answer whole, within a deadline and a
size, and translates whatever the libraries raise into `failures`, by what is certain about the
request: not sent for sure, or perhaps taken.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import ssl
import zlib
from http import HTTPStatus
from socket import gaierror
from typing import TYPE_CHECKING

import aiohttp
import httpx

from bulkcall.api.failures import ApiFailure, BadCertificate, NoAnswer, ProxyRefused, Unreachable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bulkcall.settings import Secret

LARGEST_ANSWER = 16 * 1024 * 1024
"""Bytes. The status of a batch of 500 takes a quarter of a megabyte."""
HIDDEN = b"(hidden)"
SHORTEST_SECRET = 12
"""Characters. A shorter one is a test's, and may stand in any text."""
CUT_OFF = "bulkcall.cut_off"
"""Extension of a response whose body did not come whole: why, in words."""

_READ = {b"date", b"location", b"retry-after"}
"""The headers that anyone here reads."""
_NOT_SENT = (
    aiohttp.ClientConnectorError,  # refused, no route, DNS, TLS handshake, connecting to a proxy
    aiohttp.ClientHttpProxyError,  # the proxy would not open the tunnel
    aiohttp.ConnectionTimeoutError,
    aiohttp.InvalidURL,
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
)
_FOREIGN = (
    httpx.HTTPError,
    httpx.InvalidURL,
    httpx.StreamError,
    aiohttp.ClientError,
    OSError,  # TimeoutError and ssl.SSLError are among them
    EOFError,
)


def translate(  # noqa: PLR0911 - one return a kind of exception
    error: Exception, host: str, proxy: str = ""
) -> ApiFailure:
    """Return what a foreign exception means for the request that it ended.

    `proxy` names the proxy that stands between, if one does.
    """
    # httpx-aiohttp calls a server that hung up a failure to connect; what aiohttp said is exact.
    cause = error.__cause__
    exact = cause if isinstance(cause, aiohttp.ClientError) else error
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, ssl.SSLCertVerificationError):
            why = _line(getattr(seen, "verify_message", "") or str(seen))
            return BadCertificate(
                f"the certificate of {host} is not trusted: {why}; if an authority of your own "
                "company signed it, set SSL_CERT_FILE to that authority's certificate",
                requests=0,
            )
        seen = seen.__cause__ or seen.__context__
    if isinstance(exact, aiohttp.ClientConnectorDNSError):
        return Unreachable(f"the name {host} can't be resolved", requests=0)
    if isinstance(exact, aiohttp.ClientHttpProxyError) and proxy:
        return _refused_by_proxy(exact.status, host, proxy)
    if isinstance(exact, aiohttp.ClientProxyConnectionError) and proxy:
        return Unreachable(f"can't connect to {proxy}: {_why(exact)}", requests=0)
    if isinstance(exact, _NOT_SENT):
        return Unreachable(f"can't connect to {host}: {_why(exact)}", requests=0)
    if isinstance(exact, httpx.TimeoutException | TimeoutError):
        return NoAnswer(f"no answer from {host} in time")
    return NoAnswer(f"the connection to {host} broke before the answer: {_kind(exact)}")


def _refused_by_proxy(status: int, host: str, proxy: str) -> Unreachable:
    """Return what a proxy's answer to CONNECT means: no tunnel to the API came about."""
    if status == HTTPStatus.PROXY_AUTHENTICATION_REQUIRED:
        return ProxyRefused(
            f"{proxy} wants a user name and password (407): put them into its URL, "
            "http://user:password@host:port",
            requests=0,
        )
    if HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR:
        return ProxyRefused(
            f"{proxy} does not let {host} through ({status}): have it allow this address, or name "
            "it in NO_PROXY",
            requests=0,
        )
    return Unreachable(f"{proxy} opens no way to {host}: it answered {status}", requests=0)


class Transport(httpx.AsyncBaseTransport):
    """A transport that gives whole answers or raises `ApiFailure`."""

    def __init__(
        self,
        inner: httpx.AsyncBaseTransport,
        deadline: float,
        secrets: Sequence[Secret] = (),
        *,
        proxy: str = "",
    ) -> None:
        """`proxy` names the proxy that the inner transport goes through, if it does."""
        self._inner = inner
        self._deadline = deadline
        self._proxy = proxy
        self._secrets = [secret.reveal().encode() for secret in secrets]

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request and read its answer."""
        when = asyncio.get_running_loop().time() + self._deadline
        try:
            async with asyncio.timeout_at(when):
                response = await self._inner.handle_async_request(request)
        except _FOREIGN as error:
            raise translate(error, request.url.host, self._proxy) from error
        content, why = await _read(response, when)
        content = self._without_secrets(request, content)
        headers = [(name, value) for name, value in response.headers.raw if name.lower() in _READ]
        return httpx.Response(
            response.status_code,
            headers=headers,
            content=content,
            request=request,
            extensions={CUT_OFF: why} if why else {},
        )

    def _without_secrets(self, request: httpx.Request, content: bytes) -> bytes:
        # An answer may repeat what it was asked with, and its message goes into reports and logs.
        token = request.headers.get("Authorization", "").removeprefix("Bearer ").encode()
        for secret in (*self._secrets, token):
            if len(secret) >= SHORTEST_SECRET and secret in content:
                content = content.replace(secret, HIDDEN)
        return content

    async def aclose(self) -> None:
        """Close the real transport."""
        await self._inner.aclose()


async def _read(response: httpx.Response, when: float) -> tuple[bytes, str]:
    """Read a body; else what came of it, and why not more: the status line stands anyway."""
    assert isinstance(response.stream, httpx.AsyncByteStream)  # noqa: S101 - an async transport's
    parts: list[bytes] = []
    size = 0
    why = ""
    try:
        async with asyncio.timeout_at(when):
            async for part in response.stream:
                size += len(part)
                if size > LARGEST_ANSWER:
                    why = "it is larger than any answer of this API"
                    break
                parts.append(part)
    except TimeoutError:
        why = "it did not come whole in time"
    except _FOREIGN as error:
        why = f"it broke off ({type(error).__name__})"
    finally:
        with contextlib.suppress(*_FOREIGN):
            await response.stream.aclose()
    body = b"".join(parts)
    coding = response.headers.get("content-encoding", "identity").strip().lower()
    if coding in {"", "identity"}:
        return body, why
    return _decoded(body, coding, why)


def _decoded(body: bytes, coding: str, why: str) -> tuple[bytes, str]:
    # No coding was asked for. The two that every proxy knows are read all the same, within bounds.
    if coding not in {"gzip", "x-gzip", "deflate"}:
        return b"", why or f"it is coded as {coding[:20]}"
    try:
        reader = zlib.decompressobj(wbits=47 if "gzip" in coding else 15)
        plain = reader.decompress(body, LARGEST_ANSWER)
    except zlib.error:
        return b"", why or f"its {coding} coding is broken"
    if not reader.eof:
        return plain, why or "it is cut off"
    return plain, why


def _why(error: BaseException) -> str:
    """Return why no connection came about: the system's own word for it, where there is one."""
    system = getattr(error, "os_error", None)
    # The numbers of TLS and of name look-ups are of another list.
    if isinstance(system, OSError) and not isinstance(system, ssl.SSLError | gaierror):
        number = system.errno
        if number:
            return os.strerror(number).lower()
    return _line(str(error))


def _line(text: str) -> str:
    return " ".join(text.split())[:200]


def _kind(error: BaseException) -> str:
    return _line(str(error)) or type(error).__name__
