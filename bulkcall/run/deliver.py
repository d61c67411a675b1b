"""Send and confirm, side by side: batches are asked about while later ones still go out."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from bulkcall.errors import InterruptedRun, StopCause, TurnedDownError
from bulkcall.ledger import RunState
from bulkcall.reconcile import reconcile
from bulkcall.records import Channel, OnUnknown, Outcome
from bulkcall.run.sending_window import SendingWindow
from bulkcall.send import send

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bulkcall.api import Api
    from bulkcall.clock import Clock
    from bulkcall.ledger import Ledger, RunInfo
    from bulkcall.progress import Progress, StopToken
    from bulkcall.settings import Settings

_NEVER_SENT = {
    Outcome.UNSENT,
    Outcome.INVALID,
    Outcome.DUPLICATE,
    Outcome.EXPIRED,
}
_UNSETTLED = (Outcome.PENDING, Outcome.MISSING, Outcome.UNKNOWN, Outcome.FAILED)


class Delivery:
    """One run on its way to the API; its parts are handed in."""

    def __init__(
        self,
        ledger: Ledger,
        run: RunInfo,
        api: Api,
        settings: Settings,
        *,
        clock: Clock,
        progress: Progress,
        stop: StopToken,
        on_unknown: OnUnknown,
    ) -> None:
        self._ledger = ledger
        self._run = run
        self._api = api
        self._settings = settings
        self._clock = clock
        self._progress = progress
        self._stop = stop
        self._on_unknown = on_unknown
        self._gate = SendingWindow(settings, clock=clock, progress=progress, stop=stop)
        self._outside: InterruptedRun | None = None

    async def deliver(self) -> None:
        """Send all that waits and confirm it; with a canary, that first.

        Raises:
            StoppedError: credentials, ledger, server away, too much turned down, canary.
            InterruptedRun: a stop was requested before all was done, or the hours in which rows
                may go out were over and the settings say stop.
        """
        # A run that its canary stopped was resumed by a person who wants the rest to be sent.
        judged = self._run.canary_passed or self._run.stop_cause is StopCause.CANARY
        if self._run.canary and not judged:
            await self._canary(self._run.canary)
            self._ledger.pass_canary(self._run.run_id)
        await self._send_and_confirm(limit=None)
        self._mind_stop()

    async def confirm(self, *, again: bool) -> None:
        """Ask for what is not final, and send nothing."""
        done = asyncio.Event()
        done.set()
        await self._reconcile(done, again=again)
        self._mind_stop()

    async def _canary(self, rows: int) -> None:
        sent = self._sent()
        # Rows of the canary that a dead process left in doubt are sent again, where that is asked
        # for, before they are judged; they come first, as they did then.
        left = rows - sent + self._in_doubt()
        if left > 0:
            await self._send_and_confirm(limit=left)
        elif self._run.channel is Channel.BATCH:
            await self.confirm(again=False)
        self._mind_stop()
        counts = self._ledger.counts(self._run.run_id)
        bad = {word: counts[word] for word in _UNSETTLED if counts[word]}
        if _sent(counts) and (bad or not counts[Outcome.SUCCESS]):
            told = ", ".join(f"{count} {word}" for word, count in counts.items() if count)
            raise TurnedDownError(
                f"canary: the first {rows} rows were not confirmed ({told}); the rest was not sent",
                cause=StopCause.CANARY,
            )
        self._progress.note(f"canary: {counts[Outcome.SUCCESS]} of {rows} rows confirmed; going on")

    def _in_doubt(self) -> int:
        """Count the rows that may have been taken and wait to be sent again."""
        if self._on_unknown is OnUnknown.HOLD:
            return 0
        run_id = self._run.run_id
        sure = self._ledger.waiting(run_id, with_doubt=False)
        return self._ledger.waiting(run_id, with_doubt=True) - sure

    async def _send_and_confirm(self, limit: int | None) -> None:
        sending_done = asyncio.Event()
        self._ledger.set_state(self._run.run_id, RunState.SENDING, at=self._clock.now_ms())
        tasks = [asyncio.ensure_future(self._send(sending_done, limit))]
        if self._run.channel is Channel.BATCH:
            tasks.append(asyncio.ensure_future(self._reconcile(sending_done, again=False)))
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
            if any(task.done() and task.exception() for task in tasks):
                # The other one finishes what is in flight and writes it down.
                self._stop.request("the run is stopping on an error")
                await asyncio.wait(tasks)
            await asyncio.gather(*tasks)
        finally:
            await _put_to_rest(tasks)

    async def _send(self, sending_done: asyncio.Event, limit: int | None) -> None:
        try:
            await self._send_in_hours(limit)
        except InterruptedRun as outside:
            # What went out before the hours were over is confirmed first.
            self._outside = outside
        finally:
            sending_done.set()
        if not self._stop.requested:
            self._ledger.set_state(self._run.run_id, RunState.CONFIRMING, at=self._clock.now_ms())

    async def _send_in_hours(self, limit: int | None) -> None:
        """Send while the gate is open, and again when it opens anew, until nothing waits."""
        goal = None if limit is None else self._sent() + limit
        while await self._gate.opened(self._waiting):
            rest = None if goal is None else goal - self._sent()
            async with self._gate.until_closing() as closing:
                await send(
                    self._ledger,
                    self._run,
                    self._api,
                    self._settings,
                    clock=self._clock,
                    progress=self._progress,
                    stop=closing,
                    limit=rest,
                    on_unknown=self._on_unknown,
                )
                if not closing.requested or (goal is not None and self._sent() >= goal):
                    return

    async def _waiting(self) -> int:
        run_id, now = self._run.run_id, self._clock.now_ms()
        await asyncio.to_thread(self._ledger.expire, run_id, now)
        with_doubt = self._on_unknown is OnUnknown.RESEND
        return await asyncio.to_thread(self._ledger.waiting, run_id, with_doubt=with_doubt)

    async def _reconcile(self, sending_done: asyncio.Event, *, again: bool) -> None:
        await reconcile(
            self._ledger,
            self._run,
            self._api,
            self._settings,
            clock=self._clock,
            progress=self._progress,
            stop=self._stop,
            sending_done=sending_done,
            timeout=self._settings.reconcile_timeout,
            again=again,
        )

    def _mind_stop(self) -> None:
        if self._stop.requested:
            raise InterruptedRun(f"stopped ({self._stop.reason})", cause=self._stop.cause)
        if self._outside is not None:
            raise self._outside

    def _sent(self) -> int:
        return _sent(self._ledger.counts(self._run.run_id))


async def _put_to_rest(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _sent(counts: Mapping[Outcome, int]) -> int:
    return sum(count for word, count in counts.items() if word not in _NEVER_SENT)
