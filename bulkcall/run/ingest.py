"""A campaign file's rows into the ledger: the run begins, rows are checked, repeats are marked."""

from __future__ import annotations

import logging
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from bulkcall.errors import CampaignFileError
from bulkcall.ledger import NewRun, RunState
from bulkcall.records import STANDARD_INPUT
from bulkcall.report.out_folder import free_out_folder
from bulkcall.run.checked_file import open_checked
from bulkcall.run.labels import check_labels
from bulkcall.run.options import InvalidLimit, ReadOptions, rows_per_second
from bulkcall.run.retry import ingest_retried
from bulkcall.run.run_ids import new_run_id, out_folder
from bulkcall.support.atomic_files import require_folder

if TYPE_CHECKING:
    from bulkcall.ledger import RunInfo
    from bulkcall.records import CampaignFile
    from bulkcall.run.checked_file import CheckedFile
    from bulkcall.run.context import RunContext
    from bulkcall.run.options import RunOptions
    from bulkcall.settings import Settings

_LOG = logging.getLogger(__name__)
_PACKED_MORE = 10
"""How much larger than itself a packed file (gz, zip, a workbook) is taken to be."""
_ROOM = 32 << 20
"""Bytes of disk that any run is given beside its rows."""


def begin(
    context: RunContext, checked: CheckedFile, read: ReadOptions, options: RunOptions
) -> RunInfo:
    """Begin a run in the ledger, once it is certain that its report can be written.

    Raises CampaignFileError where the file is not the one that the caller looked at.
    """
    if options.sha256 not in {"", checked.file.sha256}:
        raise CampaignFileError(f"{read.file}: another file took its place")
    new = _new_run(checked.file, read, options, context.settings, at=context.clock.now_ms())
    if options.out is not None and Path(new.out_dir) != options.out.absolute():
        context.notes.append(
            f"{options.out} holds the report of another run; this one's is in {new.out_dir}"
        )
    warning = require_folder(Path(new.out_dir))
    if warning:
        context.notes.append(warning)
    context.ledger.require_room(_room_for(checked.file))
    return context.ledger.begin_run(new)


def ingest(
    context: RunContext, run: RunInfo, checked: CheckedFile, *, allow_duplicates: bool
) -> None:
    """Load and validate into the ledger, then mark the rows that must not be sent again."""
    ledger = context.ledger
    ledger.add_all(run.run_id, checked.chunks())
    rows, first_rows = checked.duplicates.finish()
    if not allow_duplicates:
        ledger.mark_duplicates(run.run_id, rows.tolist(), first_rows.tolist())
    valid = checked.rows - checked.invalid
    _LOG.info("loaded: %d rows, %d invalid, %d equal", checked.rows, checked.invalid, len(rows))
    if not run.resend:
        checked.diagnostics.note_repeats(ledger.mark_repeats(run.run_id), valid)
    context.progress.note(checked.understanding.line())
    context.notes.extend([*checked.notes, *checked.diagnostics.lines()])


def ingest_again(context: RunContext, run: RunInfo) -> bool:
    """Load a run whose first process died while loading; nothing of it was sent.

    Return whether it may be sent now (`--max-invalid`). Raises CampaignFileError where the file has
    changed since.
    """
    if run.parent:
        context.ledger.drop_rows(run.run_id)
        ingest_retried(context, run)
        return True
    facts = dict(run.file_facts)
    if facts["source"]["file"] == STANDARD_INPUT:
        lost = CampaignFileError(
            f"run {run.run_id} ended before all of standard input was loaded; nothing was sent: "
            "start a new run with `bulkcall run`"
        )
        context.ledger.set_state(
            run.run_id, RunState.ABANDONED, at=context.clock.now_ms(), reason=str(lost)
        )
        raise lost
    with open_checked(ReadOptions(**facts["source"]), context.progress, context.stop) as checked:
        if checked.file.sha256 != run.sha256:
            changed = CampaignFileError(
                f"{run.file} has changed since run {run.run_id} began to load it; nothing was "
                f"sent: start a new run with `bulkcall run`"
            )
            context.ledger.set_state(
                run.run_id, RunState.ABANDONED, at=context.clock.now_ms(), reason=str(changed)
            )
            raise changed
        context.ledger.drop_rows(run.run_id)
        if context.settings.label_check != "off":
            checked.count_labels()
        ingest(context, run, checked, allow_duplicates=facts["allow_duplicates"])
        if over_invalid_limit(context, checked, facts.get("max_invalid")):
            return False
        check_labels(context, run, checked.label_use)
        return True


def over_invalid_limit(context: RunContext, checked: CheckedFile, limit: str | None) -> bool:
    """Return whether more rows are invalid than `--max-invalid` allows, and note it."""
    if not InvalidLimit.parse(limit).exceeded(checked.invalid, checked.rows):
        return False
    context.notes.append(
        f"{checked.invalid:,} of {checked.rows:,} rows are invalid, more than --max-invalid "
        f"{limit} allows: nothing was sent"
    )
    return True


def _new_run(
    file: CampaignFile, read: ReadOptions, options: RunOptions, settings: Settings, *, at: int
) -> NewRun:
    run_id = options.run_id or new_run_id(at)
    out = free_out_folder(
        options.out or out_folder(settings, run_id, read.file, at), read.file, run_id
    )
    return NewRun(
        run_id=run_id,
        # A name need not be UTF-8; the way to the file itself stands in `file_facts`.
        file=read.file.encode("utf-8", "surrogateescape").decode("utf-8", "replace"),
        sha256=file.sha256,
        channel=options.channel,
        columns=file.columns,
        fields={str(name): index for name, index in file.fields.items()},
        account=settings.client_account_id,
        base_url=settings.base_url,
        out_dir=str(out.absolute()),
        started_at=at,
        own_times=read.own_times,
        on_unknown=options.on_unknown,
        resend=options.resend,
        canary=options.canary,
        dry_run=options.dry_run,
        profile=settings.profile,
        file_facts={
            "kind": file.kind,
            "size": file.size,
            "encoding": file.encoding,
            "delimiter": file.delimiter,
            "sheet": file.sheet,
            "notes": list(file.notes),
            "source": asdict(read) | {"file": _lasting_name(read.file)},
            "allow_duplicates": options.allow_duplicates,
            "max_invalid": options.max_invalid,
            "flags": dict(options.flags),
            "demo": options.demo,
            "rows_per_second": rows_per_second(settings, options.channel),
        },
    )


def _room_for(file: CampaignFile) -> int:
    """Estimate the bytes that a run of this file takes in the ledger: its cells and its rows."""
    plain = file.size if file.kind == "csv" else file.size * _PACKED_MORE
    return _ROOM + 2 * plain


def _lasting_name(file: str) -> str:
    """Return a name of the file that holds wherever a resume is started; `-` stays itself."""
    return file if file == STANDARD_INPUT else str(Path(file).absolute())
