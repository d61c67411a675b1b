"""How bulkcall's httpx client is put together: httpx's interface on aiohttp's transport.

The environment's certificates (SSL_CERT_FILE, SSL_CERT_DIR) work as everywhere in httpx, its
proxies as `proxies` says, but for one rule: what goes to this machine never leaves it, so a proxy
elsewhere is passed by for a base URL on loopback.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport, HttpxAiohttpClient

from bulkcall.api.proxies import find_proxy
from bulkcall.api.transport import Transport
from bulkcall.errors import SettingsError
from bulkcall.settings import is_loopback

if TYPE_CHECKING:
    import ssl
    from collections.abc import Sequence

    from bulkcall.api.proxies import EnvironmentProxy
    from bulkcall.settings import Secret, Settings

LONGEST_CONNECT = 10.0
"""Seconds for name, connection and TLS."""
KEEP_ALIVE = 4.0
"""Seconds: shorter than servers keep idle connections, so that none is used while it is closed."""
CONNECTIONS_PER_TOKEN = 64
"""An upper bound; the limiters keep fewer in flight unless answers are slow."""
_HEADERS = {
    "Accept": "application/json",
    "Accept-Encoding": "identity",  # answers are small, and none can unpack itself into gigabytes
    "User-Agent": "bulkcall",
}


def open_client(
    settings: Settings, transport: httpx.AsyncBaseTransport | None = None
) -> httpx.AsyncClient:
    """Make the client; with a `transport`, on that alone, without the environment."""
    connect = min(LONGEST_CONNECT, settings.request_timeout)
    timeout = httpx.Timeout(settings.request_timeout, connect=connect)
    deadline = settings.request_timeout + connect
    secrets = (settings.key_id, settings.api_key, settings.token)
    if transport is not None:
        return httpx.AsyncClient(
            transport=Transport(transport, deadline, secrets),
            headers=_HEADERS,
            timeout=timeout,
            trust_env=False,
        )
    proxy = find_proxy(settings.base_url, os.environ)
    most = CONNECTIONS_PER_TOKEN * max(1, settings.tokens) + 16
    try:
        return _Client(
            loopback=is_loopback(urlsplit(settings.base_url).hostname or ""),
            environment_proxy=proxy,
            deadline=deadline,
            secrets=secrets,
            most=most,
            headers=_HEADERS,
            timeout=timeout,
            limits=httpx.Limits(max_connections=most, keepalive_expiry=KEEP_ALIVE),
        )
    except OSError as error:  # ssl.SSLError is one
        raise SettingsError(
            "SSL_CERT_FILE or SSL_CERT_DIR names no certificates that can be read "
            f"({error.strerror or type(error).__name__})"
        ) from error
    except (ValueError, httpx.InvalidURL) as error:
        raise SettingsError(
            f"{proxy.variable if proxy else 'HTTPS_PROXY'}: the proxy that it names can't be used; "
            "it must be a URL like http://host:port"
        ) from error


class _Client(HttpxAiohttpClient):
    """httpx-aiohttp's client, its transports behind our border and with a connector of our size."""

    def __init__(
        self,
        *,
        loopback: bool,
        environment_proxy: EnvironmentProxy | None,
        deadline: float,
        secrets: Sequence[Secret],
        most: int,
        **given: Any,
    ) -> None:
        self._loopback = loopback
        self._environment_proxy = environment_proxy
        self._deadline = deadline
        self._most = most
        self._secrets = secrets
        super().__init__(**given)

    def _get_proxy_map(self, *_: Any, **__: Any) -> dict[str, httpx.Proxy | None]:
        found = self._environment_proxy
        return {} if found is None else {"all://": httpx.Proxy(url=found.url)}

    def _init_transport(self, *_: Any, **given: Any) -> httpx.AsyncBaseTransport:
        return self._behind_border(None, **given)

    def _init_proxy_transport(
        self, proxy: httpx.Proxy, *_: Any, **given: Any
    ) -> httpx.AsyncBaseTransport:
        if self._loopback and not is_loopback(proxy.url.host):
            return self._behind_border(None, **given)
        if proxy.url.scheme not in {"http", "https"}:
            unusable = _Unusable(f"{proxy.url.scheme} proxies are not supported")
            return Transport(unusable, self._deadline)
        return self._behind_border(proxy, **given)

    def _behind_border(self, proxy: httpx.Proxy | None, **given: Any) -> Transport:
        given.pop("transport", None)
        inner = _Transport(self._most, proxy=proxy, **given)
        named = "" if proxy is None else str(self._environment_proxy)
        return Transport(inner, self._deadline, self._secrets, proxy=named)


class _Unusable(httpx.AsyncBaseTransport):
    """Stands for a proxy that can't be spoken to; it may never be asked (NO_PROXY)."""

    def __init__(self, why: str) -> None:
        self._why = why

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Say why not."""
        raise httpx.ProxyError(self._why, request=request)


class _Transport(AiohttpTransport):
    """httpx-aiohttp's transport on a session without cookies and with quick name look-ups."""

    def __init__(self, most: int, **given: Any) -> None:
        super().__init__(**given)
        self._most = most
        self.client = self._open

    def _open(self) -> aiohttp.ClientSession:
        context: ssl.SSLContext = self.ssl_context
        connector = aiohttp.TCPConnector(
            limit=self._most, ssl=context, keepalive_timeout=KEEP_ALIVE, ttl_dns_cache=60
        )
        return aiohttp.ClientSession(
            connector=connector, cookie_jar=aiohttp.DummyCookieJar(), trust_env=False
        )
