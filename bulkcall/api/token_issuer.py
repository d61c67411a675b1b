"""The token issuer: creates an account's tokens, within the cap, over all runs and crashes.

Each creation is written down before it is asked for, and taken back where for certain none came
about. Two processes that note one at the same moment see each other's, and the later one waits.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Protocol, TypeVar

from bulkcall.api.failures import (
    ApiFailure,
    BadCertificate,
    ForbiddenError,
    Halted,
    NotApplied,
    NoToken,
    ProxyRefused,
)
from bulkcall.api.requests import token_body
from bulkcall.api.responses import failure, message_of, parse, retry_after, server_time
from bulkcall.api.tokens import Token
from bulkcall.errors import CredentialsError
from bulkcall.ratelimit import (
    CREATION_WINDOW_MS,
    MOST_CREATIONS,
    next_creation_ms,
    room_for_tokens,
)
from bulkcall.settings import Secret

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx

    from bulkcall.clock import Clock
    from bulkcall.progress import Progress, StopToken
    from bulkcall.settings import Settings

_LOG = logging.getLogger(__name__)
TOKEN_LIFE_MS = 60 * 60 * 1000
LEAST_CLOSED = 5.0
"""Seconds to leave the token call alone after a 429 that names no time."""
MOST_CLOSED = 60.0
_ALL_CREATED = "10 tokens were created in the last 30 minutes, all that the API allows"
T = TypeVar("T")

_HEADERS = {"Content-Type": "application/json", "X-Public-Access": "allow"}
_OK = range(200, 300)
_TRY_LATER = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS}
_MAY_HAVE_CREATED = {
    HTTPStatus.INTERNAL_SERVER_ERROR,
    HTTPStatus.BAD_GATEWAY,
    HTTPStatus.GATEWAY_TIMEOUT,
}


class TokenLog(Protocol):
    """What the token cap needs to remember across runs and crashes; the ledger implements it."""

    def token_creations(self, account: str, since: int) -> list[int]:
        """Epoch ms of each token creation of an account since then, oldest first."""
        ...

    def note_token_creation(self, account: str, at: int) -> None:
        """Write down, before asking for it, that a token is created now."""
        ...

    def forget_token_creation(self, account: str, at: int) -> None:
        """Take that back: the request was turned away or never sent, so no token was created."""
        ...


class TokenIssuer:
    """Creates tokens for one account, within the cap."""

    def __init__(
        self,
        settings: Settings,
        clock: Clock,
        *,
        client: httpx.AsyncClient,
        url: str,
        log: TokenLog,
        progress: Progress,
        stop: StopToken,
    ) -> None:
        self._body = token_body(settings.key_id, settings.api_key)
        self._settings = settings
        self._clock = clock
        self._client = client
        self._url = url
        self._log = log
        self._progress = progress
        self._stop = stop
        self._counter = asyncio.Lock()
        self._closed_until = 0
        self._noted_at = 0
        # One account on one server: an emulator on loopback has a cap of its own.
        self._account = f"{settings.base_url} {settings.client_account_id}"

    async def room(self) -> int:
        """Return how many tokens may be created now."""
        now = self._clock.now_ms()
        return room_for_tokens(await self._creations(now), now)

    async def create(self) -> Token:
        """Create a token, waiting for the cap where it is reached.

        Raises CredentialsError where the key pair is no good; NoToken, BadCertificate or
        ProxyRefused where the trouble may pass.
        """
        async with self._counter:
            noted_at = await self._note()
        try:
            response = await self._client.post(self._url, content=self._body, headers=_HEADERS)
        except ApiFailure as failed:
            if isinstance(failed, NotApplied):
                await self._in_thread(self._log.forget_token_creation, noted_at)
            if isinstance(failed, BadCertificate | ProxyRefused):
                raise
            raise NoToken(f"no token: {failed.message}") from failed
        if response.status_code in _OK:
            token = _read(response, noted_at)
            left = ((token.ends_at or noted_at) - noted_at) / 60_000
            _LOG.info("token created, good for %.0f min", left)
            return token
        if response.status_code not in _MAY_HAVE_CREATED:
            await self._in_thread(self._log.forget_token_creation, noted_at)
        raise self._turned_away(response)

    async def _note(self) -> int:
        """Wait for room and note a creation; returns the moment under which it is noted."""
        while True:
            await self._wait_for_room()
            now = self._clock.now_ms()
            if now < self._closed_until:
                seconds = (self._closed_until - now) / 1000
                raise NoToken(
                    "the token call is over its limit",
                    http_status=HTTPStatus.TOO_MANY_REQUESTS,
                    retry_after=seconds,
                )
            # Each creation has a moment of its own, so that each can be taken back by itself.
            self._noted_at = max(now, self._noted_at + 1)
            await self._in_thread(self._log.note_token_creation, self._noted_at)
            since = self._noted_at - CREATION_WINDOW_MS
            noted = await self._in_thread(self._log.token_creations, since)
            if sum(at <= self._noted_at for at in noted) <= MOST_CREATIONS:
                return self._noted_at
            # Another process was quicker by a moment.
            await self._in_thread(self._log.forget_token_creation, self._noted_at)

    async def _wait_for_room(self) -> None:
        noted = False
        while True:
            now = self._clock.now_ms()
            wait = next_creation_ms(await self._creations(now), now)
            if wait <= 0:
                return
            if self._settings.tokens > 1:
                # What waits here could go under another token; alone, it waits in its place.
                raise NoToken(
                    _ALL_CREATED,
                    http_status=HTTPStatus.TOO_MANY_REQUESTS,
                    retry_after=wait / 1000,
                )
            if not noted:
                noted = True
                self._progress.note(f"{_ALL_CREATED}: waiting {_minutes(wait)} for the next")
            end = self._clock.monotonic() + wait / 1000
            while (left := end - self._clock.monotonic()) > 0:
                if self._stop.requested:
                    raise Halted("stopped while waiting until a token may be created")
                await self._clock.sleep(left, self._stop)

    async def _creations(self, now: int) -> list[int]:
        since = now - 2 * CREATION_WINDOW_MS
        return await self._in_thread(self._log.token_creations, since)

    async def _in_thread(self, work: Callable[[str, int], T], at: int) -> T:
        # The log may wait for a disk or a lock; the pace of the other calls must not.
        return await asyncio.to_thread(work, self._account, at)

    def _turned_away(self, response: httpx.Response) -> Exception:
        status = response.status_code
        said = message_of(response)
        line = f"HTTP {status}: {said}" if said else f"HTTP {status}"
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status in _TRY_LATER:
            seconds = retry_after(response.headers, self._clock.now_ms())
            if status == HTTPStatus.TOO_MANY_REQUESTS:
                closed = LEAST_CLOSED if seconds is None else min(seconds, MOST_CLOSED)
                self._closed_until = self._clock.now_ms() + round(closed * 1000)
            return NoToken(f"no token: {line}", http_status=status, retry_after=seconds)
        said_no = failure(response, self._clock.now_ms())
        if isinstance(said_no, ForbiddenError) and not said_no.by_api:
            return said_no.stops(self._settings.base_url)
        if response.is_redirect:
            return CredentialsError(
                f"no token: the API points elsewhere (HTTP {status}), which is never followed; "
                "check BULKCALL_BASE_URL"
            )
        return CredentialsError(
            f"the API gives no token for these keys ({line}): check BULKCALL_CLIENT_ACCOUNT_ID, "
            "BULKCALL_KEY_ID and BULKCALL_API_KEY"
        )


def _read(response: httpx.Response, asked_at: int) -> Token:
    body = parse(response.content)
    text = body.get("token") if isinstance(body, dict) else None
    if not isinstance(body, dict) or not isinstance(text, str) or not _fits_a_header(text):
        status = response.status_code
        raise NoToken(f"no token: the answer can't be read (HTTP {status})", http_status=status)
    age = _age_ms(body.get("created_at"), server_time(response.headers), asked_at)
    return Token(Secret(text), asked_at, asked_at + TOKEN_LIFE_MS - age)


def _fits_a_header(text: str) -> bool:
    return bool(text) and text.isascii() and text.isprintable() and " " not in text


def _age_ms(created_at: object, server_now: float | None, asked_at: int) -> int:
    """Return how old a token was when it came; by the server's own clock, where it shows one."""
    if not isinstance(created_at, str):
        return 0
    try:
        made = datetime.fromisoformat(created_at)
    except ValueError:
        return 0
    if made.tzinfo is None:
        return 0
    now = asked_at / 1000 if server_now is None else server_now
    age = round((now - made.timestamp()) * 1000)
    # Beyond its life it would not have been handed out: then the clocks differ, not the age.
    return age if 0 < age < TOKEN_LIFE_MS else 0


def _minutes(milliseconds: int) -> str:
    seconds = -(-milliseconds // 1000)
    return f"{seconds} s" if seconds < 90 else f"{-(-seconds // 60)} min"  # noqa: PLR2004
