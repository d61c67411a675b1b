"""The ledger in a PostgreSQL database, so that several machines can share one."""

from __future__ import annotations

import logging
import threading
import time
from contextlib import closing, contextmanager, suppress
from typing import TYPE_CHECKING, Any, TypeVar

import pyarrow as pa
import pyarrow.csv as pa_csv
from sqlalchemy import create_engine
from sqlalchemy.exc import DBAPIError

from bulkcall.errors import LedgerError, RunHeldError, SettingsError
from bulkcall.ledger.failures import translated
from bulkcall.ledger.store import Store, Transaction
from bulkcall.support.file_lock import described, this_process

try:
    import psycopg
    from psycopg.conninfo import conninfo_to_dict

    from bulkcall.ledger.postgresql_session import (
        LOCKS,
        SCHEMA_LOCK,
        connect,
        only_reads,
        prepare,
        require_rights,
    )
except ImportError as error:  # pragma: no cover - the optional extra is there where tests run
    raise LedgerError(
        "a ledger on PostgreSQL needs psycopg; install it with `pip install 'bulkcall[postgresql]'`"
    ) from error

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from bulkcall.support.ledger_address import LedgerAddress

Result = TypeVar("Result")

_LOG = logging.getLogger(__name__)

PATIENCE_SECONDS = 60.0
"""How long a call waits for a server that was there and went away, e.g. for a restart."""
_RETRY_SECONDS = 0.25
_HELD = """
    SELECT 1 FROM pg_locks l JOIN pg_database d ON d.oid = l.database
    WHERE l.locktype = 'advisory' AND l.granted AND d.datname = current_database()
        AND l.classid::bigint = ? AND l.objid::bigint = ? AND l.objsubid = 2
"""
_OWN = """
    SELECT h.holder, r.taken_mark FROM runs r LEFT JOIN holds h ON h.run_no = r.run_no
    WHERE r.run_no = ?
"""
_READ = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"


class _GoneError(Exception):
    """The connection broke; what was not committed is undone."""


def open_postgresql(address: LedgerAddress) -> PostgresqlStore:
    """Open the ledger in a database, making its schema if there is none."""
    try:
        conninfo_to_dict(address.url)
    except psycopg.Error:  # its text may quote what it could not read
        raise SettingsError(
            "the ledger's address (BULKCALL_LEDGER) can't be used: PostgreSQL's library can't read "
            "its options; write postgresql://USER:PASSWORD@HOST:PORT/DATABASE"
        ) from None
    return PostgresqlStore(address.url, address.shown)


class PostgresqlStore(Store):
    """A ledger in PostgreSQL 12 or later, in a schema of its own."""

    postgresql = True
    for_update = " FOR UPDATE"

    def __init__(self, url: str, name: str, *, patience: float = PATIENCE_SECONDS) -> None:
        self.name = name
        self._url = url
        self._patience = patience
        self._held: dict[int, tuple[str, psycopg.Connection[Any]]] = {}
        self._marks: dict[int, int] = {}
        """Run → its `taken_mark` at the last commit, for runs that are held."""
        self._turn = threading.Lock()
        self.engine = create_engine(
            "postgresql+psycopg://", creator=self._connect, pool_pre_ping=True, pool_size=4
        )
        with translated(self.name):
            prepare(self._connect, name)

    def _connect(self) -> psycopg.Connection[Any]:
        return connect(self._url)

    # -- transactions ------------------------------------------------------------------------------

    def write(self, work: Callable[[Transaction], Result]) -> Result:
        """Do the work in one transaction; again from its start where the server went away."""
        return self._patiently(lambda: self._write_once(work))

    def read(self, work: Callable[[Transaction], Result]) -> Result:
        """Do the work in one snapshot; again where the server went away."""

        def once() -> Result:
            with self.reading() as transaction:
                return work(transaction)

        return self._patiently(once)

    @contextmanager
    def reading(self) -> Iterator[Transaction]:
        """Open one snapshot that only reads."""
        with translated(self.name), closing(self.engine.raw_connection()) as connection:
            cursor = connection.cursor()
            try:
                cursor.execute(_READ)
                yield Transaction(self, cursor)
            except psycopg.OperationalError as error:
                raise _gone_or(error, connection) from error
            finally:
                if not connection.driver_connection.closed:  # type: ignore[union-attr]
                    cursor.execute("ROLLBACK")

    def _write_once(self, work: Callable[[Transaction], Result]) -> Result:
        with translated(self.name), closing(self.engine.raw_connection()) as connection:
            cursor: Any = connection.cursor()
            try:
                cursor.execute("BEGIN; SELECT txid_current()", prepare=False)
                cursor.nextset()
                (number,) = cursor.fetchall()[0]
                transaction = Transaction(self, cursor)
                result = work(transaction)
            except psycopg.errors.ReadOnlySqlTransaction as error:
                connection.invalidate()  # the next one may lead to the new primary
                raise _GoneError(f"it only reads: {error}") from error
            except psycopg.OperationalError as error:
                raise _gone_or(error, connection) from error
            except BaseException:
                if not connection.driver_connection.closed:  # type: ignore[union-attr]
                    cursor.execute("ROLLBACK")
                raise
            try:
                cursor.execute("COMMIT")
            except psycopg.OperationalError as error:
                if isinstance(_gone_or(error, connection), _GoneError):
                    if self._patiently(lambda: self._was_committed(number)):
                        _committed(transaction)
                        return result
                    raise _GoneError(str(error)) from error
                raise
            _committed(transaction)
            return result

    def _was_committed(self, number: int) -> bool:
        """Tell what became of a transaction whose COMMIT got no answer."""
        try:
            with self.reading() as transaction:
                status = transaction.value("SELECT txid_status(?)", number)
        except LedgerError as error:
            if isinstance(error.__cause__, psycopg.errors.InvalidParameterValue):
                return False  # a standby took over that never heard of it
            raise
        if status == "in progress":
            raise _GoneError("the server has not noticed yet that the connection broke")
        return bool(status == "committed")

    def _patiently(self, work: Callable[[], Result]) -> Result:
        deadline = time.monotonic() + self._patience
        gone = ""
        while True:
            try:
                if gone:
                    self._hold_again()
                return work()
            except (_GoneError, DBAPIError, psycopg.Error, LedgerError) as error:
                if not _is_gone(error):
                    raise
                if not gone:
                    _LOG.warning("the ledger %s is away: waiting for it", self.name)
                gone = str(error).strip().partition("\n")[0]
            if time.monotonic() > deadline:
                raise LedgerError(
                    f"the ledger {self.name} can't be reached ({gone}); resume when it is back"
                )
            time.sleep(_RETRY_SECONDS)

    # -- dialect -----------------------------------------------------------------------------------

    def dialect(self, sql: str) -> str:
        """Put a portable statement into PostgreSQL's words."""
        escaped = sql.replace("%", "%%").replace("IN_KEYS", "= ANY(?::bigint[])")
        return escaped.replace("?", "%s")

    def keys(self, keys: Iterable[int]) -> object:
        """Return the keys as an array."""
        return list(keys)

    def lock_schema(self, transaction: Transaction) -> None:
        """Let one process at a time make or migrate the tables."""
        transaction.run("SELECT pg_advisory_xact_lock(?, ?)", LOCKS, SCHEMA_LOCK)

    def has_table(self, transaction: Transaction, table: str) -> bool:
        """Return whether the schema has such a table."""
        # Not to_regclass: that may go by what this session knew before another one made the table.
        found = "SELECT 1 FROM pg_tables WHERE schemaname = 'bulkcall' AND tablename = ?"
        return transaction.one(found, table) is not None

    def bulk_insert(
        self, cursor: Any, table: str, columns: pa.Table, same: Mapping[str, int]
    ) -> None:
        """Insert a whole Arrow table with COPY."""
        for name, value in same.items():
            columns = columns.append_column(name, pa.repeat(value, columns.num_rows))
        sink = pa.BufferOutputStream()
        pa_csv.write_csv(columns, sink, pa_csv.WriteOptions(include_header=False))
        names = ", ".join(columns.column_names)
        with cursor.copy(f"COPY {table} ({names}) FROM STDIN (FORMAT csv)") as copy:
            copy.write(sink.getvalue().to_pybytes())

    # -- holds -------------------------------------------------------------------------------------

    @contextmanager
    def hold(self, run_no: int, run_id: str) -> Iterator[None]:
        """Hold the run with a lock of a session: it ends when this process or its machine dies."""
        with translated(self.name):
            self._patiently(lambda: self._take_hold(run_no, run_id, this_process()))
        try:
            yield
        finally:
            _, session = self._held.pop(run_no)
            self._marks.pop(run_no, None)
            # The server ends a closed session in its own time; the lock has to be free at once.
            with suppress(psycopg.Error):
                session.execute("SELECT pg_advisory_unlock(%s, %s)", (LOCKS, run_no))
            session.close()

    def _take_hold(self, run_no: int, run_id: str, holder: str) -> None:
        session = self._connect()
        try:
            self._claim(session, run_no, run_id, holder)
        except BaseException:
            session.close()
            raise
        self._held[run_no] = (holder, session)

    def _claim(
        self, session: psycopg.Connection[Any], run_no: int, run_id: str, holder: str
    ) -> None:
        if not _try_lock(session, run_no):
            found = session.execute("SELECT holder FROM holds WHERE run_no = %s", (run_no,))
            named = found.fetchone()
            raise RunHeldError(
                f"run {run_id} is being worked on by {described(named[0] if named else '')}; "
                "wait for it to end or stop it"
            )
        session.execute(
            "INSERT INTO holds (run_no, holder) VALUES (%s, %s)"
            " ON CONFLICT (run_no) DO UPDATE SET holder = excluded.holder",
            (run_no, holder),
        )

    def _hold_again(self) -> None:
        """Take the holds that went with a lost session, unless another process was quicker."""
        with self._turn:
            for run_no, (holder, session) in list(self._held.items()):
                try:
                    session.execute("SELECT 1")
                except psycopg.Error:
                    session.close()
                    self._take_hold(run_no, f"number {run_no}", holder)

    def check_hold(self, transaction: Transaction, run_no: int) -> None:
        """Refuse to go on with a run that another process has taken over meanwhile."""
        if run_no not in self._held:
            return
        holder, mark = transaction.one(_OWN, run_no) or (None, 0)
        if mark < self._marks.get(run_no, 0):
            raise LedgerError(
                f"the ledger {self.name} has lost what was committed (it was restored from an "
                "older copy, or a standby took over that was behind); nothing more is sent. What "
                "was sent since stands in this run's report only: compare before you resume"
            )
        if holder != self._held[run_no][0]:
            raise RunHeldError(f"this run was taken over by {described(holder or '')}")

    def note_taken(self, run_no: int, mark: int) -> None:
        """Note what the run had taken at a commit."""
        if run_no in self._held:
            self._marks[run_no] = max(mark, self._marks.get(run_no, 0))

    def require_room(self, size: int) -> None:  # noqa: ARG002 - the server knows its disk
        """Raise LedgerError where the role can't write all that a run writes."""

        def once() -> None:
            with self.reading() as transaction:
                if only_reads(transaction):
                    raise _GoneError("it only reads: a standby, or a database set to read-only")
                require_rights(transaction)

        self._patiently(once)

    def is_held(self, run_no: int, run_id: str) -> bool:  # noqa: ARG002 - files need the id
        """Return whether a live session holds the run."""
        # Looked up, not tried: a lock held for a moment would turn away who wants to hold the run.
        return self.read(lambda transaction: transaction.one(_HELD, LOCKS, run_no)) is not None

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()


def _try_lock(session: psycopg.Connection[Any], run_no: int) -> bool:
    row = session.execute("SELECT pg_try_advisory_lock(%s, %s)", (LOCKS, run_no)).fetchone()
    return bool(row and row[0])


def _gone_or(error: psycopg.OperationalError, connection: Any) -> Exception:
    """Return the error, as _GoneError where the connection broke with it."""
    driver = connection.driver_connection
    if driver is None or driver.closed or driver.broken:
        connection.invalidate()
        return _GoneError(str(error))
    return error


def _committed(transaction: Transaction) -> None:
    for done in transaction.on_commit:
        done()


def _is_gone(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, _GoneError):
            return True
        if isinstance(error, psycopg.errors.ReadOnlySqlTransaction):
            return True
        if isinstance(error, psycopg.OperationalError):
            state = error.sqlstate or "08"
            return state.startswith("08") or state in ("57P01", "57P02", "57P03")
        error = error.__cause__
    return False
