"""The ledger in one SQLite file (the default), or in memory."""

from __future__ import annotations

import json
import shutil
import sqlite3
import threading
from contextlib import ExitStack, closing, contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import create_engine
from sqlalchemy.pool import QueuePool, StaticPool

from bulkcall.errors import DiskFullError, LedgerError, RunHeldError
from bulkcall.ledger.codec import python_rows
from bulkcall.ledger.failures import translated
from bulkcall.ledger.store import Store, Transaction
from bulkcall.support.file_lock import described, this_process

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    import pyarrow as pa

    from bulkcall.ledger.ledger_file import LedgerFile

Result = TypeVar("Result")

BUSY_SECONDS = 30.0
_POOL_SIZE = 4
_ROWS_TOGETHER = 100
_MOST_VALUES = 999
"""How many values a statement may bind in the SQLites that allow the fewest."""
_IN_KEYS = "IN (SELECT value FROM json_each(?))"
_CLAIM = """
    INSERT INTO holds (run_no, holder) VALUES (?, ?)
    ON CONFLICT (run_no) DO UPDATE SET holder = excluded.holder
"""
_HOLDER = "SELECT holder FROM holds WHERE run_no = ?"
_HELD = """
    SELECT h.holder, r.taken_mark FROM runs r LEFT JOIN holds h ON h.run_no = r.run_no
    WHERE r.run_no = ?
"""


class _SqliteStore(Store):
    """What a file and memory have in common."""

    def read(self, work: Callable[[Transaction], Result]) -> Result:
        """Do the work in one snapshot that only reads."""
        with self.reading() as transaction:
            return work(transaction)

    def dialect(self, sql: str) -> str:
        """Put a portable statement into SQLite's words."""
        return sql.replace("IN_KEYS", _IN_KEYS)

    def keys(self, keys: Iterable[int]) -> object:
        """Return the keys as a JSON list."""
        return json.dumps(list(keys))

    def has_table(self, transaction: Transaction, table: str) -> bool:
        """Return whether the file has such a table."""
        found = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?"
        return transaction.one(found, table) is not None

    def overwrite_deleted(self, transaction: Transaction) -> None:
        """Let what this connection deletes be overwritten in the file."""
        transaction.all("PRAGMA secure_delete = ON")

    def bulk_insert(
        self, cursor: Any, table: str, columns: pa.Table, same: Mapping[str, int]
    ) -> None:
        """Insert a whole Arrow table, many rows a statement: starting one costs like a row."""
        if not columns.num_rows:
            return
        names = ", ".join([*columns.column_names, *same])
        width = columns.num_columns
        marks = ", ".join([*("?" * width), *map(str, same.values())])
        together = max(1, min(_ROWS_TOGETHER, _MOST_VALUES // width))

        def insert(rows: int) -> str:
            return f"INSERT INTO {table} ({names}) VALUES " + ", ".join([f"({marks})"] * rows)

        whole = columns.num_rows - columns.num_rows % together
        cursor.executemany(insert(together), python_rows(columns.slice(0, whole), together))
        for rest in python_rows(columns.slice(whole), together):
            cursor.execute(insert(len(rest) // width), rest)


class SqliteFile(_SqliteStore):
    """A ledger in a file: write-ahead log, one writer at a time, readers never wait."""

    def __init__(self, file: LedgerFile, *, name: str, synchronous: str) -> None:
        """`name` is what the user calls it; the store closes `file` with itself."""
        self.file = file
        self.name = name
        self._synchronous = synchronous
        self._closed = False
        self._turn = threading.Lock()
        self._holds: dict[int, _Hold] = {}
        self.engine = create_engine(
            "sqlite://",
            creator=self._connect,
            poolclass=QueuePool,
            pool_size=_POOL_SIZE,
            max_overflow=28,
        )

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self.file.uri("mode=rw"),
            uri=True,
            timeout=BUSY_SECONDS,
            isolation_level=None,
            check_same_thread=False,
            cached_statements=256,
        )
        # Counts while the file is empty only. Loading writes a tenth faster than with pages of half
        # the size; those of a sender's small commits cost the same.
        connection.execute("PRAGMA page_size = 8192")
        connection.execute(f"PRAGMA synchronous = {self._synchronous}")
        connection.execute("PRAGMA cache_size = -65536")
        connection.execute("PRAGMA wal_autocheckpoint = 4000")
        connection.execute("PRAGMA journal_size_limit = 67108864")
        connection.execute("PRAGMA temp_store = MEMORY")
        # A file may come from anywhere: its definitions run nothing, and damage is found early.
        connection.execute("PRAGMA trusted_schema = OFF")
        connection.execute("PRAGMA cell_size_check = ON")
        if not self.file.is_in_place:
            connection.close()
            raise LedgerError(self._lost())
        return connection

    def write(self, work: Callable[[Transaction], Result]) -> Result:
        """Do the work in one transaction."""
        with translated(self.name), self._turn:
            with self._transaction("BEGIN IMMEDIATE") as transaction:
                result = work(transaction)
            for done in transaction.on_commit:
                done()
            return result

    @contextmanager
    def reading(self) -> Iterator[Transaction]:
        """Open one snapshot that only reads."""
        with translated(self.name), self._transaction("BEGIN") as transaction:
            yield transaction

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[Transaction]:
        with closing(self.engine.raw_connection()) as connection:
            cursor = connection.cursor()
            cursor.execute(begin)
            try:
                yield Transaction(self, cursor)
                cursor.execute("COMMIT")
            except BaseException:
                # A full disk may have undone the transaction already.
                if connection.driver_connection.in_transaction:  # type: ignore[union-attr]
                    cursor.execute("ROLLBACK")
                raise

    @contextmanager
    def hold(self, run_no: int, run_id: str) -> Iterator[None]:
        """Be the one process that works on the run; RunHeldError names the other one."""
        try:
            locked = self.file.try_lock(run_no)
        except OSError as error:
            raise LedgerError(
                f"the ledger {self.name}: run {run_id} can't be locked ({error.strerror}); "
                "keep the ledger on a local disk, where you may write it"
            ) from error
        if not locked:
            holder = self.read(lambda transaction: transaction.value(_HOLDER, run_no))
            raise RunHeldError(
                f"run {run_id} is being worked on by {described(holder or '')}; "
                "wait for it to end or stop it"
            )
        try:
            hold = _Hold(this_process())
            self.write(lambda transaction: transaction.run(_CLAIM, run_no, hold.holder))
            self._holds[run_no] = hold
            self._open_all()
            yield
        finally:
            self._holds.pop(run_no, None)
            self.file.unlock(run_no)

    def _open_all(self) -> None:
        """Open what a report will read by: should the file go, none could be opened any more."""
        with ExitStack() as stack:
            for _ in range(_POOL_SIZE):
                stack.enter_context(self.reading()).value("SELECT 1 FROM meta")

    def is_held(self, run_no: int, run_id: str) -> bool:  # noqa: ARG002 - for messages only
        """Return whether a live process works on the run."""
        return self.file.is_locked(run_no)

    def check_hold(self, transaction: Transaction, run_no: int) -> None:
        """Refuse to go on where this is no longer the ledger that the run began to send from."""
        if not self.file.is_in_place:
            raise LedgerError(self._lost())
        hold = self._holds.get(run_no)
        if hold is None:
            return
        holder, mark = transaction.one(_HELD, run_no) or (None, 0)
        if holder != hold.holder or mark < hold.mark:
            raise LedgerError(
                f"the ledger {self.name} was restored from an older copy, or its run was taken "
                "over, while this process was sending from it; nothing more is sent. What was sent "
                "since that copy stands in this run's report only: compare before you resume"
            )

    def note_taken(self, run_no: int, mark: int) -> None:
        """Note what the run had taken at a commit."""
        hold = self._holds.get(run_no)
        if hold is not None:
            hold.mark = max(hold.mark, mark)

    def _lost(self) -> str:
        return (
            f"the ledger {self.name} was deleted, moved or replaced while it was in use; nothing "
            "more is sent. Put the file back that was there, then resume; what was sent stands in "
            "the report"
        )

    def require_room(self, size: int) -> None:
        """Raise DiskFullError where the ledger's disk has no room for `size` more bytes."""
        free = shutil.disk_usage(self.file.path.parent).free
        if free < size:
            raise DiskFullError(
                f"the disk of the ledger {self.name} has {free >> 20} MB left and the run needs "
                f"about {(size >> 20) + 1}; make room, or name another one with BULKCALL_LEDGER"
            )

    def forget_deleted(self) -> None:
        """Empty the write-ahead log, where the deleted pages still stand."""
        self.checkpoint("TRUNCATE")

    def checkpoint(self, mode: str = "PASSIVE") -> None:
        """Bring the write-ahead log into the file itself, as far as nobody reads there."""
        with translated(self.name), closing(self.engine.raw_connection()) as connection:
            connection.cursor().execute(f"PRAGMA wal_checkpoint({mode})").fetchall()

    def close(self) -> None:
        """Close all connections, then the file: the other way round their locks would go."""
        if not self._closed:
            self._closed = True
            self.engine.dispose()
            self.file.close()


class _Hold:
    """What this process knows of a run that it works on."""

    def __init__(self, holder: str) -> None:
        self.holder = holder
        self.mark = 0
        """The run's `taken_mark` at the last commit."""


class SqliteMemory(_SqliteStore):
    """A ledger that ends with the process: for trying things, and to measure what a disk costs."""

    name = ":memory:"

    def __init__(self) -> None:
        self._turn = threading.RLock()
        self._held: set[int] = set()
        self.engine = create_engine(
            "sqlite://",
            creator=lambda: sqlite3.connect(
                ":memory:", isolation_level=None, check_same_thread=False, cached_statements=256
            ),
            poolclass=StaticPool,
            # The pool would roll back what another thread has begun: all share one connection.
            pool_reset_on_return=None,
        )

    def write(self, work: Callable[[Transaction], Result]) -> Result:
        """Do the work in one transaction."""
        with self._turn, translated(self.name), closing(self.engine.raw_connection()) as connection:
            cursor = connection.cursor()
            cursor.execute("BEGIN")
            try:
                result = work(Transaction(self, cursor))
                cursor.execute("COMMIT")
            except BaseException:
                cursor.execute("ROLLBACK")
                raise
            return result

    @contextmanager
    def reading(self) -> Iterator[Transaction]:
        """Open what reads, one statement at a time."""
        # One connection serves everyone, so a snapshot that stays open would keep writers out:
        # each statement reads what is there.
        with translated(self.name), closing(self.engine.raw_connection()) as connection:
            yield _Locked(self, connection.cursor(), self._turn)

    @contextmanager
    def hold(self, run_no: int, run_id: str) -> Iterator[None]:
        """Be the one process that works on the run; RunHeldError names the other one."""
        with self._turn:
            if run_no in self._held:
                raise RunHeldError(f"run {run_id} is being worked on in this process already")
            self._held.add(run_no)
        try:
            yield
        finally:
            self._held.discard(run_no)

    def is_held(self, run_no: int, run_id: str) -> bool:  # noqa: ARG002 - files need the id
        """Return whether a live process works on the run."""
        return run_no in self._held

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()


class _Locked(Transaction):
    """Reads one statement at a time under a lock."""

    def __init__(self, store: Store, cursor: Any, lock: threading.RLock) -> None:
        super().__init__(store, cursor)
        self._lock = lock

    def all(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        with self._lock:
            return super().all(sql, *values)

    def one(self, sql: str, *values: object) -> tuple[Any, ...] | None:
        with self._lock:
            return super().one(sql, *values)
