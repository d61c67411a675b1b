"""How a run is brought to its end: its state written down, its report published."""

from __future__ import annotations

import contextlib
import logging
from pathlib import Path
from typing import TYPE_CHECKING

from bulkcall.errors import BulkcallError, LedgerError, StopCause, StoppedError, UsageError
from bulkcall.ledger import RunState
from bulkcall.report import publish
from bulkcall.run.options import RunResult, rows_per_second

if TYPE_CHECKING:
    from collections.abc import Callable

    from bulkcall.clock import Clock
    from bulkcall.ledger import Ledger, RunInfo
    from bulkcall.progress import Progress
    from bulkcall.settings import Settings

_LOG = logging.getLogger(__name__)
_DAY_MS = 24 * 60 * 60 * 1000


class Closing:
    """Ends runs in the ledger and publishes their reports; `notes` go into each result."""

    def __init__(
        self,
        settings: Settings,
        ledger: Ledger,
        *,
        clock: Clock,
        progress: Progress,
        notes: list[str],
    ) -> None:
        self._settings = settings
        self._ledger = ledger
        self._clock = clock
        self._progress = progress
        self._notes = notes

    def finish(
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
        cause: StopCause | None = None
        try:
            state, reason = work(), ""
        except UsageError as wrong:
            if not begun:
                self._set_state(run, RunState.ABANDONED, str(wrong))
            raise
        except BulkcallError as stopped:
            error, reason = stopped, str(stopped)
            cause = stopped.cause if isinstance(stopped, StoppedError) else StopCause.OTHER
            loading = self._state(run) is RunState.LOADING
            state = RunState.LOADING if loading else RunState.STOPPED
        if error is None:
            if state is run.state:  # asked again, nothing sent: it stopped for what it stopped for
                reason, cause = run.reason, run.stop_cause
            self._set_state(run, state, reason, cause)
            return self.report(run, out=out)
        # Where the ledger or the disk is what failed, the error that stopped the run is the one
        # to tell; what could not be written now is written by the resume.
        with contextlib.suppress(LedgerError, OSError):
            self._set_state(run, state, reason, cause)
            return self.report(run, out=out, error=error)
        raise error

    def _state(self, run: RunInfo) -> RunState:
        with contextlib.suppress(LedgerError):
            return self._ledger.run(run.run_id).state
        return run.state

    def _set_state(
        self, run: RunInfo, state: RunState, reason: str, cause: StopCause | None = None
    ) -> None:
        now = self._clock.now_ms()
        self._ledger.set_state(run.run_id, state, at=now, reason=reason, cause=cause)
        _LOG.info("run is %s", state.value)

    def report(
        self,
        run: RunInfo,
        *,
        out: Path | None = None,
        error: BulkcallError | None = None,
        against: str | None = None,
        show_numbers: bool = False,
    ) -> RunResult:
        """Write the report from the ledger alone; `against` is a run to compare with."""
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
