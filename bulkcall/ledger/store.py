"""What the ledger asks of a database: transactions, and a few words in its own dialect.

SQL is written once, for both databases: `?` for a value, `IN_KEYS` where a list of keys is meant.
The driver is used directly under SQLAlchemy's pool, because a row costs a third of what it costs
through SQLAlchemy's own statements.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from contextlib import AbstractContextManager

    import pyarrow as pa

Row = tuple[Any, ...]
Result = TypeVar("Result")


class Transaction:
    """One transaction on one connection: statements in, tuples out."""

    def __init__(self, store: Store, cursor: Any) -> None:
        self.store = store
        self.on_commit: list[Callable[[], None]] = []
        """Called once it is committed, in their order; never where it is undone."""
        self._cursor = cursor

    def all(self, sql: str, *values: object) -> list[Row]:
        """Return all rows of a query."""
        self._cursor.execute(self.store.dialect(sql), values)
        return list(self._cursor.fetchall())

    def one(self, sql: str, *values: object) -> Row | None:
        """Return the first row of a query, None where there is none."""
        self._cursor.execute(self.store.dialect(sql), values)
        row: Row | None = self._cursor.fetchone()
        return row

    def value(self, sql: str, *values: object) -> Any:
        """Return the first value of the first row, None where there is none."""
        row = self.one(sql, *values)
        return None if row is None else row[0]

    def run(self, sql: str, *values: object) -> int:
        """Change rows; return how many."""
        self._cursor.execute(self.store.dialect(sql), values)
        return int(self._cursor.rowcount)

    def many(self, sql: str, values: Sequence[Row]) -> int:
        """Run a statement once for each tuple of values; return how many rows changed in all."""
        if not values:
            return 0
        self._cursor.executemany(self.store.dialect(sql), values)
        return int(self._cursor.rowcount)

    def keyed(self, sql: str, keys: Iterable[int], *values: object) -> list[Row]:
        """Return all rows of a query whose last value is the list of keys (`IN_KEYS`)."""
        return self.all(sql, *values, self.store.keys(keys))

    def keyed_run(self, sql: str, keys: Iterable[int], *values: object) -> int:
        """Change rows with a statement whose last value is the list of keys (`IN_KEYS`)."""
        return self.run(sql, *values, self.store.keys(keys))

    def insert(self, table: str, columns: pa.Table, **same: int) -> None:
        """Insert a whole Arrow table, whose column names are those of the database's table.

        `same` are columns that hold one number in all its rows.
        """
        self.store.bulk_insert(self._cursor, table, columns, same)


class Store(ABC):
    """A database that holds a ledger."""

    name: str
    """How messages call it; shows no password."""
    postgresql = False
    for_update = ""
    """Ends a query whose rows this transaction is about to change."""

    @abstractmethod
    def write(self, work: Callable[[Transaction], Result]) -> Result:
        """Do the work in one transaction: committed when it returns, undone when it raises.

        The work may be done again from its start where the connection broke before the commit.
        """

    @abstractmethod
    def read(self, work: Callable[[Transaction], Result]) -> Result:
        """Do the work in one snapshot that only reads."""

    @abstractmethod
    def reading(self) -> AbstractContextManager[Transaction]:
        """Open one snapshot that only reads, for as long as a reader takes to go through it."""

    @abstractmethod
    def dialect(self, sql: str) -> str:
        """Put a portable statement into this database's words."""

    @abstractmethod
    def keys(self, keys: Iterable[int]) -> object:
        """Put a list of keys into the value that `IN_KEYS` takes."""

    @abstractmethod
    def bulk_insert(
        self, cursor: Any, table: str, columns: pa.Table, same: Mapping[str, int]
    ) -> None:
        """Insert a whole Arrow table the fastest way there is."""

    @abstractmethod
    def has_table(self, transaction: Transaction, table: str) -> bool:
        """Return whether the database has such a table."""

    @abstractmethod
    def hold(self, run_no: int, run_id: str) -> AbstractContextManager[None]:
        """Be the one process that works on the run; RunHeldError names the other one."""

    @abstractmethod
    def is_held(self, run_no: int, run_id: str) -> bool:
        """Return whether a live process works on the run."""

    def require_room(self, size: int) -> None:  # noqa: B027 - only a file knows its disk
        """Raise DiskFullError where the disk has no room for `size` more bytes.

        Raises LedgerError where the database can't be written for another reason.
        """

    def overwrite_deleted(self, transaction: Transaction) -> None:  # noqa: B027 - as below
        """Let what this transaction deletes be overwritten, where the database can."""

    def forget_deleted(self) -> None:  # noqa: B027 - PostgreSQL does so by itself
        """Let nothing of what was deleted stay readable in the database's files."""

    def lock_schema(self, transaction: Transaction) -> None:  # noqa: B027 - SQLite has one writer
        """Let one process at a time make or migrate the tables."""

    def check_hold(self, transaction: Transaction, run_no: int) -> None:  # noqa: B027 - most can't lose it
        """Refuse to go on with a run that is no longer this process's, or in another ledger."""

    def note_taken(self, run_no: int, mark: int) -> None:  # noqa: B027 - as above
        """Note a committed `taken_mark`: a ledger that says less is an older copy."""

    @abstractmethod
    def close(self) -> None:
        """Close all connections."""
