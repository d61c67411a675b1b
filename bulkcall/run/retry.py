"""`retry`: a new run of those rows of a run that can go again without being edited.

They are the rows that `failed`, and those that ended as an `error` whose reason may pass, while
their `ends_at` lies ahead. They are taken from the ledger as they were validated and with their own
cells, so neither the campaign file nor its flags are needed. The new run names its parent; its rows
are numbered from 1, and the column `retried_row` says which row of the parent each of them is.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pyarrow as pa

from bulkcall.errors import UsageError
from bulkcall.ledger import NewRun, RunState
from bulkcall.records import CheckedChunk, Chunk
from bulkcall.run.credentials import require_credentials
from bulkcall.run.deliver import deliver
from bulkcall.run.finish import work_on
from bulkcall.run.options import rows_per_second
from bulkcall.run.run_ids import new_run_id, out_folder
from bulkcall.support.atomic_files import require_folder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bulkcall.ledger import RunInfo
    from bulkcall.records import Channel, OnUnknown
    from bulkcall.run.context import RunContext
    from bulkcall.run.result import RunResult

RETRIED_ROW = "retried_row"
"""The column that a retry adds: the row's number in the run that it was first loaded by."""
_ROOM = 32 << 20
"""Bytes of disk that a retry is given."""
_FINDINGS = pa.schema(
    [("row", pa.int64()), ("line", pa.int64())]
    + [(name, pa.string()) for name in ("field", "code", "value", "message")]
)


def retry(
    context: RunContext,
    run_id: str | None = None,
    *,
    channel: Channel | None = None,
    out: Path | None = None,
    on_unknown: OnUnknown | None = None,
) -> RunResult:
    """Send again what can go again of a run, the last one by default, as a run of its own.

    Raises:
        UsageError: there is no such run, it is not loaded, or none of its rows can go again.
        RunHeldError: another process works on it.
    """
    parent = context.ledger.run_with_rows(run_id)
    require_credentials(context.settings, parent)
    if parent.state is RunState.LOADING:
        raise UsageError(f"run {parent.run_id} has sent nothing yet: `bulkcall resume` takes it up")
    with context.ledger.hold(parent.run_id):  # nobody sends its rows meanwhile
        rows = RetriedRows(context, parent)
        if not rows.count:
            raise UsageError(f"run {parent.run_id}: no row can go again without editing{rows.why}")
        begun = _begin(context, parent, rows, channel=channel, out=out, on_unknown=on_unknown)
    with work_on(context, begun, new=True) as work:
        ingest_retried(context, begun)
        deliver(context, begun, begun.on_unknown)
    return work.result


def ingest_retried(context: RunContext, run: RunInfo) -> None:
    """Write the rows of a retry down, from those of its parent.

    What another run has sent meanwhile is not sent again. Raises UsageError where no row of the
    parent can go again any more.
    """
    parent = context.ledger.run_with_rows(run.parent)
    with context.ledger.hold(parent.run_id):
        rows = RetriedRows(context, parent)
        if not rows.count:
            raise UsageError(
                f"run {parent.run_id}: no row can go again without editing{rows.why}; nothing was "
                "sent"
            )
        context.ledger.add_all(run.run_id, rows.chunks())
    context.ledger.mark_repeats(run.run_id)
    context.notes.append(f"{rows.count:,} rows of run {parent.run_id} are tried again{rows.why}")


class RetriedRows:
    """The rows of a run that can go again now, and how many come too late."""

    def __init__(self, context: RunContext, parent: RunInfo) -> None:
        self._ledger = context.ledger
        self._parent = parent
        self._now = context.clock.now_ms()
        self.count = self.late = 0
        digest = hashlib.sha256(f"retry of {parent.run_id}".encode())
        for records, _, late in self._ledger.retryable(parent.run_id, now=self._now):
            self.count += records.num_rows
            self.late += late
            digest.update(records.column("row").to_numpy().tobytes())
        self.sha256 = digest.hexdigest()
        """Of which rows they are: the run has no file of its own."""

    @property
    def why(self) -> str:
        """Why others don't go, in words to put after a sentence."""
        return f" ({self.late:,} more could, but their ends_at has passed)" if self.late else ""

    def chunks(self) -> Iterator[CheckedChunk]:
        """The rows as validation hands them over, numbered from 1."""
        first, columns = 1, len(self._parent.columns)
        known = RETRIED_ROW in self._parent.columns
        for records, cells, _ in self._ledger.retryable(self._parent.run_id, now=self._now):
            if not records.num_rows:
                continue
            texts = cells.drop_columns(["line"])
            if not known:
                numbers = pa.array([str(row) for row in records.column("row").to_pylist()])
                texts = texts.append_column(str(columns), numbers)
            yield _checked(records, texts, cells.column("line"), first)
            first += records.num_rows


def _checked(
    records: pa.Table, texts: pa.Table, lines: pa.ChunkedArray, first: int
) -> CheckedChunk:
    count = records.num_rows
    rows = pa.array(range(first, first + count), pa.int64())
    lines = lines.combine_chunks().cast(pa.int64())
    records = records.set_column(0, "row", rows).append_column("line", lines)
    records = records.append_column("valid", pa.array([True] * count))
    for name in ("field", "message", "code"):
        records = records.append_column(name, pa.nulls(count, pa.string()))
    return CheckedChunk(Chunk(first, texts, lines), records, _FINDINGS.empty_table())


def _begin(
    context: RunContext,
    parent: RunInfo,
    rows: RetriedRows,
    *,
    channel: Channel | None,
    out: Path | None,
    on_unknown: OnUnknown | None,
) -> RunInfo:
    at = context.clock.now_ms()
    run_id = new_run_id(at)
    channel = channel or parent.channel
    folder = (out or out_folder(context.settings, run_id, parent.file, at)).absolute()
    require_folder(folder)
    context.ledger.require_room(_ROOM)
    added = () if RETRIED_ROW in parent.columns else (RETRIED_ROW,)
    return context.ledger.begin_run(
        NewRun(
            run_id=run_id,
            file=parent.file,
            sha256=rows.sha256,
            channel=channel,
            columns=(*parent.columns, *added),
            fields=parent.fields,
            account=parent.account,
            base_url=context.settings.base_url,
            out_dir=str(folder),
            started_at=at,
            own_times=parent.own_times,
            on_unknown=on_unknown or parent.on_unknown,
            profile=context.settings.profile,
            parent=parent.run_id,
            file_facts={
                **parent.file_facts,
                "rows_per_second": rows_per_second(context.settings, channel),
            },
        )
    )
