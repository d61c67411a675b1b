"""The product in one file: load → validate → send → reconcile → report.

`Pipeline.run` takes a campaign file through all of it; `resume`, `reconcile` and `report` take up a
run that the ledger knows. Each returns a `RunResult`, also for a run that was stopped: what was
written down stays, the report shows it, and `resume` goes on from there.

`intake.py` is load and validate as one stream, `delivery.py` is send and reconcile side by side.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from bulkcall.api import Api
from bulkcall.clock import SystemClock
from bulkcall.delivery import Delivery
from bulkcall.errors import (
    BulkcallError,
    CampaignFileError,
    LedgerError,
    StoppedError,
    UsageError,
)
from bulkcall.intake import Source, Tolerance, reading
from bulkcall.job import (
    RunOptions,
    RunResult,
    loop_factory,
    new_run,
    require_credentials,
    room_for,
    rows_per_second,
)
from bulkcall.ledger import RunState
from bulkcall.logs import about_run
from bulkcall.progress import Silent, Stop
from bulkcall.reconcile import adopt, ask, read_status_file
from bulkcall.records import OnUnknown
from bulkcall.report import make_folder, publish

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator, Sequence

    from bulkcall.clock import Clock
    from bulkcall.intake import Intake
    from bulkcall.ledger import Ledger, RunInfo
    from bulkcall.progress import Progress
    from bulkcall.reconcile import StatusData
    from bulkcall.settings import Settings

_LOG = logging.getLogger(__name__)
_T = TypeVar("_T")
_DAY_MS = 24 * 60 * 60 * 1000


class Pipeline:
    """The stages and what they share: settings, ledger, clock, progress, stop."""

    def __init__(
        self,
        settings: Settings,
        ledger: Ledger,
        *,
        clock: Clock | None = None,
        progress: Progress | None = None,
        stop: Stop | None = None,
    ) -> None:
        self._settings = settings
        self._ledger = ledger
        self._clock = clock or SystemClock()
        self._progress = progress or Silent()
        self._stop = stop or Stop()
        self._notes: list[str] = []

    def run(self, source: Source, options: RunOptions) -> RunResult:
        """Take a campaign file through the whole pipeline.

        Raises:
            UsageError: usage, settings or the file are wrong; nothing was sent, no run is left.
            LedgerError: the ledger can't be used; nothing was sent.
        """
        if options.max_invalid is None and self._settings.max_invalid:
            options = replace(options, max_invalid=self._settings.max_invalid)
        Tolerance.parse(options.max_invalid)  # wrong usage is told before any work
        if not options.dry_run:
            require_credentials(self._settings)
        with reading(source, self._progress, self._stop) as intake:
            run = self._begin(intake, source, options)
            with self._working_on(run):
                return self._finish(run, lambda: self._whole(run, intake, options))

    def resume(self, run_id: str | None = None, on_unknown: OnUnknown | None = None) -> RunResult:
        """Take up a stopped run, the last one by default, wherever it stands."""
        run = self._ledger.whole_run(run_id) if run_id else self._ledger.last_stopped()
        if run is None:
            raise UsageError("there is no stopped run to resume; `bulkcall runs` lists all runs")
        require_credentials(self._settings, run)
        with self._working_on(run):
            run = self._ledger.run(run.run_id)
            asked = on_unknown or run.on_unknown
            return self._finish(run, lambda: self._rest(run, asked), begun=True)

    def reconcile(self, run_id: str | None = None, out: Path | None = None) -> RunResult:
        """Ask again for what is not final, and write the report again."""
        run = self._ledger.whole_run(run_id)
        require_credentials(self._settings, run)
        with self._working_on(run):
            return self._finish(run, lambda: self._ask_again(run), out=out, begun=True)

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
        return self._report(run, out=out, against=against, show_numbers=show_numbers)

    def compare(
        self, source: Source, batch_ids: Sequence[str], files: Sequence[str], out: Path | None
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
            run = self._begin(intake, source, options)
            with self._working_on(run):
                return self._finish(run, lambda: self._adopt(run, intake, batch_ids, answers))

    def purge_old(self) -> None:
        """Purge what `settings.keep_days` does not keep; trouble with it is only told."""
        if not self._settings.keep_days:
            return
        now = self._clock.now_ms()
        try:
            purged = self._ledger.purge(now - self._settings.keep_days * _DAY_MS, at=now)
        except LedgerError as error:
            self._progress.note(f"old runs could not be purged: {error}")
            return
        if purged.runs:
            self._progress.note(
                f"purged the rows of {purged.runs:,} runs that ended more than "
                f"{self._settings.keep_days} days ago"
            )

    @contextlib.contextmanager
    def _working_on(self, run: RunInfo) -> Iterator[None]:
        """Be the one process that works on this run; log lines of the block are about it."""
        with self._ledger.hold(run.run_id), about_run(run.run_id):
            _LOG.info("run in hand: %s, channel %s", run.state.value, run.channel.value)
            yield

    # -- the stages, in order ------------------------------------------------------------------

    def _whole(self, run: RunInfo, intake: Intake, options: RunOptions) -> RunState:
        self._admit(run, intake, allow_duplicates=options.allow_duplicates)
        if self._too_many_invalid(intake, options.max_invalid):
            return RunState.WITHHELD
        if options.dry_run:
            self._notes.append("dry run: nothing was sent")
            return RunState.WITHHELD
        self._deliver(run, options.on_unknown)
        return RunState.FINISHED

    def _rest(self, run: RunInfo, on_unknown: OnUnknown) -> RunState:
        if run.state is RunState.LOADING and not self._load_again(run):
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
        self, run: RunInfo, intake: Intake, batch_ids: Sequence[str], answers: list[StatusData]
    ) -> RunState:
        self._admit(run, intake, allow_duplicates=True)
        if not answers:
            timeout = self._settings.reconcile_timeout
            answers = self._with_api(
                lambda api: ask(api, batch_ids, clock=self._clock, stop=self._stop, timeout=timeout)
            )
        adopt(self._ledger, run.run_id, answers, at=self._clock.now_ms())
        return RunState.FINISHED

    def _begin(self, intake: Intake, source: Source, options: RunOptions) -> RunInfo:
        """Write the run down, once it is sure that its report can be written."""
        new = new_run(intake.file, source, options, self._settings, at=self._clock.now_ms())
        try:
            make_folder(Path(new.out_dir))
        except StoppedError as error:
            raise UsageError(str(error)) from error
        self._ledger.require_room(room_for(intake.file))
        return self._ledger.begin_run(new)

    def _admit(self, run: RunInfo, intake: Intake, *, allow_duplicates: bool) -> None:
        """Load and validate into the ledger, then find the rows that must not go out again."""
        for chunk in intake.checked():
            self._ledger.add_rows(run.run_id, chunk)
        rows, first_rows = intake.repeats.finish()
        if not allow_duplicates:
            self._ledger.mark_duplicates(run.run_id, rows.tolist(), first_rows.tolist())
        valid = intake.rows - intake.invalid
        _LOG.info(
            "loaded: %d rows, %d invalid, %d repeated", intake.rows, intake.invalid, len(rows)
        )
        if not run.resend:
            intake.doctor.note_repeats(self._ledger.mark_repeats(run.run_id), valid)
        self._notes += [*intake.file.notes, *intake.doctor.lines()]

    def _too_many_invalid(self, intake: Intake, most: str | None) -> bool:
        if not Tolerance.parse(most).exceeded(intake.invalid, intake.rows):
            return False
        self._notes.append(
            f"{intake.invalid:,} of {intake.rows:,} rows are invalid, more than --max-invalid "
            f"{most} allows: nothing was sent"
        )
        return True

    def _load_again(self, run: RunInfo) -> bool:
        """Load a run anew whose first process died while loading: nothing of it was sent.

        Gives whether it may be sent now.
        """
        facts = dict(run.file_facts)
        with reading(Source(**facts["source"]), self._progress, self._stop) as intake:
            if intake.file.sha256 != run.sha256:
                told = (
                    f"{run.file} has changed since run {run.run_id} began to load it; nothing was "
                    f"sent: start anew with `bulkcall run`"
                )
                self._set_state(run, RunState.ABANDONED, told)
                raise CampaignFileError(told)
            self._ledger.drop_rows(run.run_id)
            self._admit(run, intake, allow_duplicates=facts["allow_duplicates"])
            return not self._too_many_invalid(intake, facts.get("max_invalid"))

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

    def _finish(
        self,
        run: RunInfo,
        work: Callable[[], RunState],
        *,
        out: Path | None = None,
        begun: bool = False,
    ) -> RunResult:
        """Do the work, write down how it ended, and report, whatever happened.

        A run that an earlier process began (`begun`) stays resumable where the usage is wrong: a
        missing file can be put back, a setting mended.
        """
        error: BulkcallError | None = None
        try:
            state, reason = work(), ""
        except UsageError as wrong:
            if not begun:
                self._set_state(run, RunState.ABANDONED, str(wrong))
            raise
        except BulkcallError as stopped:
            error, reason = stopped, str(stopped)
            loading = self._state(run) is RunState.LOADING
            state = RunState.LOADING if loading else RunState.STOPPED
        if error is None:
            self._set_state(run, state, reason)
            return self._report(run, out=out)
        # Where the ledger or the disk is what failed, the error that stopped the run is the one
        # to tell; what could not be written now is written by the resume.
        with contextlib.suppress(LedgerError, OSError):
            self._set_state(run, state, reason)
            return self._report(run, out=out, error=error)
        raise error

    def _state(self, run: RunInfo) -> RunState:
        with contextlib.suppress(LedgerError):
            return self._ledger.run(run.run_id).state
        return run.state

    def _set_state(self, run: RunInfo, state: RunState, reason: str) -> None:
        self._ledger.set_state(run.run_id, state, at=self._clock.now_ms(), reason=reason)
        _LOG.info("run is %s", state.value)

    def _report(
        self,
        run: RunInfo,
        *,
        out: Path | None = None,
        error: BulkcallError | None = None,
        against: str | None = None,
        show_numbers: bool = False,
    ) -> RunResult:
        limit = rows_per_second(self._settings, run.channel)
        folder = out or Path(run.out_dir)
        self._progress.begin("report", None)
        published = publish(
            self._ledger,
            run.run_id,
            folder,
            limit=limit,
            against=against,
            show_numbers=show_numbers or self._settings.show_numbers,
        )
        self._progress.end("report")
        return RunResult(published.report, published.files, folder, error, tuple(self._notes))
