"""Tokens: got, kept, renewed ahead of their end, replaced once when the server no longer takes one.

A token is a `Secret` everywhere but on the wire. Renewals of one slot happen one at a time, however
many of its calls ask for one at once.
"""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from bulkcall.api.failures import NotApplied
from bulkcall.errors import CredentialsError, StoppedError

if TYPE_CHECKING:
    from bulkcall.clock import Clock
    from bulkcall.settings import Secret

RENEW_AHEAD_MS = 3 * 60 * 1000
"""How long before its end a token is renewed, beside the calls that still use it."""
RETRY_RENEWAL_MS = 15_000
JUST_CREATED_MS = 60_000
"""A younger token that the server never took means that the key pair is no good."""


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
        """Return the token to use now."""
        ...

    async def replace(self, dead: Token) -> Token:
        """Return another token in place of one that the server did not take."""
        ...


class TokenMaker(Protocol):
    """What creates tokens (`token_issuer.TokenIssuer`)."""

    async def create(self) -> Token:
        """Create a token."""
        ...


class TokenPlace(Protocol):
    """Where a created token is kept for the next process (`token_cache.CachedToken`)."""

    def take(self) -> Token | None:
        """Return the token that is kept there, if it is good for some minutes."""
        ...

    def keep(self, token: Token) -> None:
        """Keep this one there."""
        ...

    def drop(self) -> None:
        """Forget the one that is kept there."""
        ...


class ReadyToken:
    """A token that the user brought (`BULKCALL_TOKEN`); there is no other."""

    def __init__(self, secret: Secret, now_ms: int) -> None:
        self._token = Token(secret, now_ms, None)

    async def get(self) -> Token:
        """Return it."""
        return self._token

    async def replace(self, dead: Token) -> Token:
        """Raise CredentialsError: nothing can take its place."""
        raise CredentialsError(
            "the API does not accept the token in BULKCALL_TOKEN "
            + ("any more" if dead.proved else "(HTTP 401)")
            + ": set a new one, or a key pair (BULKCALL_KEY_ID, BULKCALL_API_KEY), and resume"
        )


class CreatedToken:
    """One slot's token: kept by an earlier process, or created when first needed."""

    def __init__(self, issuer: TokenMaker, clock: Clock, place: TokenPlace | None = None) -> None:
        self._issuer = issuer
        self._clock = clock
        self._place = place
        self.created = False
        """Whether the server has given a token in this process."""
        self._token: Token | None = None
        self._one_at_a_time = asyncio.Lock()
        self._renewal: asyncio.Task[None] | None = None
        self._not_before = 0

    @property
    def at_hand(self) -> bool:
        """Whether there is a token for now, so that none has to be created."""
        return self._token is not None or self._kept() is not None

    async def get(self) -> Token:
        """Return the token; near its end a new one is got beside the calls that use the old one."""
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
        """Return another token in place of a dead one; only the first to ask has one created."""
        if self._token is dead and self._place is not None:
            self._place.drop()
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
                kept = self._kept() if self._token is None else None
                self._token = kept or await self._created()
            return self._token

    def _kept(self) -> Token | None:
        return None if self._place is None else self._place.take()

    async def _created(self) -> Token:
        token = await self._issuer.create()
        self.created = True
        if self._place is not None:
            self._place.keep(token)
        return token

    async def _renew(self, old: Token) -> None:
        try:
            # Trouble here is no trouble yet: the old token is good for some minutes more.
            with contextlib.suppress(NotApplied, StoppedError):
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
