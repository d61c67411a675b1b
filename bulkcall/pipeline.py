"""The product in one file: load → validate → send → reconcile → report.

`Pipeline.run` takes a campaign file through all of it; `resume`, `reconcile` and `report` take up a
run that the ledger knows. Each returns a `RunResult`, also for a run that was stopped: what was
written down stays, the report shows it, and `resume` goes on from there.

`run/ingest.py` brings rows into the ledger (`run/reading.py` is load and validate as one stream),
`run/deliver.py` is send and reconcile side by side, `run/finish.py` ends a run and publishes its
report.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from bulkcall.api import Api
from bulkcall.clock import SystemClock
from bulkcall.errors import CampaignFileError, UsageError
from bulkcall.ledger import RunState
from bulkcall.progress import NullProgress, StopToken
from bulkcall.reconcile import adopt, ask, read_status_file
from bulkcall.records import OnUnknown
from bulkcall.run.deliver import Delivery
from bulkcall.run.finish import Closing
from bulkcall.run.ingest import Admission
from bulkcall.run.options import RunOptions, RunResult, loop_factory, require_credentials
from bulkcall.run.reading import InvalidLimit, ReadOptions, reading
from bulkcall.support.log_context import log_context

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator, Sequence
    from pathlib import Path

    from bulkcall.clock import Clock
    from bulkcall.ledger import Ledger, RunInfo
    from bulkcall.progress import Progress
    from bulkcall.reconcile import StatusData
    from bulkcall.run.reading import CheckedFile
    from bulkcall.settings import Settings

_LOG = logging.getLogger(__name__)
_T = TypeVar("_T")


class Pipeline:
    """The stages and what they share: settings, ledger, clock, progress, stop."""

    def __init__(
        self,
        settings: Settings,
        ledger: Ledger,
        *,
        clock: Clock | None = None,
        progress: Progress | None = None,
        stop: StopToken | None = None,
    ) -> None:
        self._settings = settings
        self._ledger = ledger
        self._clock = clock or SystemClock()
        self._progress = progress or NullProgress()
        self._stop = stop or StopToken()
        self._notes: list[str] = []
        self._admission = Admission(
            settings,
            ledger,
            clock=self._clock,
            progress=self._progress,
            stop=self._stop,
            notes=self._notes,
        )
        self._closing = Closing(
            settings, ledger, clock=self._clock, progress=self._progress, notes=self._notes
        )

    def run(self, source: ReadOptions, options: RunOptions) -> RunResult:
        """Take a campaign file through the whole pipeline.

        Raises:
            UsageError: usage, settings or the file are wrong; nothing was sent, no run is left.
            LedgerError: the ledger can't be used; nothing was sent.
        """
        if options.max_invalid is None and self._settings.max_invalid:
            options = replace(options, max_invalid=self._settings.max_invalid)
        InvalidLimit.parse(options.max_invalid)  # wrong usage is told before any work
        if not options.dry_run:
            require_credentials(self._settings)
        with reading(source, self._progress, self._stop) as intake:
            if options.sha256 not in ("", intake.file.sha256):
                raise CampaignFileError(f"{source.file}: another file took its place")
            run = self._admission.begin(intake, source, options)
            with self._working_on(run):
                return self._closing.finish(run, lambda: self._whole(run, intake, options))

    def resume(self, run_id: str | None = None, on_unknown: OnUnknown | None = None) -> RunResult:
        """Take up a stopped run, the last one by default, wherever it stands."""
        run = self._ledger.whole_run(run_id) if run_id else self._ledger.last_stopped()
        # One that is being worked on can't be taken up either; holding it says by whom.
        run = run or self._ledger.last_held()
        if run is None:
            raise UsageError("there is no stopped run to resume; `bulkcall runs` lists all runs")
        require_credentials(self._settings, run)
        with self._working_on(run):
            run = self._ledger.run(run.run_id)
            asked = on_unknown or run.on_unknown
            return self._closing.finish(run, lambda: self._rest(run, asked), begun=True)

    def reconcile(self, run_id: str | None = None, out: Path | None = None) -> RunResult:
        """Ask again for what is not final, and write the report again."""
        run = self._ledger.whole_run(run_id)
        require_credentials(self._settings, run)
        with self._working_on(run):
            return self._closing.finish(run, lambda: self._ask_again(run), out=out, begun=True)

    def report(
        self,
        run_id: str | None = None,
        out: Path | None = None,
        *,
        against: str | None = None,
        show_numbers: bool = False,
    ) -> RunResult:
        """Write the report again from the ledger alone; `against` is a run to compare with."""
        run = self._ledger.whole_run(run_id)
        return self._closing.report(run, out=out, against=against, show_numbers=show_numbers)

    def compare(
        self, source: ReadOptions, batch_ids: Sequence[str], files: Sequence[str], out: Path | None
    ) -> RunResult:
        """Hold a campaign file against batches that somebody else sent; sends nothing.

        The batches are asked for by id, or read from saved status answers. The result is a run like
        any other, with the same report.
        """
        answers = [answer for file in files for answer in read_status_file(file, batch_ids)]
        if not answers:
            require_credentials(self._settings)
        # What was sent days ago is compared as it was: an `ends_at` that has passed is no matter.
        then = source if source.start == "now" else replace(source, now_ms=0)
        options = RunOptions(out=out, resend=True, allow_duplicates=True)
        with reading(then, self._progress, self._stop) as intake:
            run = self._admission.begin(intake, source, options)
            with self._working_on(run):
                return self._closing.finish(
                    run, lambda: self._adopt(run, intake, batch_ids, answers)
                )

    def purge_old(self) -> None:
        """Purge what `settings.keep_days` does not keep; trouble with it is only told."""
        self._closing.purge_old()

    @contextlib.contextmanager
    def _working_on(self, run: RunInfo) -> Iterator[None]:
        """Be the one process that works on this run; log lines of the block are about it."""
        with self._ledger.hold(run.run_id), log_context(run.run_id):
            _LOG.info("run in hand: %s, channel %s", run.state.value, run.channel.value)
            yield

    # -- the stages, in order ------------------------------------------------------------------

    def _whole(self, run: RunInfo, intake: CheckedFile, options: RunOptions) -> RunState:
        self._admission.admit(run, intake, allow_duplicates=options.allow_duplicates)
        if self._admission.too_many_invalid(intake, options.max_invalid):
            return RunState.WITHHELD
        if options.dry_run:
            self._notes.append("dry run: nothing was sent")
            return RunState.WITHHELD
        self._deliver(run, options.on_unknown)
        return RunState.FINISHED

    def _rest(self, run: RunInfo, on_unknown: OnUnknown) -> RunState:
        if run.state is RunState.LOADING and not self._admission.load_again(run):
            return RunState.WITHHELD
        doubtful = self._ledger.recover(run.run_id, at=self._clock.now_ms())
        if doubtful:
            self._notes.append(
                f"{doubtful:,} rows were going out when the run died: may be sent twice"
            )
        self._deliver(run, on_unknown)
        return RunState.FINISHED

    def _ask_again(self, run: RunInfo) -> RunState:
        self._ledger.recover(run.run_id, at=self._clock.now_ms())
        self._deliver(run, run.on_unknown, confirm_only=True)
        waiting = self._ledger.waiting(run.run_id, with_doubt=run.on_unknown is OnUnknown.RESEND)
        if run.state is RunState.WITHHELD or not waiting:
            return run.state if waiting else RunState.FINISHED
        return RunState.STOPPED

    def _adopt(
        self, run: RunInfo, intake: CheckedFile, batch_ids: Sequence[str], answers: list[StatusData]
    ) -> RunState:
        self._admission.admit(run, intake, allow_duplicates=True)
        if not answers:
            timeout = self._settings.reconcile_timeout
            answers = self._with_api(
                lambda api: ask(api, batch_ids, clock=self._clock, stop=self._stop, timeout=timeout)
            )
        adopt(self._ledger, run.run_id, answers, at=self._clock.now_ms())
        return RunState.FINISHED

    def _deliver(self, run: RunInfo, on_unknown: OnUnknown, *, confirm_only: bool = False) -> None:
        async def go(api: Api) -> None:
            delivery = Delivery(
                self._ledger,
                run,
                api,
                self._settings,
                clock=self._clock,
                progress=self._progress,
                stop=self._stop,
                on_unknown=on_unknown,
            )
            await (delivery.confirm(again=True) if confirm_only else delivery.deliver())

        self._with_api(go)

    def _with_api(self, work: Callable[[Api], Coroutine[Any, Any, _T]]) -> _T:
        """Run something that talks to the API, on an event loop of its own."""

        async def go() -> _T:
            async with Api(
                self._settings,
                self._clock,
                token_log=self._ledger,
                progress=self._progress,
                stop=self._stop,
            ) as api:
                return await work(api)

        with asyncio.Runner(loop_factory=loop_factory()) as runner:
            return runner.run(go())
