"""The ledger: the durable state of every run and row. SQLite by default, PostgreSQL by URL."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from bulkcall.errors import RunHeldError, UsageError
from bulkcall.ledger import (
    counts,
    duplicates,
    events,
    loading,
    purge,
    reconciling,
    reporting,
    retrying,
    runs,
    sending,
    tokens,
)
from bulkcall.ledger.access import Access
from bulkcall.ledger.loading import PackedChunk
from bulkcall.support.file_lock import described

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
    from concurrent.futures import Future

    import pyarrow as pa

    from bulkcall.errors import StopCause
    from bulkcall.ledger.model import (
        Batch,
        BatchRow,
        Event,
        NewRun,
        Placed,
        ReadyRow,
        RunInfo,
        RunState,
        Trace,
    )
    from bulkcall.ledger.store import Store
    from bulkcall.records import CheckedChunk, Outcome

_LOG = logging.getLogger(__name__)


class Ledger(Access):
    """Every call is one committed transaction (a reading one: a snapshot), safe from any thread.

    Raises LedgerError (one line: what, where, what to do) for whatever the database can't do,
    DiskFullError when there is no room, UsageError for a run that does not exist.
    """

    def __init__(self, store: Store) -> None:
        super().__init__(store)
        self._watch = duplicates.RepeatLookup()

    # -- runs ------------------------------------------------------------------------------------

    def begin_run(self, new: NewRun) -> RunInfo:
        """Write the run down (state LOADING)."""
        return self._write(runs.begin, new)

    @contextmanager
    def hold(self, run_id: str) -> Iterator[None]:
        """Be the one process that works on this run. RunHeldError names the other one.

        A stop that was requested of an earlier process is over.
        """
        run = self.run(run_id)
        with self._store.hold(run.run_no, run.run_id):
            if run.stop_requested_at is not None:
                self._write(runs.request_stop, run.run_no, None)
            yield

    def holder(self, run_id: str) -> str | None:
        """Return, in words, the live process that works on the run; None where there is none."""
        run = self.run(run_id)
        if not self._store.is_held(run.run_no, run.run_id):
            return None
        return described(self._read(runs.holder, run.run_no))

    def request_stop(self, run_id: str | None, *, at: int) -> tuple[RunInfo, str]:
        """Ask the process that works on a run to stop; return the run and who was asked.

        Without an id it is the only live one. Raises UsageError where there is none, or several.
        """
        if run_id is None:
            live = list(self._resumable(held=True))
            if len(live) != 1:
                several = f"several runs are being worked on ({', '.join(r.run_id for r in live)})"
                raise UsageError(
                    f"{several}; name one" if live else "no run is being worked on: nothing to stop"
                )
            run_id = live[0].run_id
        run = self.run(run_id)
        holder = self.holder(run.run_id)
        if holder is None:
            raise UsageError(
                f"run {run.run_id} is not being worked on ({run.state.value}): nothing to stop"
            )
        self._write(runs.request_stop, run.run_no, at)
        return run, holder

    def add_rows(self, run_id: str, chunk: CheckedChunk | PackedChunk) -> None:
        """Write a chunk: its cells (as one compressed blob), records and findings."""
        run_no = self._number(run_id)
        with ThreadPoolExecutor(1) as beside:
            ready = chunk if isinstance(chunk, PackedChunk) else PackedChunk(chunk, beside)
            self._write(loading.add, run_no, ready)

    def add_all(self, run_id: str, chunks: Iterable[CheckedChunk]) -> None:
        """Write chunks one after the other, each as `add_rows` does: a transaction of its own.

        A chunk is written while the next is taken from `chunks` and packed. What `chunks` raises
        is raised here, once all before it is written.
        """
        with ThreadPoolExecutor(1) as writer, ThreadPoolExecutor(1) as beside:
            written: Future[None] | None = None
            for chunk in chunks:
                ready = PackedChunk(chunk, beside)
                if written is not None:
                    written.result()
                written = writer.submit(self.add_rows, run_id, ready)
            if written is not None:
                written.result()

    def mark_duplicates(self, run_id: str, rows: Sequence[int], first_rows: Sequence[int]) -> None:
        """Rows that equal an earlier row of the file become DUPLICATE, naming that row."""
        run_no = self._number(run_id)
        self._write(loading.mark_duplicates, run_no, rows, first_rows)

    def mark_repeats(self, run_id: str) -> int:
        """Waiting rows that an earlier run sent (or may have) become DUPLICATE; return how many."""
        run_no = self._number(run_id)
        return self._write(duplicates.mark_all, run_no)

    def set_state(
        self,
        run_id: str,
        state: RunState,
        *,
        at: int,
        reason: str = "",
        cause: StopCause | None = None,
    ) -> None:
        """Move the run to a state; `at` becomes its end where the state is one.

        Why a run stops is said twice: `reason` for people, `cause` for programs.
        """
        run_no = self._number(run_id)
        self._write(runs.set_state, run_no, state, at=at, reason=reason, cause=cause)

    def pass_canary(self, run_id: str) -> None:
        """Note that the run's canary was confirmed: a resume sends the rest."""
        run_no = self._number(run_id)
        self._write(runs.pass_canary, run_no)

    def note_facts(self, run_id: str, **facts: Any) -> None:
        """Add to what is known of a run for its report (`RunInfo.file_facts`); JSON-able values."""
        run_no = self._number(run_id)
        self._write(runs.note_facts, run_no, facts)

    def run(self, run_id: str | None = None) -> RunInfo:
        """One run; the latest when None. A unique prefix of the id will do. UsageError if none."""
        return self._read(runs.find, run_id)

    def run_with_rows(self, run_id: str | None = None) -> RunInfo:
        """One run as `run` finds it, with its rows; UsageError where those were purged."""
        return self._read(runs.find_with_rows, run_id)

    def runs(self, limit: int = 50) -> list[RunInfo]:
        """Newest first."""
        return self._read(runs.newest, limit)

    def last_stopped(self) -> RunInfo | None:
        """The newest run that resuming would continue (STOPPED, or left by a dead process).

        One that stopped for a person to look at it comes last, whatever its age.
        """
        found = list(self._resumable(held=False))
        found.sort(key=lambda run: run.stop_cause is not None and run.stop_cause.needs_person)
        return next(iter(found), None)

    def last_held(self) -> RunInfo | None:
        """The newest run that a live process works on."""
        return next(self._resumable(held=True), None)

    def unfinished(self) -> list[RunInfo]:
        """Every run that resuming would take up and no live process works on, newest first."""
        return list(self._resumable(held=False))

    def _resumable(self, *, held: bool) -> Iterator[RunInfo]:
        for run in self._read(runs.resumable):
            if self._store.is_held(run.run_no, run.run_id) is held:
                yield run

    def runs_of(self, sha256: str) -> list[RunInfo]:
        """Return the runs of one file content, in any state, newest first."""
        return self._read(runs.with_content, sha256)

    def latest_end(self, run_id: str) -> int | None:
        """Return the latest `ends_at` of a run's rows, epoch ms; None where none has one."""
        run_no = self._number(run_id)
        return self._read(runs.latest_end, run_no)

    def relocate(self, run_id: str, *, file: str, out_dir: str) -> None:
        """Note where a run's campaign file and report have been moved."""
        run_no = self._number(run_id)
        self._write(runs.relocate, run_no, file, out_dir)

    def drop_rows(self, run_id: str) -> None:
        """Forget the rows of a run that died while loading, so that it can be loaded again."""
        run_no = self._number(run_id)
        self._write(loading.drop, run_no)

    # -- sending ---------------------------------------------------------------------------------

    def recover(self, run_id: str, *, at: int) -> int:  # noqa: ARG002 - kept for the run's log
        """After a crash: rows that were being sent become DOUBT; returns how many."""
        run_no = self._number(run_id)
        doubtful = self._write(sending.recover, run_no)
        if doubtful:
            _LOG.info("%d rows were being sent when their process died: in doubt", doubtful)
        return doubtful

    def expire(self, run_id: str, now: int) -> int:
        """Waiting rows whose ends_at is not after `now`: READY → EXPIRED, DOUBT → HELD."""
        run_no = self._number(run_id)
        if not self._read(sending.may_expire, run_no, now):
            return 0
        return self._write(sending.expire, run_no, now)

    def waiting(self, run_id: str, *, with_doubt: bool) -> int:
        """How many rows still wait for their turn."""
        run_no = self._number(run_id)
        return self._read(sending.waiting, run_no, with_doubt=with_doubt)

    def take_realtime(
        self,
        run_id: str,
        limit: int,
        *,
        now: int,
        with_doubt: bool,
        rows: Sequence[int] | None = None,
        skip: Collection[int] = (),
    ) -> list[ReadyRow]:
        """The next rows by (starts_at, row), marked SENDING (attempts + 1) before this returns.

        `rows` names the rows instead (retries); `skip` passes some over, which keep their place.
        Rows whose ends_at has passed are not returned.
        """
        run_no = self._number(run_id)
        return self._write(
            sending.take_realtime,
            run_no,
            limit,
            now=now,
            with_doubt=with_doubt,
            rows=rows,
            skip=skip,
            watch=self._watch,
        )

    def take_batch(
        self,
        run_id: str,
        limit: int,
        compose: Callable[[Sequence[ReadyRow]], Sequence[Placed]],
        *,
        now: int,
        with_doubt: bool,
        rows: Sequence[int] | None = None,
    ) -> tuple[int, list[ReadyRow], list[Placed]] | None:
        """Form one batch: `compose` is shown the next `limit` rows, and picks and stamps some.

        Those are marked SENDING (attempts + 1) under a new batch number before this returns it,
        with the rows as picked; None where no row waits.
        """
        run_no = self._number(run_id)
        return self._write(
            sending.take_batch,
            run_no,
            limit,
            compose,
            now=now,
            with_doubt=with_doubt,
            rows=rows,
            watch=self._watch,
        )

    def record(
        self, run_id: str, happened: Sequence[Event], *, requests: int = 0, retries: int = 0
    ) -> None:
        """Write what happened, all of it or nothing, in one transaction (docs/life-cycle.md)."""
        run_no = self._number(run_id)
        self._write(events.record, run_no, happened, requests=requests, retries=retries)

    # -- reconciling -----------------------------------------------------------------------------

    def open_batches(self, run_id: str, *, again: bool = False) -> list[Batch]:
        """Accepted batches that are not final; with `again` also those holding MISSING rows."""
        run_no = self._number(run_id)
        return self._read(reconciling.open_batches, run_no, again=again)

    def batches(self, run_id: str) -> list[Batch]:
        """Every batch of a run, oldest first."""
        run_no = self._number(run_id)
        return self._read(reconciling.all_batches, run_no)

    def batch_rows(self, batch: int) -> list[BatchRow]:
        """The rows of a batch as they were sent in it (also rows that have since moved on)."""
        return self._read(reconciling.batch_rows, batch)

    def note_poll(self, batch: int, *, at: int, final: bool) -> None:
        """Count one more look at a batch's status; `final` closes the batch."""
        self._write(reconciling.note_poll, batch, at=at, final=final)

    def add_unexpected(
        self, run_id: str, batch: int, records: Sequence[Mapping[str, object]]
    ) -> None:
        """Replace what the server lists in this batch and this run never sent."""
        run_no = self._number(run_id)
        self._write(reconciling.add_unexpected, run_no, batch, records)

    def adopt_batch(self, run_id: str, batch_id: str, placed: Sequence[Placed], *, at: int) -> int:
        """Put waiting rows under an accepted batch that somebody else sent; return its number."""
        run_no = self._number(run_id)
        return self._write(reconciling.adopt, run_no, batch_id, placed, at=at)

    # -- reporting -------------------------------------------------------------------------------

    def counts(self, run_id: str) -> dict[Outcome, int]:
        """All eleven outcomes, zero included."""
        run_no = self._number(run_id)
        return self._read(counts.by_outcome, run_no)

    def cells(self, run_id: str) -> Iterator[tuple[int, pa.Table]]:
        """(first row, cells) in row order, as loaded."""
        run_no = self._number(run_id)
        with self._store.reading() as transaction:
            yield from reporting.cells(transaction, run_no)

    def outcomes(self, run_id: str, size: int = 50_000) -> Iterator[pa.Table]:
        """Each row's outcome, in row order, `size` rows a table.

        Columns: row int64; outcome, message, field, channel, batch_id, record_id, match string
        (empty, not null); attempts int64; http_status int64 or null; sent_at, confirmed_at int64
        epoch ms or null; and the record's own (caller_number …) as in CheckedChunk.records,
        ends_at as validated.
        """
        run = self.run(run_id)
        with self._store.reading() as transaction:
            yield from reporting.outcomes(transaction, run.run_no, run.channel, size)

    def retryable(self, run_id: str, *, now: int) -> Iterator[tuple[pa.Table, pa.Table, int]]:
        """Records and cells of the rows that can go again, and how many are late, chunk by chunk.

        See retrying.py. Each chunk is read by itself, so that others can be written meanwhile.
        """
        run_no = self._number(run_id)
        for key, row_count in self._read(retrying.chunks, run_no):
            yield self._read(retrying.retryable, key, row_count, now)

    def finding_tables(self, run_id: str) -> Iterator[pa.Table]:
        """What validation found, in row order, a table at a time, so that memory stays flat."""
        run_no = self._number(run_id)
        with self._store.reading() as transaction:
            yield from reporting.finding_tables(transaction, run_no)

    def findings(self, run_id: str, limit: int | None = None) -> pa.Table:
        """What validation found in invalid rows, in row order, as in CheckedChunk.findings."""
        run_no = self._number(run_id)
        return self._read(reporting.findings, run_no, limit)

    def unexpected(self, run_id: str) -> list[dict[str, object]]:
        """What the server lists in the run's batches and the run never sent."""
        run_no = self._number(run_id)
        return self._read(reconciling.unexpected, run_no)

    def trace(self, number: str, *, limit: int | None = None) -> Trace:
        """Rows of any run with this caller or receiver number (digits), newest first.

        At most `limit` of them; `total` counts all.
        """
        return self._read(reporting.trace, number, limit)

    # -- housekeeping ------------------------------------------------------------------------------

    def old_runs(self, before: int) -> list[RunInfo]:
        """Runs that ended (or began) before a time (epoch ms) and still hold rows, oldest first."""
        return [self.run(run_id) for _, run_id in self._read(purge.old_runs, before)]

    def purge(
        self,
        before: int,
        *,
        at: int,
        only: Collection[str] | None = None,
    ) -> purge.Purged:
        """Take the personal data of runs that ended before a time (epoch ms); keep their counts.

        `only`: of these runs alone. Runs that a live process works on are left alone. A run with
        `open_rows` can't be resumed any more; purged rows are not known as repeats.
        """
        rows = runs = 0
        for run_no, run_id in self._read(purge.old_runs, before):
            if only is not None and run_id not in only:
                continue
            try:
                with self._store.hold(run_no, run_id):
                    rows += self._write(purge.purge, run_no, at)
            except RunHeldError:
                continue
            runs += 1
        if runs:
            self._store.forget_deleted()
        return purge.Purged(runs, rows)

    def open_rows(self, run_id: str) -> int:
        """How many rows of a run are still to be sent or asked for: purging it would lose them."""
        return self._read(purge.open_rows, self._number(run_id))

    def require_room(self, size: int) -> None:
        """Raise where the ledger can't be written: no room for `size` more bytes, or no rights."""
        self._store.require_room(size)

    # -- tokens (api.md: 10 tokens created per 30 minutes per account) -----------------------------

    def token_creations(self, account: str, since: int) -> list[int]:
        """Epoch ms of each token creation of an account since then, oldest first, in all runs."""
        return self._read(tokens.creations, account, since)

    def note_token_creation(self, account: str, at: int) -> None:
        """Note that a token of the account was created."""
        self._write(tokens.note, account, at)

    def forget_token_creation(self, account: str, at: int) -> None:
        """Take back the note of a token creation that for certain did not come about."""
        self._write(tokens.forget, account, at)
