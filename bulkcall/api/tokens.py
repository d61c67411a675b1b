"""Tokens: got, kept, renewed ahead of their end, replaced once when the server no longer takes one.

A token is a `Secret` everywhere but on the wire. Renewals of one slot happen one at a time;
creations of one account stay within the cap over all runs, because each is written down before it
is asked for.
"""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Protocol

import httpx

from bulkcall.api.failures import ApiFailure, NoToken, NotTaken
from bulkcall.api.reading import message_of, parse, retry_after, server_time
from bulkcall.api.wire import token_body
from bulkcall.errors import CredentialsError
from bulkcall.pace import CREATION_WINDOW_MS, next_creation_ms, room_for_tokens
from bulkcall.settings import Secret

if TYPE_CHECKING:
    from bulkcall.api.client import TokenLog
    from bulkcall.clock import Clock
    from bulkcall.progress import Progress, Stop
    from bulkcall.settings import Settings

TOKEN_LIFE_MS = 60 * 60 * 1000
RENEW_AHEAD_MS = 3 * 60 * 1000
JUST_CREATED_MS = 60_000
LOOK_UP = 0.25
RETRY_RENEWAL_MS = 15_000
_TRY_LATER = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS}
_OK = range(200, 300)


@dataclass(eq=False, slots=True)
class Token:
    """One bearer token. Times are our clock's epoch milliseconds."""

    secret: Secret
    made_at: int
    ends_at: int | None
    """None: not known (a ready token)."""
    proved: bool = False
    """The server has taken it at least once."""


class TokenSource(Protocol):
    """Where one slot's token comes from."""

    async def get(self) -> Token:
        """Give the token to use now."""
        ...

    async def replace(self, dead: Token) -> Token:
        """Give another token in place of one that the server did not take."""
        ...


class ReadyToken:
    """A token that the user brought (`BULKCALL_TOKEN`); there is no other."""

    def __init__(self, secret: Secret, now_ms: int) -> None:
        self._token = Token(secret, now_ms, None)

    async def get(self) -> Token:
        """Give it."""
        return self._token

    async def replace(self, dead: Token) -> Token:
        """Raise CredentialsError: nothing can take its place."""
        raise CredentialsError(
            "the API does not accept the token in BULKCALL_TOKEN "
            + ("any more" if dead.proved else "(HTTP 401)")
            + ": set a new one, or a key pair (BULKCALL_KEY_ID, BULKCALL_API_KEY), and resume"
        )


class TokenOffice:
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
        stop: Stop,
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
        # One account on one server: an emulator on loopback has a cap of its own.
        self._account = f"{settings.base_url} {settings.client_account_id}"

    async def room(self) -> int:
        """Tell how many tokens may be created now."""
        now = self._clock.now_ms()
        return room_for_tokens(await self._creations(now), now)

    async def create(self) -> Token:
        """Create a token, waiting for the cap where it is reached.

        Raises CredentialsError where the key pair is no good, NoToken where the trouble may pass.
        """
        async with self._counter:
            await self._wait_for_room()
            now = self._clock.now_ms()
            if now < self._closed_until:
                seconds = (self._closed_until - now) / 1000
                raise NoToken("the token call is over its limit", retry_after=seconds)
            await asyncio.to_thread(self._log.note_token_creation, self._account, now)
        return await self._ask(now)

    async def _wait_for_room(self) -> None:
        told = False
        while True:
            now = self._clock.now_ms()
            wait = next_creation_ms(await self._creations(now), now)
            if wait <= 0:
                return
            if not told:
                told = True
                self._progress.note(
                    "10 tokens were created in the last 30 minutes, all that the API allows: "
                    f"waiting {_minutes(wait)} for the next"
                )
            end = self._clock.monotonic() + wait / 1000
            while (left := end - self._clock.monotonic()) > 0:
                if self._stop.requested:
                    raise NoToken("stopped while waiting until a token may be created")
                await self._clock.sleep(min(left, LOOK_UP))

    async def _creations(self, now: int) -> list[int]:
        since = now - 2 * CREATION_WINDOW_MS
        return await asyncio.to_thread(self._log.token_creations, self._account, since)

    async def _ask(self, asked_at: int) -> Token:
        try:
            response = await self._client.post(
                self._url,
                content=self._body,
                headers={"Content-Type": "application/json", "X-Public-Access": "allow"},
                auth=httpx.Auth(),
            )
        except ApiFailure as failure:
            raise NoToken(f"no token: {failure.message}") from failure
        status = response.status_code
        if status in _OK:
            return self._read(response, asked_at)
        said = message_of(response)
        line = f"HTTP {status}: {said}" if said else f"HTTP {status}"
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status in _TRY_LATER:
            seconds = retry_after(response.headers, self._clock.now_ms())
            if status == HTTPStatus.TOO_MANY_REQUESTS:
                self._closed_until = self._clock.now_ms() + round(min(seconds or 1.0, 60.0) * 1000)
            raise NoToken(f"no token: {line}", http_status=status, retry_after=seconds)
        if response.is_redirect:
            raise CredentialsError(
                f"no token: the API points elsewhere (HTTP {status}), which is never followed; "
                "check BULKCALL_BASE_URL"
            )
        raise CredentialsError(
            f"the API gives no token for these keys ({line}): check BULKCALL_CLIENT_ACCOUNT_ID, "
            "BULKCALL_KEY_ID and BULKCALL_API_KEY"
        )

    def _read(self, response: httpx.Response, asked_at: int) -> Token:
        told = parse(response.content)
        text = told.get("token") if isinstance(told, dict) else None
        if not isinstance(text, str) or not _fits_a_header(text):
            raise NoToken(
                f"no token: the answer can't be read (HTTP {response.status_code})",
                http_status=response.status_code,
            )
        assert isinstance(told, dict)  # noqa: S101 - text came out of it
        age = _age_ms(told.get("created_at"), server_time(response.headers), asked_at)
        return Token(Secret(text), asked_at, asked_at + TOKEN_LIFE_MS - age)


class CreatedToken:
    """One slot's token, created when first needed."""

    def __init__(self, office: TokenOffice, clock: Clock) -> None:
        self._office = office
        self._clock = clock
        self._token: Token | None = None
        self._one_at_a_time = asyncio.Lock()
        self._renewal: asyncio.Task[None] | None = None
        self._not_before = 0

    async def get(self) -> Token:
        """Give the token; near its end a new one is got beside the calls that use the old one."""
        token = self._token
        now = self._clock.now_ms()
        if token is not None and token.ends_at is not None:
            if now < token.ends_at - RENEW_AHEAD_MS:
                return token
            if now < token.ends_at:
                if self._renewal is None and now >= self._not_before:
                    self._renewal = asyncio.create_task(self._renew(token))
                return token
        return await self._another(token)

    async def replace(self, dead: Token) -> Token:
        """Give another token in place of a dead one; only the first to ask has one created."""
        if self._token is dead and not dead.proved:
            age = self._clock.now_ms() - dead.made_at
            if age < JUST_CREATED_MS:
                raise CredentialsError(
                    "the API turns away a token just created (HTTP 401): check that the "
                    "key pair belongs to BULKCALL_CLIENT_ACCOUNT_ID and may use this API"
                )
        return await self._another(dead)

    async def _another(self, instead_of: Token | None) -> Token:
        async with self._one_at_a_time:
            if self._token is None or self._token is instead_of:
                self._token = await self._office.create()
            return self._token

    async def _renew(self, old: Token) -> None:
        try:
            # Trouble here is no trouble yet: the old token is good for some minutes more.
            with contextlib.suppress(NotTaken, CredentialsError):
                await self._another(old)
            self._not_before = self._clock.now_ms() + RETRY_RENEWAL_MS
        finally:
            self._renewal = None

    async def close(self) -> None:
        """End a renewal that is under way."""
        if self._renewal is not None:
            self._renewal.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._renewal


def _fits_a_header(text: str) -> bool:
    return bool(text) and text.isascii() and text.isprintable() and " " not in text


def _age_ms(created_at: object, server_now: float | None, asked_at: int) -> int:
    """Tell how old a token was when it came; by the server's own clock, where it shows one."""
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
