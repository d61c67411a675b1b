"""The ledger in one SQLite file (the default), or in memory."""

from __future__ import annotations

import json
import shutil
import sqlite3
import threading
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import create_engine
from sqlalchemy.pool import QueuePool, StaticPool

from bulkcall.errors import DiskFullError, RunHeldError
from bulkcall.ledger.codec import python_rows
from bulkcall.ledger.failures import translated
from bulkcall.ledger.run_locks import FileHolds
from bulkcall.ledger.store import Store, Transaction

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

    import pyarrow as pa

Result = TypeVar("Result")

BUSY_SECONDS = 30.0
_ROWS_TOGETHER = 100
_MOST_VALUES = 999
"""How many values a statement may bind in the SQLites that allow the fewest."""
_IN_KEYS = "IN (SELECT value FROM json_each(?))"


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
        """Give the keys as a JSON list."""
        return json.dumps(list(keys))

    def has_table(self, transaction: Transaction, table: str) -> bool:
        """Tell whether the file has such a table."""
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

    def __init__(self, path: Path, *, synchronous: str) -> None:
        self.path = path
        self.name = str(path)
        self._synchronous = synchronous
        self._turn = threading.Lock()
        self._holds = FileHolds(path)
        self.engine = create_engine(
            "sqlite://", creator=self._connect, poolclass=QueuePool, pool_size=4, max_overflow=28
        )

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self.path,
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
        return connection

    def write(self, work: Callable[[Transaction], Result]) -> Result:
        """Do the work in one transaction."""
        with translated(self.name), self._turn, self._transaction("BEGIN IMMEDIATE") as transaction:
            return work(transaction)

    @contextmanager
    def reading(self) -> Iterator[Transaction]:
        """Give one snapshot that only reads."""
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
    def hold(self, run_no: int, run_id: str) -> Iterator[None]:  # noqa: ARG002 - PostgreSQL's key
        """Be the one process that works on the run; RunHeldError names the other one."""
        with self._holds.hold(run_id):
            yield

    def is_held(self, run_no: int, run_id: str) -> bool:  # noqa: ARG002 - PostgreSQL's key
        """Tell whether a live process works on the run."""
        return self._holds.holder(run_id) is not None

    def require_room(self, size: int) -> None:
        """Raise DiskFullError where the ledger's disk has no room for `size` more bytes."""
        free = shutil.disk_usage(self.path.parent).free
        if free < size:
            raise DiskFullError(
                f"the disk of the ledger {self.name} has {free >> 20} MB left and the run needs "
                f"about {(size >> 20) + 1}; make room, or name another one with BULKCALL_LEDGER"
            )

    def forget_deleted(self) -> None:
        """Empty the write-ahead log, where the deleted pages still stand."""
        with translated(self.name), closing(self.engine.raw_connection()) as connection:
            connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()


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
        """Give what reads, one statement at a time."""
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
        """Tell whether a live process works on the run."""
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
