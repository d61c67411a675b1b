"""One request from its permit to the ledger: sent, decided on, written down."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from typing import TYPE_CHECKING

from bulkcall.api import (
    ApiFailure,
    BatchAnswer,
    NoToken,
    RateLimited,
    Unavailable,
    Unreachable,
)
from bulkcall.errors import CredentialsError, StoppedError
from bulkcall.ledger import Doubtful, Expired, GivenBack, TurnedAway
from bulkcall.send import decide
from bulkcall.send.outbound import Decision, Requeue

if TYPE_CHECKING:
    from collections.abc import Callable

    from bulkcall.api import Api, RealtimeAnswer, TokenSession
    from bulkcall.clock import Clock
    from bulkcall.ledger import Event
    from bulkcall.ratelimit import Permit, RateLimiter
    from bulkcall.send.ledger_writer import LedgerWriter
    from bulkcall.send.outbound import OutboundRequest
    from bulkcall.send.prefetch import Prefetch
    from bulkcall.send.retry import Backoff
    from bulkcall.send.server_health import ServerHealth

_LOG = logging.getLogger(__name__)
LONGEST_REST = 60.0
"""Seconds that a limiter rests at most because a 503 named a time."""


class RequestWorker:
    """Takes requests out and brings back what became of them."""

    def __init__(
        self,
        api: Api,
        prefetch: Prefetch,
        writer: LedgerWriter,
        health: ServerHealth,
        *,
        clock: Clock,
        backoff: Backoff,
        max_tries: int,
        resend: bool,
        settled: Callable[[int], None],
    ) -> None:
        self._api = api
        self._prefetch = prefetch
        self._writer = writer
        self._health = health
        self._clock = clock
        self._backoff = backoff
        self._max_tries = max_tries
        self._resend = resend
        self._settled = settled
        self._named: set[int] = set()
        self._hints = True

    async def deliver(
        self,
        slot: TokenSession,
        limiter: RateLimiter,
        request: OutboundRequest,
        permit: Permit,
        *,
        probe: bool,
    ) -> None:
        """Send a request and have its result written.

        Raises what ends the run (CredentialsError, ServerAwayError, UnreadableError,
        TurnedDownError, and whatever was not foreseen), after the result has been put to be written
        all the same.
        """
        if self._too_late(request):
            return
        try:
            if request.batch is None:
                answer: RealtimeAnswer | BatchAnswer = await self._api.send_record(
                    slot, request.records()[0], permit
                )
            else:
                answer = await self._api.create_batch(slot, request.records(), permit)
        except ApiFailure as failure:
            _log_failure(request, failure)
            self._failed(slot, limiter, request, failure, probe=probe)
            return
        except Exception as error:
            self._stopped(request, error)
            raise
        self._health.answered(len(request.rows))
        _log_answer(request, answer)
        if request.batch is not None and len(request.rows) == 1:
            # It was named as the bad one, and is not: such hints mean something else here.
            self._hints = self._hints and request.rows[0].row not in self._named
        decision = decide.answered(request, answer, at=self._clock.now_ms())
        self._write(request, decision, answer.requests)
        self._health.settled(decision)

    def _too_late(self, request: OutboundRequest) -> bool:
        """Whether time has passed a row by since it was taken; then the request does not go.

        A batch goes back to the ledger, to be formed again without it (or with a later stamp).
        """
        now = self._clock.now_ms()
        if all(request.ends_at(row) > now for row in request.rows):
            return False
        rows = request.numbers
        again = request.batch is not None
        self._writer.put(
            [GivenBack(rows) if again else Expired(rows, now)],
            written=lambda: self._settled(0 if again else len(rows)),
        )
        self._prefetch.dropped(request, again=again)
        return True

    def _failed(
        self,
        slot: TokenSession,
        limiter: RateLimiter,
        request: OutboundRequest,
        failure: ApiFailure,
        *,
        probe: bool,
    ) -> None:
        problem: Exception | None = None
        away = self._health.away
        if failure.requests and slot.welcomed:
            self._health.reached()
        try:
            self._health.failed(failure, request)
        except StoppedError as error:
            problem, away = error, True
        if isinstance(failure, NoToken):
            limiter.pause(failure.retry_after or self._backoff.ceiling(3))
        elif isinstance(failure, Unavailable) and failure.retry_after:
            limiter.pause(min(failure.retry_after, LONGEST_REST))
        if isinstance(failure, NoToken | RateLimited | Unavailable):
            self._health.paused(limiter.paused, failure.message)
            _LOG.info(
                "token %d: %s limiter pauses for %.1f s", slot.number, limiter.name, limiter.paused
            )
        decision = decide.failed(
            request,
            failure,
            at=self._clock.now_ms(),
            max_tries=self._max_tries,
            resend=self._resend,
            away=away or self._health.away,
            backoff=self._backoff,
            hints=self._hints,
        )
        if decision.named is not None:
            self._named.add(decision.named)
        about_row = not isinstance(failure, NoToken | RateLimited)
        if probe and failure.http_status is not None and about_row:
            # It may be this row that the server can't take: another one is to try next.
            later = [replace(part, wait=self._backoff.cap) for part in decision.later]
            decision = replace(decision, later=later)
        # No connection: the request that the API counted has not carried anything.
        unsent = isinstance(failure, Unreachable) and failure.requests
        self._write(request, decision, failure.requests - int(bool(unsent)))
        if problem is not None:
            raise problem
        self._health.settled(decision)

    def _stopped(self, request: OutboundRequest, error: Exception) -> None:
        now, rows, text = self._clock.now_ms(), request.numbers, str(error)
        event: Event
        if isinstance(error, StoppedError):
            event = TurnedAway(rows, now, None, text, spend_try=False)
        else:
            # Not foreseen, so nothing is known: it may have been sent.
            event = Doubtful(rows, now, None, f"{type(error).__name__}: {text}", again=self._resend)
        if isinstance(error, CredentialsError):
            requests = error.requests
        else:
            requests = 0 if isinstance(error, StoppedError) else 1
        self._write(request, Decision([event], later=[Requeue(rows, 0.0)]), requests)

    def _write(self, request: OutboundRequest, decision: Decision, requests: int) -> None:
        first = 0 if request.again or not requests else 1
        self._writer.put(
            decision.events,
            requests=requests,
            retries=requests - first,
            written=lambda: self._settled(decision.settled),
        )
        later = (
            decision.later
            if requests
            else [
                Requeue(part.rows, part.wait, part.urgent, tried=request.again)
                for part in decision.later
            ]
        )
        self._prefetch.done(request, settled=decision.settled, later=later)


def _log_answer(request: OutboundRequest, answer: RealtimeAnswer | BatchAnswer) -> None:
    # Never what the server says of a row: it may name the row's numbers.
    if isinstance(answer, BatchAnswer):
        about = {"batch_id": answer.batch_id}
        _LOG.info("batch %s accepted: %d rows", request.batch, len(request.rows), extra=about)
    else:
        _LOG.debug("row %d answered: HTTP %d", request.rows[0].row, answer.http_status)


def _log_failure(request: OutboundRequest, failure: ApiFailure) -> None:
    what = f"row {request.rows[0].row}" if request.batch is None else f"batch {request.batch}"
    status = "no answer" if failure.http_status is None else f"HTTP {failure.http_status}"
    level = logging.DEBUG if request.batch is None else logging.INFO
    _LOG.log(level, "%s, %d rows: %s (%s)", what, len(request.rows), type(failure).__name__, status)


async def finish(tasks: set[asyncio.Task[None]]) -> None:
    """Wait until every task of a growing or shrinking set has ended."""
    while tasks:
        await asyncio.wait(tasks)
