"""Asks for batch status beside the sender, under each token's status limit, until all is final."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from bulkcall.api import (
    STATUS_LIMITS,
    ApiFailure,
    ForbiddenError,
    MaybeApplied,
    NoToken,
    Unavailable,
    Unreachable,
    Unreadable,
    UnreadableAnswers,
)
from bulkcall.errors import LedgerError, ServerAwayError, StoppedError, UnreadableError
from bulkcall.ratelimit import StopRequested
from bulkcall.reconcile.batch_watch import BatchWatch, first_due, most_worth, next_due
from bulkcall.reconcile.settling import OLD_SECONDS, Readiness, Settling
from bulkcall.reconcile.status_recorder import StatusRecorder
from bulkcall.support.masking import masked_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bulkcall.api import Api, StatusAnswer, TokenSession
    from bulkcall.clock import Clock
    from bulkcall.ledger import Ledger, RunInfo
    from bulkcall.ledger.model import Batch
    from bulkcall.progress import Progress, StopToken
    from bulkcall.reconcile.habit_memory import HabitMemory
    from bulkcall.settings import Settings

Blocking = Callable[..., Awaitable[Any]]
"""Calls blocking code with these arguments without holding up the event loop."""

_LOG = logging.getLogger(__name__)
STAGE = "reconcile"
LOOK_UP = 0.25
"""Seconds between two looks at the ledger, the stop request and the time."""
PER_SLOT = 2
"""Status requests in flight for each token: one waits for its turn, one for its answer."""
BATCHES_PER_TOKEN = 30
"""Where nothing is sent: open batches for which one token more is worth its creation."""
UNREADABLE_SECONDS = 10.0
"""For so long no status could be read before the run stops for it: asking costs no row."""
UNREADABLE_AT_THE_END = 3
"""Answers in a row that can't be read when the wait is over: then it was no wait for the server."""
_AWAY = (Unreachable, NoToken, Unavailable, MaybeApplied)


async def reconcile(
    ledger: Ledger,
    run: RunInfo,
    api: Api,
    settings: Settings,
    *,
    clock: Clock,
    progress: Progress,
    stop: StopToken,
    sending_done: asyncio.Event,
    timeout: float,  # noqa: ASYNC109 - a wait that begins when sending ends, on the given clock
    again: bool = False,
    habits: HabitMemory | None = None,
) -> None:
    """Ask for the status of the run's accepted batches and write down what it says of each row.

    Runs beside the sender: batches are taken up as they are accepted. Returns when sending is done
    and every batch is final, when `timeout` seconds have passed since then, or when a stop was
    requested. Rows that are then not final stay pending, with the reason as their message.

    Args:
        ledger: where batches come from and verdicts go to.
        run: the run.
        api: the account's calls; its slots' status lanes set the pace.
        settings: how long the server may be away.
        clock: time.
        progress: hears of stage `reconcile`, in rows whose end is known.
        stop: a request to stop; what is in flight is finished and written down.
        sending_done: set when no more batches will come.
        timeout: seconds to wait after that.
        again: ask also for batches that hold missing rows.
        habits: learns what the server does to times.

    Raises:
        CredentialsError: the API does not accept the credentials.
        ServerAwayError: no answer for longer than `settings.away_timeout` (or, where the server was
            not heard yet and nothing is being sent, `settings.first_contact_timeout`).
        UnreadableError: the last status answers can't be read.
        LedgerError: the ledger can't be read or written.
    """
    poller = Poller(
        StatusRecorder(ledger, run.run_id, habits),
        lambda: ledger.open_batches(run.run_id, again=again),
        api,
        settings,
        clock=clock,
        progress=progress,
        stop=stop,
        sending_done=sending_done,
        timeout=timeout,
    )
    progress.begin(STAGE, None)
    try:
        await poller.run()
    finally:
        progress.end(STAGE)


class Poller:
    """The loop that `reconcile` runs, with how it calls blocking code as one more argument."""

    def __init__(
        self,
        book: StatusRecorder,
        open_batches: Callable[[], list[Batch]],
        api: Api,
        settings: Settings,
        *,
        clock: Clock,
        progress: Progress,
        stop: StopToken,
        sending_done: asyncio.Event,
        timeout: float,
        blocking: Blocking = asyncio.to_thread,
    ) -> None:
        self._book = book
        self._open_batches = open_batches
        self._api = api
        self._settings = settings
        self._clock = clock
        self._progress = progress
        self._stop = stop
        self._sending_done = sending_done
        self._wait = timeout
        self._blocking = blocking
        self._watches: dict[int, BatchWatch] = {}
        """The batches that are not done. Those that are go, or memory would grow with the run."""
        self._done: set[int] = set()
        self._readiness = Readiness.within(timeout)
        self._random = random.Random()  # noqa: S311 - spreads polls, guards nothing
        self._in_flight: dict[asyncio.Task[None], TokenSession] = {}
        self._writing = asyncio.Lock()
        self._end: float | None = None
        self._sends = not sending_done.is_set()
        self._heard = self._sends
        self._silent_since: float | None = None
        self._unreadable = UnreadableAnswers(STATUS_LIMITS)
        self._unreadable_since: float | None = None
        self._unreadable_message = ""

    async def run(self) -> None:
        """Poll until all is over; see `reconcile`."""
        try:
            try:
                await self._until_over()
            finally:
                await self._rest()
        except StoppedError:
            with contextlib.suppress(
                LedgerError
            ):  # the error that stopped the run is the one to tell
                await self._close(time_up=False)
            raise
        await self._close(time_up=not self._stop.requested)

    async def _close(self, *, time_up: bool) -> None:
        for watch in self._watches.values():
            async with self._writing:
                at = self._clock.now_ms()
                await self._blocking(self._book.close, watch, at=at, time_up=time_up)

    async def _until_over(self) -> None:
        while not self._stop.requested:
            # Looked at before the ledger: what was accepted up to then is seen below.
            done = self._sending_done.is_set()
            if self._end is None:
                await self._take_up()
            now = self._clock.monotonic()
            if done and self._end is None:
                self._end = now + self._wait
            self._start_polls(now)
            if done and not self._in_flight and not self._watches:
                return
            if self._end is not None and now >= self._end:
                if self._unreadable.streak >= UNREADABLE_AT_THE_END:
                    raise self._nothing_read()
                return
            await self._a_while()

    async def _take_up(self) -> None:
        """Watch the batches that were accepted since the last look."""
        for batch in await self._blocking(self._open_batches):
            if batch.batch in self._watches or batch.batch in self._done or not batch.batch_id:
                continue
            now, at = self._clock.monotonic(), self._clock.now_ms()
            age = max(0.0, (at - (batch.accepted_at or batch.created_at)) / 1000)
            watch = BatchWatch(
                batch.batch,
                batch.batch_id,
                batch.size,
                Settling(now - age),
                due=first_due(now, age, readiness=self._readiness, wait=self._wait),
            )
            async with self._writing:
                await self._blocking(self._book.meet, watch)
            self._watches[batch.batch] = watch

    def _start_polls(self, now: float) -> None:
        slots = self._slots()
        for watch in most_worth(self._watches.values(), now):
            busy = list(self._in_flight.values())
            slot = min(slots, key=busy.count, default=None)
            if slot is None or busy.count(slot) >= PER_SLOT:
                return
            watch.asking = True
            task = asyncio.create_task(self._poll(slot, watch))
            self._in_flight[task] = slot

    def _slots(self) -> Sequence[TokenSession]:
        """Give the slots to ask on: where nothing is sent, no more tokens than the batches need."""
        slots = self._api.slots
        if self._sends:
            return slots
        return slots[: max(1, -(-len(self._watches) // BATCHES_PER_TOKEN))]

    async def _a_while(self) -> None:
        """Wait until an answer is in or it is time to look up; raise what a poll raised."""
        now = self._clock.monotonic()
        due = [one.due - now for one in self._watches.values() if not one.asking]
        pause = min([LOOK_UP, *(delay for delay in due if delay > 0)])
        if self._end is not None:
            pause = max(0.0, min(pause, self._end - now))
        nap = asyncio.ensure_future(self._clock.sleep(pause))
        try:
            await asyncio.wait({nap, *self._in_flight}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            nap.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await nap
        for task in [task for task in self._in_flight if task.done()]:
            del self._in_flight[task]
            task.result()

    async def _poll(self, slot: TokenSession, watch: BatchWatch) -> None:
        try:
            answer = await self._api.batch_status(slot, watch.batch_id, self._stop)
        except StopRequested:
            return
        except ApiFailure as failure:
            self._failed(watch, failure)
        else:
            self._heard, self._silent_since = True, None
            self._unreadable.note(watch.size, readable=True)
            self._unreadable_since = None
            entry = asyncio.ensure_future(self._enter(watch, answer))
            # Where this poll is cancelled meanwhile, nobody else looks at how the entry ended.
            entry.add_done_callback(lambda done: done.cancelled() or done.exception())
            await asyncio.shield(entry)
        finally:
            watch.asking = False

    async def _enter(self, watch: BatchWatch, answer: StatusAnswer) -> None:
        async with self._writing:
            now, at = self._clock.monotonic(), self._clock.now_ms()
            odd = watch.odd
            known = await self._blocking(
                self._book.enter, watch, answer.records, answer.odd, now=now, at=at
            )
        _LOG.log(
            logging.INFO if watch.done else logging.DEBUG,
            "batch %d: %d of %d rows open%s",
            watch.batch,
            watch.open_rows,
            watch.size,
            ", status final" if watch.done else "",
            extra={"batch_id": watch.batch_id},
        )
        watch.problem = ""
        watch.misses = 0 if known else watch.misses + 1
        self._progress.advance(STAGE, known)
        if watch.odd and watch.odd != odd:
            self._progress.note(
                f"batch {watch.batch_id}: some values of its status can't be read: "
                + masked_text(watch.odd)
            )
        age = now - watch.settling.accepted_at
        if watch.done and not watch.open_rows and age < OLD_SECONDS:
            self._readiness.learn(age, first_poll=watch.settling.answers == 1)
        if watch.done:
            self._done.add(watch.batch)
            del self._watches[watch.batch]
        else:
            self._plan(watch, now)

    def _failed(self, watch: BatchWatch, failure: ApiFailure) -> None:
        """Take note that a poll brought no status; nothing is lost by it, so it is asked again."""
        now = self._clock.monotonic()
        _LOG.info(
            "batch %d: no status (%s, HTTP %s)",
            watch.batch,
            type(failure).__name__,
            failure.http_status or "-",
            extra={"batch_id": watch.batch_id},
        )
        watch.problem = failure.message
        watch.misses += 1
        self._plan(watch, now)
        if isinstance(failure, ForbiddenError):
            raise failure.stops(self._settings.base_url)
        if isinstance(failure, Unreadable):
            self._not_read(watch, failure, now)
        present = isinstance(failure, Unreadable) or (
            isinstance(failure, NoToken) and failure.answered
        )
        if present or not isinstance(failure, _AWAY):
            self._heard, self._silent_since = True, None  # it was answered, if not with a status
            return
        if self._silent_since is None:
            self._silent_since = now
        allowed = (
            self._settings.away_timeout if self._heard else self._settings.first_contact_timeout
        )
        if now - self._silent_since >= allowed:
            raise ServerAwayError(
                f"the API has not answered for {now - self._silent_since:.0f} s "
                f"({masked_text(failure.message)}); all that was sent is written down, "
                "`bulkcall reconcile` asks again"
            )

    def _not_read(self, watch: BatchWatch, failure: Unreadable, now: float) -> None:
        self._unreadable.note(watch.size, readable=False)
        self._unreadable_message = failure.message
        if self._unreadable_since is None:
            self._unreadable_since = now
        if self._unreadable.too_many and now - self._unreadable_since >= UNREADABLE_SECONDS:
            raise self._nothing_read()

    def _nothing_read(self) -> UnreadableError:
        return UnreadableError(
            f"the last {self._unreadable.streak} answers of {self._settings.base_url} about "
            f"batches can't be read ({masked_text(self._unreadable_message)}); all that was sent "
            "is written down; when the server is itself again, resume or reconcile"
        )

    def _plan(self, watch: BatchWatch, now: float) -> None:
        watch.due = next_due(
            watch,
            now,
            readiness=self._readiness,
            chance=self._random.random(),
            end=self._end,
            wait=self._wait,
        )

    async def _rest(self) -> None:
        """Let answers that are being written down finish; give up the requests."""
        asking = [task for task in self._in_flight if not task.done()]
        if self._stop.requested and asking:
            # A stop lets requests in flight end; those that wait for their turn end at once.
            await asyncio.wait(asking)
        for task in self._in_flight:
            task.cancel()
        await asyncio.gather(*self._in_flight, return_exceptions=True)
        async with self._writing:  # a shielded entry holds it to its end
            self._in_flight.clear()
