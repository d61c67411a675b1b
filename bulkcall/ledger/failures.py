"""The database's exceptions in the words of bulkcall, in one place."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from bulkcall.errors import DiskFullError, LedgerError

if TYPE_CHECKING:
    from collections.abc import Iterator

_NO_ROOM = 1 << 20
_DAMAGED = (
    "the ledger {name} is damaged or no ledger ({error}); it is left untouched: "
    "restore it from a backup, or name another one with BULKCALL_LEDGER"
)
_LOCKED = "the ledger {name} is locked by another process; wait for that one to end"
_SAID = {
    sqlite3.SQLITE_CORRUPT: _DAMAGED,
    sqlite3.SQLITE_NOTADB: _DAMAGED,
    sqlite3.SQLITE_BUSY: _LOCKED,
    sqlite3.SQLITE_LOCKED: _LOCKED,
    sqlite3.SQLITE_READONLY: "the ledger {name} is read-only; check its permissions",
    sqlite3.SQLITE_CANTOPEN: (
        "the ledger {name} can't be opened; check its folder and permissions"
    ),
    sqlite3.SQLITE_IOERR: "the disk of the ledger {name} failed ({error}); check it and resume",
}

_BY_STATE = {
    "25006": (
        "the ledger {name} only reads now ({said}): it is a standby, or set to read-only; resume "
        "when it can be written"
    ),
    "42501": (
        "the ledger {name}: its role lacks a right ({said}); have an administrator run as the "
        "schema's owner: GRANT USAGE, CREATE ON SCHEMA bulkcall, and SELECT, INSERT, UPDATE, "
        "DELETE ON ALL TABLES and USAGE ON ALL SEQUENCES in it, to that role"
    ),
    "53200": "the ledger {name}: the database server is out of memory ({said}); resume later",
    "57014": (
        "the ledger {name}: the database server broke a statement off ({said}), by a time limit or "
        "by its administrator's hand; resume"
    ),
}
"""What PostgreSQL says by its states, with what to do."""


@contextmanager
def translated(name: str) -> Iterator[None]:
    """Turn what the database raises into a LedgerError of one line that names the ledger."""
    try:
        yield
    except SQLAlchemyError as error:
        original = error.orig if isinstance(error, DBAPIError) else None
        raise in_words(name, original or error) from error
    except sqlite3.Error as error:
        raise in_words(name, error) from error
    except Exception as error:
        if type(error).__module__.partition(".")[0] == "psycopg":
            raise in_words(name, error) from error
        raise


def in_words(name: str, error: BaseException) -> LedgerError:
    """Return the LedgerError for an exception of a database driver."""
    if isinstance(error, sqlite3.Error):
        return _sqlite(name, error)
    said = str(error).strip().partition("\n")[0] or type(error).__name__
    sqlstate = getattr(error, "sqlstate", None) or ""
    if sqlstate == "53100":
        return DiskFullError(
            f"the ledger {name} is out of disk space: {said}; "
            "make room on the database server and resume"
        )
    explained = _BY_STATE.get(sqlstate, "the ledger {name}: {said}")
    return LedgerError(explained.format(name=name, said=said))


def _sqlite(name: str, error: sqlite3.Error) -> LedgerError:
    code = (getattr(error, "sqlite_errorcode", 0) or 0) & 0xFF
    if code == sqlite3.SQLITE_FULL or (code == sqlite3.SQLITE_IOERR and _no_room(name)):
        return DiskFullError(
            f"no room left on the disk of the ledger {name}; make room and resume: nothing is lost"
        )
    return LedgerError(_SAID.get(code, "the ledger {name}: {error}").format(name=name, error=error))


def _no_room(name: str) -> bool:
    """Tell whether the disk is full: a failed write to the log's index says only that it failed."""
    try:
        return shutil.disk_usage(Path(name).parent).free < _NO_ROOM
    except OSError:
        return False
