"""The ledger: the durable state of every run and row. SQLite by default, PostgreSQL by URL."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager

    import pyarrow as pa

    from bulkcall.ledger.model import (
        Batch, BatchRow, Event, NewRun, Placed, ReadyRow, RunInfo, RunState, TracedRow,
    )
    from bulkcall.records import CheckedChunk, Outcome


class Ledger:
    """Every call is one committed transaction (reading ones: one snapshot), safe from any thread.

    Raises LedgerError (one line: what, where, what to do) for whatever the database can't do,
    DiskFullError when there is no room.
    """

    @classmethod
    def open(cls, url: str) -> Ledger:
        """Open (SQLite: create) the ledger at a path, `sqlite:///…` or `postgresql://…`; migrate it."""
        raise NotImplementedError

    def close(self) -> None: ...

    # -- runs ------------------------------------------------------------------------------------

    def begin_run(self, new: NewRun) -> RunInfo:
        """Write the run down (state LOADING)."""
        raise NotImplementedError

    def hold(self, run_id: str) -> AbstractContextManager[None]:
        """Be the one process that works on this run. RunHeldError names the other one."""
        raise NotImplementedError

    def add_rows(self, run_id: str, chunk: CheckedChunk) -> None:
        """Write a chunk: its cells (as one compressed blob), records and findings."""
        raise NotImplementedError

    def mark_duplicates(self, run_id: str, rows: Sequence[int], first_rows: Sequence[int]) -> None:
        """Rows that equal an earlier row of the file become DUPLICATE, naming that row."""
        raise NotImplementedError

    def mark_repeats(self, run_id: str) -> int:
        """Valid rows that an earlier run sent (or may have) become DUPLICATE, naming run and time."""
        raise NotImplementedError

    def set_state(self, run_id: str, state: RunState, *, at: int, reason: str = "") -> None:
        raise NotImplementedError

    def run(self, run_id: str | None = None) -> RunInfo:
        """One run; the latest when None. A unique prefix of the id will do. UsageError if none."""
        raise NotImplementedError

    def runs(self, limit: int = 50) -> list[RunInfo]:
        """Newest first."""
        raise NotImplementedError

    def last_stopped(self) -> RunInfo | None:
        """The newest run that resuming would take up (STOPPED, or left by a dead process)."""
        raise NotImplementedError

    def drop_rows(self, run_id: str) -> None:
        """Forget the rows of a run that died while loading, so that it can be loaded again."""
        raise NotImplementedError

    # -- sending ---------------------------------------------------------------------------------

    def recover(self, run_id: str, *, at: int) -> int:
        """After a crash: rows that were going out become DOUBT; returns how many."""
        raise NotImplementedError

    def expire(self, run_id: str, now: int) -> int:
        """Waiting rows whose ends_at is not after `now`: READY → EXPIRED, DOUBT → HELD."""
        raise NotImplementedError

    def waiting(self, run_id: str, *, with_doubt: bool) -> int:
        """How many rows still wait for their turn."""
        raise NotImplementedError

    def take_realtime(
        self, run_id: str, limit: int, *, now: int, with_doubt: bool, rows: Sequence[int] | None = None
    ) -> list[ReadyRow]:
        """The next rows by (starts_at, row), marked SENDING (attempts + 1) before this returns.

        `rows` names the rows instead (retries). Rows whose ends_at has passed are not returned.
        """
        raise NotImplementedError

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
        """Form one batch: the next `limit` rows are shown to `compose`, which picks and stamps some.

        Those are marked SENDING (attempts + 1) under a new batch number before this returns it,
        with the rows as picked; None where no row waits.
        """
        raise NotImplementedError

    def record(
        self, run_id: str, events: Sequence[Event], *, requests: int = 0, retries: int = 0
    ) -> None:
        """Write what happened, all of it or nothing, in one transaction (docs/life-cycle.md)."""
        raise NotImplementedError

    # -- reconciling -----------------------------------------------------------------------------

    def open_batches(self, run_id: str, *, again: bool = False) -> list[Batch]:
        """Accepted batches that are not final; with `again` also those holding MISSING rows."""
        raise NotImplementedError

    def batches(self, run_id: str) -> list[Batch]:
        raise NotImplementedError

    def batch_rows(self, batch: int) -> list[BatchRow]:
        """The rows of a batch as they were sent in it (also rows that have since moved on)."""
        raise NotImplementedError

    def note_poll(self, batch: int, *, at: int, final: bool) -> None:
        raise NotImplementedError

    def add_unexpected(self, run_id: str, batch: int, records: Sequence[Mapping[str, object]]) -> None:
        """Replace what the server lists in this batch and this run never sent."""
        raise NotImplementedError

    # -- reporting -------------------------------------------------------------------------------

    def counts(self, run_id: str) -> dict[Outcome, int]:
        """All eleven outcomes, zero included."""
        raise NotImplementedError

    def cells(self, run_id: str) -> Iterator[tuple[int, pa.Table]]:
        """(first row, cells) in row order, as loaded."""
        raise NotImplementedError

    def outcomes(self, run_id: str, size: int = 50_000) -> Iterator[pa.Table]:
        """Row order, `size` rows a table: row int64, outcome, message, field, channel, batch_id,

        record_id, match string (empty, not null), attempts int64, http_status int64 or null,
        sent_at, confirmed_at int64 epoch ms or null, and the record's own columns
        (caller_number …) as in CheckedChunk.records, ends_at as validated.
        """
        raise NotImplementedError

    def findings(self, run_id: str, limit: int | None = None) -> pa.Table:
        raise NotImplementedError

    def unexpected(self, run_id: str) -> list[dict[str, object]]:
        raise NotImplementedError

    def trace(self, number: str) -> list[TracedRow]:
        """Every row, in every run, with this caller or receiver number (digits)."""
        raise NotImplementedError

    # -- tokens (api.md: 10 tokens created per 30 minutes per account) ------------------------------

    def token_creations(self, account: str, since: int) -> list[int]:
        """Epoch ms of each token creation of an account since then, oldest first, in all runs."""
        raise NotImplementedError

    def note_token_creation(self, account: str, at: int) -> None:
        raise NotImplementedError
