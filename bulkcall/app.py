"""bulkcall from Python: what the commands do, as functions; the command line uses nothing else.

::

    import bulkcall

    result = bulkcall.run("campaign.xlsx", start="now", window="8h")
    print(result.exit_status, result.report.outcomes)

Settings are those of the environment and of bulkcall.toml unless `settings` is given. Files are
paths as text or `Path`; times in results are epoch milliseconds. Every error is a
`bulkcall.errors.BulkcallError` with one line of text and an exit status; a run that was stopped
is no exception but a `RunResult` whose `error` says why.

Each function imports what it needs when it is called: checking a file loads no HTTP client.
"""

from __future__ import annotations

import inspect
import time
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from bulkcall.clock import SystemClock
from bulkcall.errors import StoppedError, UsageError
from bulkcall.records import Channel, OnUnknown
from bulkcall.run.options import ReadOptions, RunOptions, keywords_of, split_keywords
from bulkcall.settings import Settings, load_settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager
    from typing import Unpack

    import pandas as pd

    from bulkcall.api import LabelListing
    from bulkcall.ledger import Ledger, TracedRow
    from bulkcall.progress import Progress, StopToken
    from bulkcall.run.context import RunContext
    from bulkcall.run.forecast import Planned
    from bulkcall.run.options import ReadKeywords, RunKeywords
    from bulkcall.run.post_run import PostRun
    from bulkcall.run.preflight import Finding
    from bulkcall.run.purge import Purge
    from bulkcall.run.result import RunResult
    from bulkcall.run.stop_requests import StopRequest
    from bulkcall.run.validate_only import Validation


_LOOK_SECONDS = 0.1
_F = TypeVar("_F", bound="Callable[..., Any]")


def _with_keywords(*options: type[ReadOptions | RunOptions]) -> Callable[[_F], _F]:
    """Show people the options as keywords of the function, each with its words."""

    def decorate(function: _F) -> _F:
        signature = inspect.signature(function)
        named = [
            each for each in signature.parameters.values() if each.kind is not each.VAR_KEYWORD
        ]
        shown = [
            inspect.Parameter(
                each.name,
                inspect.Parameter.KEYWORD_ONLY,
                default=each.default,
                annotation=each.type,
            )
            for each in keywords_of(*options)
        ]
        function.__signature__ = signature.replace(parameters=[*named, *shown])  # type: ignore[attr-defined]
        words = "".join(f"        {each.name}: {each.help}\n" for each in keywords_of(*options))
        head, raises, rest = (function.__doc__ or "").partition("\n    Raises:\n")
        if "Args:" not in head:
            head = f"{head.rstrip()}\n\n    Args:\n"
        function.__doc__ = head + words + raises + rest
        return function

    return decorate


@_with_keywords(ReadOptions, RunOptions)
def run(
    file: str | Path | pd.DataFrame,
    *,
    settings: Settings | None = None,
    out: Path | None = None,
    run_id: str = "",
    sha256: str = "",
    flags: Mapping[str, Any] | None = None,
    demo: bool = False,
    then: Callable[[RunResult], RunResult] | None = None,
    progress: Progress | None = None,
    stop: StopToken | None = None,
    **asked: Unpack[RunKeywords],
) -> RunResult:
    """Take a campaign file through load, validate, send, reconcile and report.

    Args:
        file: a campaign file, or a DataFrame with the columns of one.
        settings: of the client account; by default those in force here.
        out: where the report goes; `bulkcall-runs/<run id>/` by default.
        run_id: what the run is called; a new name by default.
        sha256: the content that the file must have, lower-case hex; any by default.
        flags: settings given for this run alone, kept for a resume from the command line.
        demo: the server is gone afterwards, so the report offers no commands.
        then: what is done with the result before notifications are sent, e.g. moving the report.
        progress: hears of each stage's progress.
        stop: ask it to stop, from another thread or a signal handler.

    Raises:
        UsageError: usage, settings or the file are wrong; nothing was sent.
        LedgerError: the ledger can't be used; nothing was sent.
    """
    from bulkcall import pipeline
    from bulkcall.run.finish import purge_old_runs

    settings = settings or load_settings().settings
    options, reading = split_keywords(asked)
    options = replace(options, out=out, run_id=run_id, sha256=sha256, flags=flags or {}, demo=demo)
    with _campaign(file) as path, _post_run(settings, progress, path) as after:
        read = _read_options(path, settings, reading)
        with _context(settings, after.progress, stop) as context:
            after.result = pipeline.run(context, read, options)
            purge_old_runs(context)
        after.result = result = then(after.result) if then else after.result
        return result


def resume(
    run_id: str | None = None,
    *,
    settings: Settings | None = None,
    on_unknown: OnUnknown | str | None = None,
    then: Callable[[RunResult], RunResult] | None = None,
    progress: Progress | None = None,
    stop: StopToken | None = None,
) -> RunResult:
    """Continue a stopped run: the last one, or the one named; `then` as in `run`.

    Raises UsageError where there is none, RunHeldError where another process works on it.
    """
    from bulkcall import pipeline
    from bulkcall.run.finish import purge_old_runs

    settings = settings or load_settings().settings
    again = OnUnknown(on_unknown) if on_unknown else None
    with _post_run(settings, progress) as after:
        with _context(settings, after.progress, stop) as context:
            after.result = pipeline.resume(context, run_id, again)
            purge_old_runs(context)
        after.result = result = then(after.result) if then else after.result
        return result


def retry(
    run_id: str | None = None,
    *,
    settings: Settings | None = None,
    channel: Channel | str | None = None,
    on_unknown: OnUnknown | str | None = None,
    out: Path | None = None,
    then: Callable[[RunResult], RunResult] | None = None,
    progress: Progress | None = None,
    stop: StopToken | None = None,
) -> RunResult:
    """Send again, as a new run, those rows of a run (the last by default) that can go as they are.

    `channel` and `on_unknown` are those of that run by default; `then` as in `run`.

    Raises UsageError where no row can go again, RunHeldError where another process works on it.
    """
    from bulkcall.run.finish import purge_old_runs
    from bulkcall.run.retry import retry as retry_run

    settings = settings or load_settings().settings
    with _post_run(settings, progress) as after:
        with _context(settings, after.progress, stop) as context:
            after.result = retry_run(
                context,
                run_id,
                channel=Channel(channel) if channel else None,
                out=out,
                on_unknown=OnUnknown(on_unknown) if on_unknown else None,
            )
            purge_old_runs(context)
        after.result = result = then(after.result) if then else after.result
        return result


def reconcile(
    run_id: str | None = None,
    *,
    settings: Settings | None = None,
    out: Path | None = None,
    progress: Progress | None = None,
    stop: StopToken | None = None,
) -> RunResult:
    """Ask the API again for what is not final in a run (the last by default); sends nothing.

    `out` is where the report is written, the run's own folder by default.
    """
    from bulkcall import pipeline

    settings = settings or load_settings().settings
    with _post_run(settings, progress) as after:
        with _context(settings, after.progress, stop) as context:
            after.result = result = pipeline.reconcile(context, run_id, out)
        return result


@_with_keywords(ReadOptions)
def compare(
    file: str | Path | pd.DataFrame,
    *,
    batch_ids: Sequence[str] = (),
    status_files: Sequence[str | Path] = (),
    settings: Settings | None = None,
    out: Path | None = None,
    progress: Progress | None = None,
    stop: StopToken | None = None,
    **asked: Unpack[ReadKeywords],
) -> RunResult:
    """Hold a campaign file against batches that somebody else sent; sends nothing.

    Args:
        file: the campaign file that was sent.
        batch_ids: batches to ask the API for.
        status_files: saved batch status answers (JSON) instead.
        settings: as in `run`.
        out: as in `run`.
        progress: as in `run`.
        stop: as in `run`.

    Raises:
        UsageError: a file can't be read, or the server does not know a batch.
    """
    from bulkcall import pipeline

    settings = settings or load_settings().settings
    with _campaign(file) as path, _context(settings, progress, stop) as context:
        read = _read_options(path, settings, asked)
        return pipeline.compare(context, read, batch_ids, [str(each) for each in status_files], out)


def report(
    run_id: str | None = None,
    *,
    settings: Settings | None = None,
    out: Path | None = None,
    against: str | None = None,
    show_numbers: bool = False,
) -> RunResult:
    """Write a run's report again (the last run's by default), from the ledger alone.

    `against` is another run: the report then shows what changed since. `show_numbers` shows phone
    numbers in report.html.
    """
    from bulkcall import pipeline

    settings = settings or load_settings().settings
    with _context(settings, None, None) as context:
        return pipeline.report(context, run_id, out, against=against, show_numbers=show_numbers)


@_with_keywords(ReadOptions)
def validate(
    file: str | Path | pd.DataFrame,
    *,
    settings: Settings | None = None,
    out: Path | None = None,
    keep_findings: bool = True,
    check_labels: bool = False,
    progress: Progress | None = None,
    stop: StopToken | None = None,
    **asked: Unpack[ReadKeywords],
) -> Validation:
    """Check a campaign file; sends nothing. With `out`, rejected.csv and summary.json are written.

    With `check_labels`, the API is asked for the account's labels (StoppedError where that fails).

    Raises UsageError where the file can't be read.
    """
    from bulkcall.run import validate_only

    settings = settings or load_settings().settings
    if check_labels:
        _require_credentials(settings)
    with _campaign(file) as path:
        read = _read_options(path, settings, asked)
        found = validate_only.validate(
            read,
            out=out,
            keep_findings=keep_findings,
            count_labels=check_labels,
            progress=progress,
            stop=stop,
        )
    return _with_labels(found, settings, progress, stop) if check_labels else found


@_with_keywords(ReadOptions)
def plan(
    file: str | Path | pd.DataFrame,
    *,
    settings: Settings | None = None,
    check_labels: bool = False,
    progress: Progress | None = None,
    stop: StopToken | None = None,
    **asked: Unpack[ReadKeywords],
) -> Planned:
    """Work out what a run of this file would take on each channel; sends nothing.

    `check_labels` as in `validate`.

    Raises UsageError where the file can't be read.
    """
    from bulkcall.run import forecast

    settings = settings or load_settings().settings
    with _campaign(file) as path:
        read = _read_options(path, settings, asked)
        planned = forecast.plan(
            read, settings, count_labels=check_labels, progress=progress, stop=stop
        )
    if not check_labels:
        return planned
    return replace(planned, validation=_with_labels(planned.validation, settings, progress, stop))


def labels(
    *,
    settings: Settings | None = None,
    refresh: bool = False,
    progress: Progress | None = None,
    stop: StopToken | None = None,
) -> LabelListing:
    """List the account's labels; those asked for in the last ten minutes, unless `refresh`.

    Raises StoppedError where the API does not list them.
    """
    from bulkcall.run.labels import list_labels

    settings = settings or load_settings().settings
    _require_credentials(settings)
    with _context(settings, progress, stop) as context:
        return list_labels(context, refresh=refresh)


def _with_labels(
    found: Validation, settings: Settings, progress: Progress | None, stop: StopToken | None
) -> Validation:
    from bulkcall.run.labels import unknown_labels

    with _context(settings, progress, stop) as context:
        unknown, notes = unknown_labels(context, found.label_use)
    return replace(found, unknown_labels=unknown, notes=(*found.notes, *notes))


def _require_credentials(settings: Settings) -> None:
    from bulkcall.run.credentials import require_credentials

    require_credentials(settings)


def probe(
    *,
    caller: str,
    receivers: Sequence[str],
    label_name: str = "",
    label_id: str = "",
    path: str | Path = "bulkcall-probe.json",
    wait_seconds: float = 60.0,
    status_requests: int = 90,
    settings: Settings | None = None,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Measure what the API's pages leave open, with six real records to `receivers`.

    Returns what was measured, and writes it to `path` as JSON: no number, no secret, no text of the
    server's. Raises UsageError for what is no number, StoppedError where the API can't be used.
    """
    import orjson

    from bulkcall.run.probe import ProbeOptions
    from bulkcall.run.probe import probe as measure
    from bulkcall.support.atomic_files import replacing, translated

    settings = settings or load_settings().settings
    _require_credentials(settings)
    options = ProbeOptions(
        caller, tuple(receivers), label_name, label_id, wait_seconds, status_requests
    )
    with _context(settings, progress, None) as context:
        found = measure(
            context.settings,
            context.ledger,
            options,
            clock=context.clock,
            progress=context.progress,
        )
    try:
        with replacing(Path(path)) as file:
            file.write(orjson.dumps(found, option=orjson.OPT_INDENT_2) + b"\n")
    except OSError as error:
        raise translated(error, Path(path)) from error
    return found


def trace(
    number: str, *, settings: Settings | None = None, limit: int | None = None
) -> list[TracedRow]:
    """Every row of one phone number, in every run, the newest first.

    `number` is written as in a campaign file; `limit` is how many rows at most. Raises UsageError
    where it is not a phone number.
    """
    from bulkcall.run.trace import trace_number

    settings = settings or load_settings().settings
    with open_ledger(settings) as ledger:
        return list(trace_number(ledger, number, settings.region, limit=limit).rows)


def purge(
    older_than: timedelta,
    *,
    runs: Sequence[str] = (),
    dry_run: bool = False,
    settings: Settings | None = None,
) -> Purge:
    """Remove the rows, numbers and texts of runs that ended longer ago than that from the ledger.

    Their counts stay; their rows are not known as repeats any more. Runs with rows still to be sent
    or confirmed are kept, unless `runs` names them. Reports in folders are left alone.

    Args:
        older_than: how long ago a run must have ended.
        runs: the ids of the only runs to purge, open rows or not.
        dry_run: say what would be removed, and remove nothing.
        settings: as in `run`.

    Raises:
        UsageError: a run in `runs` is not in the ledger, or not old enough.
        LedgerError: the ledger can't be used.
    """
    from bulkcall.run.purge import purge as purge_runs

    now = SystemClock().now_ms()
    before = now - older_than // timedelta(milliseconds=1)
    with open_ledger(settings, must_exist=True) as ledger:
        return purge_runs(ledger, before, at=now, named=runs, dry_run=dry_run)


def check(
    flags: Mapping[str, object] | None = None, *, config: Path | None = None
) -> list[Finding]:
    """Try everything that a run needs: settings, ledger, disk, credentials, clock. Sends no record.

    May create one token, which is kept for the next run. `flags` are settings over those of the
    environment and of bulkcall.toml (`config`).
    """
    from bulkcall.run import preflight
    from bulkcall.settings import survey

    loaded = survey(flags, config=config)
    return preflight.preflight(loaded, loaded.settings.ledger or _users_own_ledger())


def stop(
    run_id: str | None = None, *, settings: Settings | None = None, wait_seconds: float = 0
) -> StopRequest:
    """Ask a live run (the only one by default) to stop, in whatever process or machine it is.

    Returns at once, or when it has stopped, after `wait_seconds` at most. Raises UsageError where
    no live process works on the run, StoppedError where it has not stopped in that time.
    """
    from bulkcall.run.stop_requests import StopRequest

    clock = SystemClock()
    with open_ledger(settings) as ledger:
        run, holder = ledger.request_stop(run_id, at=clock.now_ms())
        if not wait_seconds:
            return StopRequest(run, holder, stopped=False)
        deadline = clock.monotonic() + wait_seconds
        while ledger.holder(run.run_id) is not None:
            if clock.monotonic() > deadline:
                raise StoppedError(
                    f"run {run.run_id} ({holder}) was asked to stop and is still at work after "
                    f"{wait_seconds:g} s"
                )
            time.sleep(_LOOK_SECONDS)
        return StopRequest(ledger.run(run.run_id), holder, stopped=True)


@contextmanager
def open_ledger(settings: Settings | None = None, *, must_exist: bool = False) -> Iterator[Ledger]:
    """Open the ledger in force, to look up runs and rows. Raises LedgerError.

    `must_exist`: a file that is named and not there is not made, but a UsageError.
    """
    from bulkcall.ledger import Ledger
    from bulkcall.support.ledger_address import Kind, read_address

    settings = settings or load_settings().settings
    if must_exist and settings.ledger:
        address = read_address(settings.ledger)
        if address.kind is Kind.FILE and not address.path.exists():
            raise UsageError(f"there is no ledger at {address.path}; `bulkcall run` makes one")
    ledger = Ledger.open(settings.ledger or _users_own_ledger())
    try:
        yield ledger
    finally:
        ledger.close()


def _users_own_ledger() -> str:
    from bulkcall.support.user_folders import data_folder

    return str(data_folder() / "ledger.db")


def _campaign(file: str | Path | pd.DataFrame) -> AbstractContextManager[str]:
    """The path of a campaign file; a DataFrame is written to one for as long as it is needed."""
    if isinstance(file, str | Path):
        return nullcontext(str(file))
    from bulkcall.run.frames import as_file

    return as_file(file)


def _read_options(file: str, settings: Settings, asked: ReadKeywords) -> ReadOptions:
    return ReadOptions.of(file, settings, now_ms=SystemClock().now_ms(), asked=asked)


def _post_run(
    settings: Settings, progress: Progress | None, file: str = ""
) -> AbstractContextManager[PostRun]:
    """Send notifications and write metrics once the block is over, however it ends."""
    from bulkcall.run.post_run import post_run

    return post_run(settings, progress, file=file)


@contextmanager
def _context(
    settings: Settings, progress: Progress | None, stop: StopToken | None
) -> Iterator[RunContext]:
    from bulkcall.progress import NullProgress, StopToken
    from bulkcall.run.context import RunContext

    with open_ledger(settings) as ledger:
        yield RunContext(
            settings=settings,
            ledger=ledger,
            progress=progress or NullProgress(),
            stop=stop or StopToken(),
        )
