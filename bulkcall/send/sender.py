"""Sending: rows from the ledger out through every token's limiter, and what became of them back."""

from __future__ import annotations

import asyncio
import contextlib
import random
from typing import TYPE_CHECKING

from bulkcall.api import BATCH_LIMITS, REALTIME_LIMITS, UnreadableAnswers
from bulkcall.errors import LedgerError, StopCause
from bulkcall.progress import StopToken
from bulkcall.ratelimit import StopRequested
from bulkcall.records import Channel, OnUnknown
from bulkcall.send import gc_pause
from bulkcall.send.circuit_breaker import REFUSED_IN_A_ROW, CircuitBreaker, RejectionRate
from bulkcall.send.ledger_writer import LedgerWriter
from bulkcall.send.prefetch import Prefetch
from bulkcall.send.request_worker import RequestWorker, finish
from bulkcall.send.retry import Backoff
from bulkcall.send.row_queue import BatchQueue, RealtimeQueue
from bulkcall.send.server_health import Admission, ServerHealth
from bulkcall.send.timing import DEFAULT_TIMING

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from bulkcall.api import Api, TokenSession
    from bulkcall.clock import Clock
    from bulkcall.ledger import Ledger, RunInfo
    from bulkcall.progress import Progress
    from bulkcall.ratelimit import Permit, RateLimiter
    from bulkcall.send.outbound import OutboundRequest
    from bulkcall.send.row_queue import RowQueue
    from bulkcall.send.timing import Timing
    from bulkcall.settings import Settings

STAGE = "send"

UNREADABLE_LIMITS = {Channel.REALTIME: REALTIME_LIMITS, Channel.BATCH: BATCH_LIMITS}

UNREACHABLE = 5
"""Requests in a row without any answer that make a server seem away."""

OVERLOADED = {Channel.REALTIME: 20, Channel.BATCH: 5}
"""Different requests in a row answered 5xx that do."""

SHUTDOWN_FLUSH_SECONDS = 1.0
"""Seconds that a cancelled run takes to write down what it already knows."""


async def send(
    ledger: Ledger,
    run: RunInfo,
    api: Api,
    settings: Settings,
    *,
    clock: Clock,
    progress: Progress,
    stop: StopToken,
    limit: int | None = None,
    on_unknown: OnUnknown = OnUnknown.RESEND,
    stamp_unit_ms: Callable[[], int] = lambda: 1,
    timing: Timing = DEFAULT_TIMING,
) -> None:
    """Send all rows of a run that wait, or the first `limit` of them (canary).

    Returns when none waits any more or `stop` was requested; all that was in flight has then ended
    and is written down, and rows that were taken but not sent are given back.

    `stamp_unit_ms` says how near two times may be to look alike in this server's batch status, as
    far as that is known by now; 0: all do.

    Raises:
        CredentialsError: the API does not accept the credentials.
        ServerAwayError: the server was away for longer than the settings allow.
        UnreadableError: most recent answers can't be read.
        TurnedDownError: most rows are turned down for one reason.
        LedgerError: the ledger can't be written; nothing more is sent.
    """
    async with LedgerWriter(ledger, run.run_id) as writer:
        sender = Sender(
            ledger,
            run,
            api,
            settings,
            writer=writer,
            clock=clock,
            progress=progress,
            limit=limit,
            resend=on_unknown is OnUnknown.RESEND,
            stamp_unit_ms=stamp_unit_ms,
            stop=stop,
            timing=timing,
        )
        await sender.run()


class Sender:
    """One run's sending, on one channel; its parts are handed in."""

    def __init__(
        self,
        ledger: Ledger,
        run: RunInfo,
        api: Api,
        settings: Settings,
        *,
        writer: LedgerWriter,
        clock: Clock,
        progress: Progress,
        limit: int | None,
        resend: bool,
        stamp_unit_ms: Callable[[], int],
        stop: StopToken,
        timing: Timing,
    ) -> None:
        self._ledger = ledger
        self._run = run
        self._api = api
        self._settings = settings
        self._writer = writer
        self._clock = clock
        self._progress = progress
        self._limit = limit
        self._resend = resend
        self._stamp_unit_ms = stamp_unit_ms
        self._timing = timing
        self._halt = StopToken(stop)
        # Over once nothing is left as well: who waits for a permit then, waits for nothing.
        self._over = StopToken(self._halt)
        writer.on_error = self._end
        self._fatal: Exception | None = None
        self._in_flight: set[asyncio.Task[None]] = set()
        self._backoff = Backoff(*timing.row_backoff, draw=random.random)
        self._rejections = RejectionRate(settings.turned_down_share, settings.turned_down_count)
        self._health = ServerHealth(
            CircuitBreaker(
                unreachable=UNREACHABLE,
                overloaded=OVERLOADED[run.channel],
                away_timeout=settings.away_timeout,
                first_contact_timeout=settings.first_contact_timeout,
                backoff=Backoff(*timing.probe_backoff, draw=random.random),
            ),
            self._rejections,
            UnreadableAnswers(
                UNREADABLE_LIMITS[run.channel],
                suspect=run.stop_cause is StopCause.UNREADABLE,
            ),
            unreadable_backoff=Backoff(*timing.unreadable_backoff, draw=random.random),
            clock=clock,
            progress=progress,
            base_url=settings.base_url,
            pause_worth_noting=timing.pause_worth_noting,
        )

    async def run(self) -> None:
        """Send until nothing waits, a stop is requested, or something ends the run."""
        waiting = await self._writer.call(
            lambda: self._ledger.waiting(self._run.run_id, with_doubt=self._resend)
        )
        if self._run.channel is Channel.BATCH and waiting >= self._settings.turned_down_count:
            self._rejections.in_a_row = REFUSED_IN_A_ROW
        total = waiting if self._limit is None else min(waiting, self._limit)
        self._progress.begin(STAGE, total)
        expiry = self._start(self._expire_now_and_then())
        try:
            await self._expire()
            if total and not self._halt.requested:
                await self._api.open_slots()
                with gc_pause.settled():
                    await self._send_all()
            if self._fatal is not None:
                raise self._fatal
            await self._expire()
        finally:
            expiry.cancel()
            await asyncio.gather(expiry, return_exceptions=True)
            self._progress.end(STAGE)

    async def _send_all(self) -> None:
        slots = self._api.slots
        limiters = [self._limiter(slot) for slot in slots]
        prefetch = Prefetch(
            self._queue(),
            self._writer,
            limiters,
            away=lambda: self._health.cautious,
            limit=self._limit,
            clock=self._clock,
            patience=self._timing.token_patience,
        )
        worker = RequestWorker(
            self._api,
            prefetch,
            self._writer,
            self._health,
            clock=self._clock,
            backoff=self._backoff,
            max_tries=self._settings.max_tries,
            resend=self._resend,
            settled=self._settled,
        )
        workers = [self._start(self._keep_fed(prefetch))]
        workers += [self._start(self._dispatch(slot, prefetch, worker)) for slot in slots]
        try:
            await asyncio.wait(workers)
            await finish(self._in_flight)
            if not isinstance(self._fatal, LedgerError):
                await self._writer.flush()
        except asyncio.CancelledError:
            await self._leave([*workers, *self._in_flight], prefetch)
            raise

    def _queue(self) -> RowQueue:
        run_id, settings = self._run.run_id, self._settings
        if self._run.channel is Channel.REALTIME:
            return RealtimeQueue(
                self._ledger, self._writer, run_id, self._clock, with_doubt=self._resend
            )
        return BatchQueue(
            self._ledger,
            self._writer,
            run_id,
            self._clock,
            with_doubt=self._resend,
            size=settings.batch_size,
            stamp=settings.stamp,
            stamp_unit_ms=self._stamp_unit_ms,
            note=self._progress.note,
        )

    def _limiter(self, slot: TokenSession) -> RateLimiter:
        return slot.realtime if self._run.channel is Channel.REALTIME else slot.batch

    async def _keep_fed(self, prefetch: Prefetch) -> None:
        try:
            await prefetch.run(self._halt)
        finally:
            self._over.request("nothing is left to send")

    # -- tokens ----------------------------------------------------------------------------------

    async def _dispatch(
        self, slot: TokenSession, prefetch: Prefetch, worker: RequestWorker
    ) -> None:
        """Hand each of a token's permits to the first ready request."""
        limiter = self._limiter(slot)
        while await prefetch.available() and not self._halt.requested:
            alone = False
            try:
                await self._health.admissible(self._over)
                permit = await limiter.acquire(self._over)
                admission = self._health.admit()
                alone = admission in (Admission.FIRST, Admission.PROBE)
                request = None if admission is None else prefetch.pop()
                if request is None:
                    permit.give_back()
                    # Another token was quicker: let the prefetch have its turn of the loop.
                    await asyncio.sleep(0)
                    continue
                task = asyncio.create_task(
                    self._deliver(slot, limiter, worker, request, permit, admission=admission)
                )
                alone = False  # ended by the delivery
                self._in_flight.add(task)
                task.add_done_callback(self._in_flight.discard)
            except StopRequested:
                return
            finally:
                if alone:
                    self._health.probed(used=False)

    async def _deliver(
        self,
        slot: TokenSession,
        limiter: RateLimiter,
        worker: RequestWorker,
        request: OutboundRequest,
        permit: Permit,
        *,
        admission: Admission | None,
    ) -> None:
        probe = admission is Admission.PROBE
        try:
            await worker.deliver(slot, limiter, request, permit, probe=probe)
        except Exception as error:  # noqa: BLE001 - one request must not take the others with it
            self._end(error)
        finally:
            permit.give_back()
            if admission is not Admission.FREE:
                self._health.probed(used=True)

    # -- beside the sending ------------------------------------------------------------------------

    async def _expire_now_and_then(self) -> None:
        while True:
            await self._clock.sleep(self._timing.expire_every)
            await self._expire()

    async def _expire(self) -> None:
        run_id, now = self._run.run_id, self._clock.now_ms()
        self._settled(await self._writer.call(lambda: self._ledger.expire(run_id, now)))

    def _settled(self, rows: int) -> None:
        if rows:
            self._progress.advance(STAGE, rows)

    # -- how it ends -------------------------------------------------------------------------------

    def _start(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        return asyncio.create_task(self._guard(work))

    async def _guard(self, work: Coroutine[None, None, None]) -> None:
        try:
            await work
        except Exception as error:  # noqa: BLE001 - kept, and raised when the others have ended
            self._end(error)

    def _end(self, error: Exception) -> None:
        if self._fatal is None:
            self._fatal = error
        self._halt.request(str(error))
        if isinstance(error, LedgerError):
            # No result can be written any more: waiting for more of them helps nobody.
            self._fatal = error
            for task in self._in_flight:
                task.cancel()

    async def _leave(self, tasks: list[asyncio.Task[None]], prefetch: Prefetch) -> None:
        """Stop now. What is in flight stays written down as going out, and is in doubt."""
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        prefetch.give_back()
        with contextlib.suppress(Exception):
            await asyncio.wait_for(self._writer.flush(), SHUTDOWN_FLUSH_SECONDS)
