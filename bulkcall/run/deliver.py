"""Deliver a run's rows: send beside reconcile, in the sending hours, the canary first."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any, TypeVar

from bulkcall.api import Api
from bulkcall.errors import InterruptedRun, LedgerError, StopCause, TurnedDownError
from bulkcall.ledger import RunState
from bulkcall.reconcile import HabitMemory, ask, reconcile
from bulkcall.records import Channel, OnUnknown, Outcome
from bulkcall.run.event_loop import loop_factory
from bulkcall.run.sending_window import SendingWindow
from bulkcall.send import send
from bulkcall.support.memory import release_unused

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping, Sequence

    from bulkcall.ledger import RunInfo
    from bulkcall.reconcile import StatusData
    from bulkcall.run.context import RunContext

_T = TypeVar("_T")
_NEVER_SENT = {
    Outcome.UNSENT,
    Outcome.INVALID,
    Outcome.DUPLICATE,
    Outcome.EXPIRED,
}
_UNSETTLED = (Outcome.PENDING, Outcome.MISSING, Outcome.UNKNOWN, Outcome.FAILED)


def deliver(context: RunContext, run: RunInfo, on_unknown: OnUnknown) -> None:
    """Send all rows that wait, and confirm them; with a canary, that first.

    Raises:
        StoppedError: credentials, ledger, server away, too many rows rejected, canary.
        InterruptedRun: a stop was requested before all was done, or the hours in which rows may be
            sent were over and the settings say stop.
    """
    release_unused()  # what loading took
    with_api(context, lambda api: _Delivery(context, run, api, on_unknown).deliver())


def confirm(context: RunContext, run: RunInfo, *, again: bool) -> None:
    """Ask for what is not final, and send nothing; `again`: also for what was given up before."""
    with_api(context, lambda api: _Delivery(context, run, api, run.on_unknown).confirm(again=again))


def ask_for_batches(context: RunContext, batch_ids: Sequence[str]) -> list[StatusData]:
    """Ask for batches that somebody else sent. Raises UsageError for one that is not known."""
    return with_api(
        context,
        lambda api: ask(
            api,
            batch_ids,
            clock=context.clock,
            stop=context.stop,
            timeout=context.settings.reconcile_timeout,
        ),
    )


def with_api(context: RunContext, work: Callable[[Api], Coroutine[Any, Any, _T]]) -> _T:
    """Run something that calls the API, on an event loop of its own."""

    async def go() -> _T:
        async with Api(
            context.settings,
            context.clock,
            token_log=context.ledger,
            progress=context.progress,
            stop=context.stop,
        ) as api:
            return await work(api)

    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        return runner.run(go())


class _Delivery:
    """One run on its way to the API."""

    def __init__(self, context: RunContext, run: RunInfo, api: Api, on_unknown: OnUnknown) -> None:
        self._context = context
        self._ledger = context.ledger
        self._run = run
        self._api = api
        self._clock = context.clock
        self._stop = context.stop
        self._on_unknown = on_unknown
        self._window = SendingWindow(
            context.settings, clock=context.clock, progress=context.progress, stop=context.stop
        )
        self._outside_hours: InterruptedRun | None = None
        self._habits = HabitMemory()

    async def deliver(self) -> None:
        try:
            await self._deliver()
        finally:
            self._say_habits()

    async def _deliver(self) -> None:
        if self._run.canary and not self._run.canary_passed:
            # Who resumes a run that its canary stopped has looked at it and wants the rest sent.
            if self._run.stop_cause is not StopCause.CANARY:
                await self._send_canary(self._run.canary)
            self._ledger.pass_canary(self._run.run_id)
        await self._send_and_confirm(limit=None)
        self._raise_if_stopped()

    async def confirm(self, *, again: bool) -> None:
        try:
            await self._confirm(again=again)
        finally:
            self._say_habits()

    async def _confirm(self, *, again: bool) -> None:
        done = asyncio.Event()
        done.set()
        await self._reconcile(done, again=again)
        self._raise_if_stopped()

    async def _send_canary(self, rows: int) -> None:
        sent = self._sent()
        # Rows of the canary that a dead process left in doubt are sent again, where that is asked
        # for, before they are judged; they come first, as they did then.
        left = rows - sent + self._in_doubt()
        if left > 0:
            await self._send_and_confirm(limit=left)
        elif self._run.channel is Channel.BATCH:
            await self._confirm(again=False)
        self._raise_if_stopped()
        counts = self._ledger.counts(self._run.run_id)
        bad = {word: counts[word] for word in _UNSETTLED if counts[word]}
        if _sent(counts) and (bad or not counts[Outcome.SUCCESS]):
            shown = ", ".join(f"{count} {word}" for word, count in counts.items() if count)
            raise TurnedDownError(
                f"the canary was not confirmed ({shown}); the rest was not sent",
                cause=StopCause.CANARY,
            )
        self._context.progress.note(
            f"canary: {counts[Outcome.SUCCESS]:,} of {_sent(counts):,} confirmed; sending the rest"
        )

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
            await _cancel(tasks)

    async def _send(self, sending_done: asyncio.Event, limit: int | None) -> None:
        try:
            await self._send_in_hours(limit)
        except InterruptedRun as outside:
            # What went out before the hours were over is confirmed first.
            self._outside_hours = outside
        finally:
            sending_done.set()
        if not self._stop.requested:
            self._ledger.set_state(self._run.run_id, RunState.CONFIRMING, at=self._clock.now_ms())

    async def _send_in_hours(self, limit: int | None) -> None:
        """Send while the gate is open, and again when it opens anew, until nothing waits."""
        goal = None if limit is None else self._sent() + limit
        while await self._window.opened(self._waiting):
            rest = None if goal is None else goal - self._sent()
            async with self._window.until_closing() as closing:
                await send(
                    self._ledger,
                    self._run,
                    self._api,
                    self._context.settings,
                    clock=self._clock,
                    progress=self._context.progress,
                    stop=closing,
                    limit=rest,
                    on_unknown=self._on_unknown,
                    stamp_unit_ms=lambda: self._habits.stamp_unit_ms,
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
            self._context.settings,
            clock=self._clock,
            progress=self._context.progress,
            stop=self._stop,
            sending_done=sending_done,
            timeout=self._context.settings.reconcile_timeout,
            again=again,
            habits=self._habits,
        )

    def _say_habits(self) -> None:
        """Say what the server does to times: in the result, and kept for the report."""
        lines = self._habits.lines()
        if not lines:
            return
        self._context.notes.extend(lines)
        with contextlib.suppress(LedgerError):  # what stopped the run is the one to tell
            self._ledger.note_facts(self._run.run_id, server_times=lines)

    def _raise_if_stopped(self) -> None:
        if self._stop.requested:
            raise InterruptedRun(f"interrupted ({self._stop.reason})", cause=self._stop.cause)
        if self._outside_hours is not None:
            raise self._outside_hours

    def _sent(self) -> int:
        return _sent(self._ledger.counts(self._run.run_id))


async def _cancel(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _sent(counts: Mapping[Outcome, int]) -> int:
    return sum(count for word, count in counts.items() if word not in _NEVER_SENT)
