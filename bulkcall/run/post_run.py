"""What follows a run, however it ended: notifications and metrics. They never fail a run.

::

    with post_run(settings, progress, file="campaign.csv") as after:
        after.result = pipeline.run(…)      # with after.progress as its progress
"""

from __future__ import annotations

import logging
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from bulkcall.errors import BulkcallError, ExitStatus
from bulkcall.ledger import RunState
from bulkcall.metrics import Stopwatch
from bulkcall.run_summary import RunSummary
from bulkcall.support.masking import masked_around, masked_text
from bulkcall.support.text import shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bulkcall.progress import Progress
    from bulkcall.run.result import RunResult
    from bulkcall.settings import Settings

_LOG = logging.getLogger(__name__)
_TO_TAKE_UP = (RunState.STOPPED, RunState.LOADING, RunState.SENDING, RunState.CONFIRMING)
_MOST_REASONS = 5


class PostRun:
    """What is known when a run is over; its progress must be `progress`, its end `result`."""

    def __init__(self, settings: Settings, progress: Progress | None, file: str) -> None:
        self.progress = Stopwatch(progress)
        self.result: RunResult | None = None
        self._settings = settings
        self._file = file

    def ending(self, error: Exception | None = None) -> RunSummary | None:
        """How the run ended; None for a dry run, or where there was no run at all."""
        if self.result is None:
            return None if error is None else self._never_began(error)
        return None if _practice(self.result) else self._ended(self.result)

    def _never_began(self, error: Exception) -> RunSummary:
        known = isinstance(error, BulkcallError)
        return RunSummary(
            exit_status=error.exit_status if isinstance(error, BulkcallError) else ExitStatus(1),
            # The text of an error that was not foreseen may quote what it choked on.
            verdict=masked_text(str(error)) if known else f"internal error: {type(error).__name__}",
            profile=self._settings.profile,
            file=masked_text(shown(Path(self._file).name)),
            begun=self.progress.begun,
            ended=time.time_ns(),
            stages=self.progress.stages(),
        )

    def _ended(self, result: RunResult) -> RunSummary:
        report, run = result.report, result.report.run
        reasons = (
            f"{reason.rows:,} {reason.outcome.value}: {reason.text or 'no message'}"
            for reason in report.reasons[:_MOST_REASONS]
        )
        return RunSummary(
            exit_status=result.exit_status,
            verdict=masked_around(report.verdict, run.run_id),
            profile=self._settings.profile,
            run_id=run.run_id,
            file=masked_text(shown(Path(run.file).name)),
            channel=run.channel.value,
            outcomes=dict(report.outcomes),
            rows=report.rows,
            conserved=report.conserved,
            withheld=run.state is RunState.WITHHELD,
            requests=run.requests,
            retries=run.retries,
            begun=self.progress.begun,
            ended=time.time_ns(),
            reasons=tuple(masked_text(reason) for reason in reasons),
            report=masked_around(
                str(result.files.get("report.html", result.folder).absolute()), run.run_id
            ),
            resume=self._resume(result),
            stages=self.progress.stages(),
        )

    def _resume(self, result: RunResult) -> str:
        from bulkcall.report.advice import resume_command

        run = result.report.run
        if result.error is None and run.state not in _TO_TAKE_UP:
            return ""
        return resume_command(result.report)


@contextmanager
def post_run(settings: Settings, progress: Progress | None, *, file: str = "") -> Iterator[PostRun]:
    """Work on a run in the block; when it is over, tell and measure, as the settings say."""
    after = PostRun(settings, progress, file)
    try:
        yield after
    except Exception as error:
        _tell_and_measure(after, settings, error)
        raise
    _tell_and_measure(after, settings)


def _practice(result: RunResult) -> bool:
    run = result.report.run
    return run.dry_run and run.state is RunState.WITHHELD


def _tell_and_measure(after: PostRun, settings: Settings, error: Exception | None = None) -> None:
    from bulkcall import metrics, notify

    try:
        ending = after.ending(error)
        if ending is None:
            return
        # Figures first: telling may take its time.
        problems = [*metrics.write(ending, settings), *notify.notify(ending, settings)]
    except Exception as wrong:  # noqa: BLE001 - the run is what counts, and it is over
        problems = [f"telling and measuring failed: {type(wrong).__name__}"]
    for problem in problems:
        _LOG.warning("%s", problem)
