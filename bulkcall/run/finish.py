"""How a run ends: exceptions become its state, here alone, and its report is written."""

from __future__ import annotations

import contextlib
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bulkcall.errors import BulkcallError, LedgerError, StopCause, StoppedError, UsageError
from bulkcall.ledger import RunState
from bulkcall.report import publish
from bulkcall.report.out_folder import check_out_folder, free_out_folder
from bulkcall.run.options import rows_per_second
from bulkcall.run.result import RunResult
from bulkcall.run.stop_requests import obeying_stop_requests
from bulkcall.support.log_context import log_context

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bulkcall.ledger import RunInfo
    from bulkcall.run.context import RunContext

_LOG = logging.getLogger(__name__)
_DAY_MS = 24 * 60 * 60 * 1000


@dataclass(slots=True)
class Work:
    """What a block under `work_on` says of its run, and what comes of it."""

    state: RunState = RunState.FINISHED
    """The state that the run has when the block ends without an error."""
    _result: RunResult | None = None

    @property
    def result(self) -> RunResult:
        """The run's result, once the block has ended."""
        if self._result is None:
            raise AssertionError("the result is there once the block has ended")
        return self._result


@contextlib.contextmanager
def work_on(
    context: RunContext, run: RunInfo, *, new: bool = False, out: Path | None = None
) -> Iterator[Work]:
    """Work on a run in the block, as the only process; then write its state and its report.

    An error that stops the run does not leave the block: it stands in the result. A usage error
    does: a `new` run is abandoned by it; one that an earlier process began stays resumable, since a
    missing file can be put back and a setting fixed.

    Raises:
        UsageError: see above.
        RunHeldError: another live process works on the run.
        StoppedError: the run stopped, and its state or report can't be written either (a full disk,
            a ledger that is away); what is missing is written by the resume.
    """
    work = Work()
    if out is not None:
        check_out_folder(out, _campaign_of(run), run.run_id)
    with (
        context.ledger.hold(run.run_id),
        log_context(run.run_id),
        obeying_stop_requests(context, run.run_id),
    ):
        _LOG.info("run in hand: %s, channel %s", run.state.value, run.channel.value)
        try:
            yield work
        except UsageError as error:
            if new:
                _set_state(context, run, RunState.ABANDONED, error)
            raise
        except BulkcallError as error:
            # Where the ledger or the disk is what failed, the error that stopped the run is the one
            # to report; what could not be written now is written by the resume.
            with contextlib.suppress(LedgerError, OSError):
                _set_state(context, run, _stopped_state(context, run), error)
            # A ledger that was deleted meanwhile takes no state, and can still be read.
            with contextlib.suppress(LedgerError, OSError):
                work._result = report_on(context, run, out=out, error=error)  # noqa: SLF001
                return
            raise
        _set_state(context, run, work.state)
        work._result = report_on(context, run, out=out)  # noqa: SLF001


def report_on(
    context: RunContext,
    run: RunInfo,
    *,
    out: Path | None = None,
    error: BulkcallError | None = None,
    against: str | None = None,
    show_numbers: bool = False,
) -> RunResult:
    """Write a run's report from the ledger alone; `against` is a run to compare with.

    Raises UsageError where `out` holds the campaign file under a report's name, or another run's
    report.
    """
    if out is not None:
        check_out_folder(out, _campaign_of(run), run.run_id)
    folder = out or _own_folder(context, run)
    # What the run was allowed, whatever is set where its report is written again.
    allowed = run.file_facts.get("rows_per_second")
    context.progress.begin("report", None)
    published = publish(
        context.ledger,
        run.run_id,
        folder,
        limit=allowed or rows_per_second(context.settings, run.channel),
        against=against,
        show_numbers=show_numbers or context.settings.show_numbers,
        ledger_at=context.settings.ledger,
        now_ms=context.clock.now_ms(),
    )
    context.progress.end("report")
    return RunResult(published.report, published.files, folder, error, tuple(context.notes))


def _own_folder(context: RunContext, run: RunInfo) -> Path:
    """Return the run's folder, or one beside it where another run's report stands there by now."""
    folder = Path(run.out_dir)
    free = free_out_folder(folder, _campaign_of(run), run.run_id)
    if free != folder:
        context.notes.append(f"{folder} holds something else by now; the report is in {free}")
        context.ledger.relocate(run.run_id, file=run.file, out_dir=str(free))
    return free


def _campaign_of(run: RunInfo) -> str:
    source = run.file_facts.get("source")
    return str(source.get("file", "")) if isinstance(source, dict) else ""


def purge_old_runs(context: RunContext) -> None:
    """Purge what `settings.keep_days` does not keep; an error is a note, the run has ended well."""
    days = context.settings.keep_days
    if not days:
        return
    now = context.clock.now_ms()
    try:
        purged = context.ledger.purge(now - days * _DAY_MS, at=now)
    except LedgerError as error:
        context.progress.note(f"old runs could not be purged: {error}")
        return
    if purged.runs:
        context.progress.note(
            f"removed the rows of runs that ended more than {days} days ago: {purged.runs:,}"
        )


def _stopped_state(context: RunContext, run: RunInfo) -> RunState:
    state = run.state
    with contextlib.suppress(LedgerError):
        state = context.ledger.run(run.run_id).state
    # A run that was still loading has sent nothing: its resume loads the file again.
    return RunState.LOADING if state is RunState.LOADING else RunState.STOPPED


def _set_state(
    context: RunContext, run: RunInfo, state: RunState, error: BulkcallError | None = None
) -> None:
    reason = ""
    cause: StopCause | None = None
    if error is not None:
        reason = str(error)
        cause = error.cause if isinstance(error, StoppedError) else StopCause.OTHER
    elif state is run.state:  # asked again, nothing sent: it stopped for what it had stopped for
        reason, cause = run.reason, run.stop_cause
    now = context.clock.now_ms()
    context.ledger.set_state(run.run_id, state, at=now, reason=reason, cause=cause)
    _LOG.info("run is %s", state.value)
