"""One request from its turn to the ledger: sent, ruled on, written down."""

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
"""Seconds that a lane rests at most because a 503 named a time."""


class RequestWorker:
    """Takes parcels out and brings back what became of them."""

    def __init__(
        self,
        api: Api,
        feed: Prefetch,
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
        self._feed = feed
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
        lane: RateLimiter,
        parcel: OutboundRequest,
        turn: Permit,
        *,
        probe: bool,
    ) -> None:
        """Send a parcel and have its result written.

        Raises what ends the run (CredentialsError, ServerAwayError, UnreadableError,
        TurnedDownError, and whatever was not foreseen), after the result has been put to be written
        all the same.
        """
        if self._too_late(parcel):
            return
        try:
            if parcel.batch is None:
                answer: RealtimeAnswer | BatchAnswer = await self._api.send_record(
                    slot, parcel.records()[0], turn
                )
            else:
                answer = await self._api.create_batch(slot, parcel.records(), turn)
        except ApiFailure as failure:
            _log_failure(parcel, failure)
            self._failed(slot, lane, parcel, failure, probe=probe)
            return
        except Exception as error:
            self._stopped(parcel, error)
            raise
        self._health.answered(len(parcel.rows))
        _log_answer(parcel, answer)
        if parcel.batch is not None and len(parcel.rows) == 1:
            # It was named as the bad one, and is not: such hints mean something else here.
            self._hints = self._hints and parcel.rows[0].row not in self._named
        ruling = decide.answered(parcel, answer, at=self._clock.now_ms())
        self._write(parcel, ruling, answer.requests)
        self._health.settled(ruling)

    def _too_late(self, parcel: OutboundRequest) -> bool:
        """Whether time has passed a row by since it was taken; then the parcel does not go.

        A batch goes back to the ledger, to be formed again without it (or with a later stamp).
        """
        now = self._clock.now_ms()
        if all(parcel.ends_at(row) > now for row in parcel.rows):
            return False
        rows = parcel.numbers
        again = parcel.batch is not None
        self._writer.put(
            [GivenBack(rows) if again else Expired(rows, now)],
            written=lambda: self._settled(0 if again else len(rows)),
        )
        self._feed.dropped(parcel, again=again)
        return True

    def _failed(
        self,
        slot: TokenSession,
        lane: RateLimiter,
        parcel: OutboundRequest,
        failure: ApiFailure,
        *,
        probe: bool,
    ) -> None:
        problem: Exception | None = None
        away = self._health.away
        if failure.requests and slot.welcomed:
            self._health.reached()
        try:
            self._health.failed(failure, parcel)
        except StoppedError as error:
            problem, away = error, True
        if isinstance(failure, NoToken):
            lane.pause(failure.retry_after or self._backoff.ceiling(3))
        elif isinstance(failure, Unavailable) and failure.retry_after:
            lane.pause(min(failure.retry_after, LONGEST_REST))
        if isinstance(failure, NoToken | RateLimited | Unavailable):
            self._health.paused(lane.paused, failure.message)
            _LOG.info("token %d: %s lane pauses for %.1f s", slot.number, lane.name, lane.paused)
        ruling = decide.failed(
            parcel,
            failure,
            at=self._clock.now_ms(),
            max_tries=self._max_tries,
            resend=self._resend,
            away=away or self._health.away,
            backoff=self._backoff,
            hints=self._hints,
        )
        if ruling.named is not None:
            self._named.add(ruling.named)
        about_row = not isinstance(failure, NoToken | RateLimited)
        if probe and failure.http_status is not None and about_row:
            # It may be this row that the server can't take: another one is to try next.
            later = [replace(part, wait=self._backoff.cap) for part in ruling.later]
            ruling = replace(ruling, later=later)
        # No connection: the request that the API counted has not carried anything.
        unsent = isinstance(failure, Unreachable) and failure.requests
        self._write(parcel, ruling, failure.requests - int(bool(unsent)))
        if problem is not None:
            raise problem
        self._health.settled(ruling)

    def _stopped(self, parcel: OutboundRequest, error: Exception) -> None:
        now, rows, text = self._clock.now_ms(), parcel.numbers, str(error)
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
        self._write(parcel, Decision([event], later=[Requeue(rows, 0.0)]), requests)

    def _write(self, parcel: OutboundRequest, ruling: Decision, requests: int) -> None:
        first = 0 if parcel.again or not requests else 1
        self._writer.put(
            ruling.events,
            requests=requests,
            retries=requests - first,
            written=lambda: self._settled(ruling.settled),
        )
        later = (
            ruling.later
            if requests
            else [
                Requeue(part.rows, part.wait, part.urgent, tried=parcel.again)
                for part in ruling.later
            ]
        )
        self._feed.done(parcel, settled=ruling.settled, later=later)


def _log_answer(parcel: OutboundRequest, answer: RealtimeAnswer | BatchAnswer) -> None:
    # Never what the server says of a row: it may name the row's numbers.
    if isinstance(answer, BatchAnswer):
        about = {"batch_id": answer.batch_id}
        _LOG.info("batch %s accepted: %d rows", parcel.batch, len(parcel.rows), extra=about)
    else:
        _LOG.debug("row %d answered: HTTP %d", parcel.rows[0].row, answer.http_status)


def _log_failure(parcel: OutboundRequest, failure: ApiFailure) -> None:
    what = f"row {parcel.rows[0].row}" if parcel.batch is None else f"batch {parcel.batch}"
    status = "no answer" if failure.http_status is None else f"HTTP {failure.http_status}"
    level = logging.DEBUG if parcel.batch is None else logging.INFO
    _LOG.log(level, "%s, %d rows: %s (%s)", what, len(parcel.rows), type(failure).__name__, status)


async def finish(tasks: set[asyncio.Task[None]]) -> None:
    """Wait until every task of a growing or shrinking set has ended."""
    while tasks:
        await asyncio.wait(tasks)
