"""One run in reading order: load, validate, send, reconcile, report. Read this first.

`run` takes a campaign file through all of it. `resume`, `reconcile` and `report` continue a run
that the ledger knows (`run/retry.py` begins a new one with such a run's rows); `compare` checks
a campaign file against batches that somebody else sent. Each returns a `RunResult`, also for a run
that stopped early: what the ledger holds stays, the report shows it, and `resume` continues.

What the functions call is in `run/`, one file for each step:

- `checked_file.py`  the campaign file as a stream of checked chunks (`load/`, then `validate/`)
- `ingest.py`        those chunks into the ledger; equal rows and rows sent before are marked
- `deliver.py`       send (`send/`) beside reconcile (`reconcile/`), in the sending hours; the
                     canary first
- `finish.py`        exceptions become the state of the run; then the report
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bulkcall.errors import UsageError
from bulkcall.ledger import RunState
from bulkcall.reconcile import adopt, read_status_file
from bulkcall.records import OnUnknown
from bulkcall.run.checked_file import open_checked
from bulkcall.run.credentials import require_credentials
from bulkcall.run.deliver import ask_for_batches, confirm, deliver
from bulkcall.run.finish import report_on, work_on
from bulkcall.run.ingest import begin, ingest, ingest_again, over_invalid_limit
from bulkcall.run.labels import check_labels
from bulkcall.run.options import InvalidLimit, RunOptions

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from bulkcall.reconcile import StatusData
    from bulkcall.run.context import RunContext
    from bulkcall.run.options import ReadOptions
    from bulkcall.run.result import RunResult


def run(context: RunContext, file: ReadOptions, options: RunOptions) -> RunResult:
    """Take a campaign file through the whole pipeline.

    Raises:
        UsageError: usage, settings or the file are wrong; nothing was sent, no run is left.
        LedgerError: the ledger can't be used; nothing was sent.
    """
    options = options.with_defaults(context.settings)
    InvalidLimit.parse(options.max_invalid)  # a mistake in it is reported before any work
    with open_checked(file, context.progress, context.stop) as checked:
        if not options.dry_run:
            require_credentials(context.settings)
        begun = begin(context, checked, file, options)
        with work_on(context, begun, new=True) as work:
            if context.settings.label_check != "off":
                checked.count_labels()
            ingest(context, begun, checked, allow_duplicates=options.allow_duplicates)
            if over_invalid_limit(context, checked, options.max_invalid):
                work.state = RunState.WITHHELD
            elif options.dry_run:
                context.notes.append("dry run: nothing was sent")
                work.state = RunState.WITHHELD
            else:
                check_labels(context, begun, checked.label_use)
                deliver(context, begun, options.on_unknown)
    return work.result


def resume(
    context: RunContext, run_id: str | None = None, on_unknown: OnUnknown | None = None
) -> RunResult:
    """Continue a stopped run, the last one by default, from where it stopped.

    Raises:
        UsageError: there is no such run.
        RunHeldError: another process works on it.
    """
    ledger = context.ledger
    earlier = ledger.run_with_rows(run_id) if run_id else ledger.last_stopped()
    # A run that a live process holds can't be resumed either; holding it says by whom.
    earlier = earlier or ledger.last_held()
    if earlier is None:
        raise UsageError("there is no stopped run to resume; `bulkcall runs` lists all runs")
    if run_id is None and earlier.stop_cause is not None and earlier.stop_cause.needs_person:
        raise UsageError(
            f"run {earlier.run_id} stopped for a person to look at it ({earlier.reason}); see its "
            f"report, then name it: bulkcall resume {earlier.run_id}"
        )
    require_credentials(context.settings, earlier)
    with work_on(context, earlier) as work:
        held = ledger.run(earlier.run_id)  # as it is now that nobody else works on it
        context.progress.note(f"continuing run {held.run_id} of {held.file}")
        if held.state is RunState.LOADING and not ingest_again(context, held):
            work.state = RunState.WITHHELD
        else:
            in_doubt = ledger.recover(held.run_id, at=context.clock.now_ms())
            if in_doubt:
                context.notes.append(
                    f"{in_doubt:,} rows were being sent when the run died: some may be sent twice"
                )
            deliver(context, held, on_unknown or held.on_unknown)
    return work.result


def reconcile(context: RunContext, run_id: str | None = None, out: Path | None = None) -> RunResult:
    """Ask again for what is not final in a run, and write its report again; sends nothing."""
    asked = context.ledger.run_with_rows(run_id)
    require_credentials(context.settings, asked)
    with work_on(context, asked, out=out) as work:
        context.ledger.recover(asked.run_id, at=context.clock.now_ms())
        confirm(context, asked, again=True)
        resends = asked.on_unknown is OnUnknown.RESEND
        if context.ledger.waiting(asked.run_id, with_doubt=resends):
            withheld = asked.state is RunState.WITHHELD
            work.state = RunState.WITHHELD if withheld else RunState.STOPPED
    return work.result


def report(
    context: RunContext,
    run_id: str | None = None,
    out: Path | None = None,
    *,
    against: str | None = None,
    show_numbers: bool = False,
) -> RunResult:
    """Write a run's report again from the ledger alone; `against` is a run to compare with."""
    shown = context.ledger.run_with_rows(run_id)
    return report_on(context, shown, out=out, against=against, show_numbers=show_numbers)


def compare(
    context: RunContext,
    file: ReadOptions,
    batch_ids: Sequence[str],
    status_files: Sequence[str],
    out: Path | None,
) -> RunResult:
    """Check a campaign file against batches that somebody else sent; sends nothing.

    The batches are asked for by id, or read from saved status answers. The result is a run like
    any other, with the same report.
    """
    answers: list[StatusData] = [
        answer for each in status_files for answer in read_status_file(each, batch_ids)
    ]
    if not answers:
        require_credentials(context.settings)
    if file.start != "now":  # what was sent days ago may have ended since: that is not an error
        file = replace(file, now_ms=0)
    options = RunOptions(out=out, resend=True, allow_duplicates=True)
    with open_checked(file, context.progress, context.stop) as checked:
        begun = begin(context, checked, file, options)
        with work_on(context, begun, new=True) as work:
            ingest(context, begun, checked, allow_duplicates=True)
            answers = answers or ask_for_batches(context, batch_ids)
            adopt(context.ledger, begun.run_id, answers, at=context.clock.now_ms())
    return work.result
