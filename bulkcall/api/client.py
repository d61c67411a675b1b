"""The API's calls over HTTP. Knows no file and no ledger."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self, TypeVar
from urllib.parse import urlsplit

import httpx

from bulkcall.api import responses
from bulkcall.api.auth import CALL, Call
from bulkcall.api.failures import ApiFailure, ForbiddenError, NotApplied, RateLimited
from bulkcall.api.http_client import open_client
from bulkcall.api.labels import MOST_PAGES, PAGE_LIMIT, Label, LabelListing, read_label_page
from bulkcall.api.requests import Paths, batch_body, record_body
from bulkcall.api.responses import BatchAnswer, RealtimeAnswer, StatusAnswer
from bulkcall.api.token_cache import hold_cached_tokens
from bulkcall.api.token_issuer import TokenIssuer, TokenLog
from bulkcall.api.token_session import RateLimiterFactory, TokenSession, default_state_dir
from bulkcall.api.tokens import CreatedToken, ReadyToken
from bulkcall.errors import CredentialsError, SettingsError
from bulkcall.progress import NullProgress, StopToken
from bulkcall.settings import is_loopback

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from bulkcall.clock import Clock
    from bulkcall.progress import Progress
    from bulkcall.ratelimit import Permit
    from bulkcall.records import CallRecord
    from bulkcall.settings import Settings

Answer = TypeVar("Answer", RealtimeAnswer, BatchAnswer, StatusAnswer, "LabelPage")
_NO_BATCH = "00000000-0000-0000-0000-000000000000"
_JSON = {"Content-Type": "application/json"}


@dataclass(frozen=True, slots=True)
class LabelPage:
    """One page of the listing of labels."""

    labels: list[Label]
    requests: int = 1


def _label_page(response: httpx.Response) -> LabelPage:
    return LabelPage(read_label_page(response))


class Api:
    """The API of one client account. An async context manager; close it when done.

    ::

        async with Api(settings, clock, token_log=ledger) as api:
            await api.open_slots()
            slot = api.slots[0]
            permit = await slot.realtime.acquire(stop)
            try:
                answer = await api.send_record(slot, record, permit)
            finally:
                permit.give_back()

    `transport` replaces the network (tests); `state_dir` is where tokens are kept for the next
    process, and the pace of tokens is shared with others (by default the user's state directory;
    with a `transport`, nowhere).
    Raises SettingsError for settings with which no call can be made.
    """

    def __init__(
        self,
        settings: Settings,
        clock: Clock,
        *,
        token_log: TokenLog,
        transport: httpx.AsyncBaseTransport | None = None,
        progress: Progress | None = None,
        stop: StopToken | None = None,
        state_dir: Path | None = None,
    ) -> None:
        _check(settings)
        self._settings = settings
        self._clock = clock
        self._progress: Progress = progress or NullProgress()
        self._stop = stop or StopToken()
        self._paths = Paths(settings.base_url, settings.client_account_id, settings.api_version)
        self._client = open_client(settings, transport)
        self._realtime = httpx.URL(self._paths.realtime)
        self._batch = httpx.URL(self._paths.batch)
        self._post_headers = [*self._client.headers.multi_items(), *_JSON.items()]
        self._issuer = TokenIssuer(
            settings,
            clock,
            client=self._client,
            url=self._paths.token,
            log=token_log,
            progress=self._progress,
            stop=self._stop,
        )
        if state_dir is None and transport is None:
            state_dir = default_state_dir()
        self._limiter_factory = RateLimiterFactory(settings, clock, self._progress, state_dir)
        self._places = (
            []
            if state_dir is None
            else hold_cached_tokens(state_dir / "tokens", settings, clock, self._wanted)
        )
        self.slots: Sequence[TokenSession] = [self._slot(number) for number in range(self._wanted)]
        """One for each of `settings.tokens` (one only with a ready token)."""
        self._opened = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        for slot in self.slots:
            if isinstance(slot.source, CreatedToken):
                await slot.source.close()
        await self._client.aclose()
        self._limiter_factory.close()
        for place in self._places:
            place.close()

    @property
    def _wanted(self) -> int:
        return 1 if self._settings.token else self._settings.tokens

    def _slot(self, number: int) -> TokenSession:
        settings = self._settings
        place = self._places[number] if number < len(self._places) else None
        try:
            limiters = self._limiter_factory.limiters(place)
        except OSError:
            place = None
            limiters = self._limiter_factory.limiters(place)
        if settings.token:
            source: ReadyToken | CreatedToken = ReadyToken(settings.token, self._clock.now_ms())
        else:
            source = CreatedToken(self._issuer, self._clock, place)
        return TokenSession(number, source, limiters, self._stop)

    async def open_slots(self) -> None:
        """Get every slot's token ahead, side by side within the cap.

        Where the cap leaves room for fewer than `settings.tokens`, the other slots are left out of
        `slots` and a note says so. Trouble that may pass is left to the calls, which get their
        token themselves where there is none yet. Does nothing the second time (a canary and then
        the rest are sent under the same tokens). Raises CredentialsError.
        """
        if self._settings.token or self._opened:
            return
        self._opened = True
        at_hand = sum(isinstance(s.source, CreatedToken) and s.source.at_hand for s in self.slots)
        room = max(1, at_hand + await self._issuer.room())
        if room < len(self.slots):
            self._progress.note(
                f"using {room} of {len(self.slots)} tokens: the API allows 10 new ones in 30 min"
            )
            self.slots = self.slots[:room]
        opened = await asyncio.gather(
            *(slot.source.get() for slot in self.slots), return_exceptions=True
        )
        for result in opened:
            if isinstance(result, BaseException) and not isinstance(result, NotApplied):
                raise result

    async def send_record(
        self, slot: TokenSession, record: CallRecord, permit: Permit
    ) -> RealtimeAnswer:
        """Send one record; `permit` comes from `slot.realtime`.

        Raises ApiFailure, CredentialsError.
        """
        request = self._post(self._realtime, record_body(record, self._settings.api_version))
        return await self._call(slot, request, permit, responses.realtime_answer)

    async def create_batch(
        self, slot: TokenSession, records: Sequence[CallRecord], permit: Permit
    ) -> BatchAnswer:
        """Send one batch (at most 500 records); `permit` comes from `slot.batch`.

        Raises ApiFailure, CredentialsError.
        """
        request = self._post(self._batch, batch_body(records, self._settings.api_version))
        return await self._call(slot, request, permit, responses.batch_answer)

    async def batch_status(
        self, slot: TokenSession, batch_id: str, stop: StopToken | None = None
    ) -> StatusAnswer:
        """Ask for a batch's status, after waiting for a permit of `slot.status`.

        Raises ApiFailure, CredentialsError, StopRequested.
        """
        permit = await slot.status.acquire(stop)
        request = self._client.build_request("GET", self._paths.status(batch_id))
        return await self._call(slot, request, permit, responses.status_answer)

    async def labels(self) -> LabelListing:
        """Ask for all of the account's labels, page by page.

        No page says which limit holds for it: each request takes a permit of the status limiter. A
        server that knows no pages gives the same one again; then that is all.

        Raises ApiFailure, CredentialsError, StopRequested.
        """
        slot = self.slots[0]
        found: dict[str, Label] = {}
        for page in range(1, MOST_PAGES + 1):
            permit = await slot.status.acquire(self._stop)
            request = self._client.build_request("GET", self._paths.labels(page, PAGE_LIMIT))
            answer = await self._call(slot, request, permit, _label_page)
            before = len(found)
            found |= {label.id: label for label in answer.labels}
            if len(answer.labels) < PAGE_LIMIT or len(found) == before:
                break
        return LabelListing(tuple(found.values()), self._clock.now_ms())

    async def probe(self) -> float | None:
        """Ask for a batch that there is not, to see whether the API takes the token.

        Return the server's time (epoch seconds), if its answer has it. Costs a token creation
        unless one is kept, and one status request. Raises ApiFailure, CredentialsError and
        StopRequested.
        """
        slot = self.slots[0]
        call = Call(await slot.status.acquire(self._stop))
        request = self._client.build_request("GET", self._paths.status(_NO_BATCH))
        request.extensions[CALL] = call
        try:
            response = await self._client.send(request, auth=slot.auth, follow_redirects=False)
            call.permit.answered()
        finally:
            call.permit.give_back()
        if not response.is_success:
            failure = responses.failure(response, self._clock.now_ms())
            if isinstance(failure, ForbiddenError):
                raise failure.stops(self._settings.base_url)
            if response.is_redirect or response.is_server_error:
                raise failure
        return responses.server_time(response.headers)

    def _post(self, url: httpx.URL, body: bytes) -> httpx.Request:
        # `build_request` would parse the address and merge the headers anew for each record.
        return httpx.Request("POST", url, headers=self._post_headers, content=body)

    async def _call(
        self,
        slot: TokenSession,
        request: httpx.Request,
        permit: Permit,
        read: Callable[[httpx.Response], Answer],
    ) -> Answer:
        """Send a request under its permit, and close it whatever becomes of it."""
        call = Call(permit)
        request.extensions[CALL] = call
        try:
            response = await self._client.send(request, auth=slot.auth, follow_redirects=False)
            if not response.is_success:
                raise responses.failure(response, self._clock.now_ms())
            answer = read(response)
        except CredentialsError as error:
            error.requests = call.requests
            raise
        except ApiFailure as failure:
            failure.requests = call.requests
            if isinstance(failure, RateLimited):
                call.permit.limited(failure.retry_after)
            elif failure.http_status is not None and call.requests:
                call.permit.answered()
            raise
        else:
            call.permit.answered()
            return answer if call.requests == 1 else replace(answer, requests=call.requests)
        finally:
            if call.requests:
                # No answer came, or the call was cancelled: the server may count it at any time.
                call.permit.lost()
            else:
                call.permit.give_back()


def _check(settings: Settings) -> None:
    parts = urlsplit(settings.base_url)
    if parts.scheme != "https" and not (
        parts.scheme == "http" and is_loopback(parts.hostname or "")
    ):
        raise SettingsError(
            "BULKCALL_BASE_URL: plain http would show token and phone numbers to the network; "
            "use https (http is for 127.0.0.1 and localhost only)"
        )
    if not settings.client_account_id:
        raise SettingsError("BULKCALL_CLIENT_ACCOUNT_ID is not set: whose calls are these?")
    if not settings.token and not (settings.key_id and settings.api_key):
        raise SettingsError(
            "no credentials: set BULKCALL_KEY_ID and BULKCALL_API_KEY, or BULKCALL_TOKEN"
        )
