"""A slot's token on each of its requests, as an `httpx.Auth`."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import httpx

from bulkcall.api.failures import Halted
from bulkcall.api.responses import bad_token
from bulkcall.errors import CredentialsError
from bulkcall.ratelimit import StopRequested

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from bulkcall.api.tokens import TokenSource
    from bulkcall.progress import StopToken
    from bulkcall.ratelimit import Permit

_LOG = logging.getLogger(__name__)
CALL = "bulkcall.call"
MOST_DEATHS = 3
"""Tokens that one call may see die; more of them are no accident."""


class Call:
    """One call as it goes on: the permit that it holds now, and how many requests it has sent."""

    __slots__ = ("permit", "requests")

    def __init__(self, permit: Permit) -> None:
        self.permit = permit
        self.requests = 0


class TokenAuth(httpx.Auth):
    """Puts the slot's token on a request, and another one where the server turns it away.

    A request that was turned away with a bad token was not applied, so it may go again; it waits
    for a new permit of its limiter first, like every request. Its `Call` is an extension of it.
    """

    def __init__(self, source: TokenSource, stop: StopToken) -> None:
        self._source = source
        self._stop = stop

    async def async_auth_flow(
        self, request: httpx.Request
    ) -> AsyncGenerator[httpx.Request, httpx.Response]:
        """Authorise, and replace a dead token.

        Once, as a rule; again only where the replacement was taken for another call meanwhile, so
        that it is no key pair that is wrong, and it is dead already.
        """
        call: Call = request.extensions[CALL]
        token = await self._source.get()
        if call.permit.stop is not None and call.permit.stop.requested:
            # There may have been a long wait for a token since the permit was granted.
            raise Halted("stopped before it could go out")
        for deaths in range(MOST_DEATHS + 1):
            request.headers["Authorization"] = f"Bearer {token.secret.reveal()}"
            call.requests += 1
            response = yield request
            if not bad_token(response):
                token.proved = True
                return
            if deaths == MOST_DEATHS or (deaths and not token.proved):
                break
            _LOG.info("a token was turned away (HTTP %d): replacing it", response.status_code)
            limiter = call.permit.limiter
            call.permit.answered()
            token = await self._source.replace(token)
            try:
                call.permit = await limiter.acquire(call.permit.stop or self._stop)
            except StopRequested as asked:
                raise Halted("stopped before it could go again under a new token") from asked
        raise CredentialsError(
            "the API turns away a token that was just replaced (HTTP 401): check that the key "
            "pair belongs to BULKCALL_CLIENT_ACCOUNT_ID and may use this API"
        )
