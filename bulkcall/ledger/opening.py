"""From a path or a database URL to a ledger of the current schema version, or a clear refusal."""

from __future__ import annotations

import os
import sqlite3
from typing import TYPE_CHECKING

from bulkcall.errors import LedgerError
from bulkcall.ledger import migrations
from bulkcall.ledger.failures import translated
from bulkcall.ledger.ledger_file import LedgerFile
from bulkcall.ledger.schema import APPLICATION_ID
from bulkcall.ledger.sqlite import SqliteFile, SqliteMemory
from bulkcall.support.ledger_address import Kind, read_address

if TYPE_CHECKING:
    from pathlib import Path

    from bulkcall.ledger.store import Store

_HEADER = b"SQLite format 3\x00"
_OLDEST = (3, 35, 0)
"""The first SQLite whose INSERT gives the key of what it inserted."""
_NAME = "SELECT value FROM meta WHERE key = 'path'"
_ACTIVE = "SELECT type FROM sqlite_master WHERE type IN ('trigger', 'view') LIMIT 100"
_SET_NAME = """
    INSERT INTO meta (key, value) VALUES ('path', ?)
    ON CONFLICT (key) DO UPDATE SET value = excluded.value
"""


def open_store(url: str) -> Store:
    """Open the ledger at a path, `sqlite:///…`, `postgresql://…` or `:memory:`, and migrate it."""
    address = read_address(url)
    if address.kind is Kind.MEMORY:
        return _brought_up(SqliteMemory())
    if address.kind is Kind.POSTGRESQL:
        from bulkcall.ledger.postgresql import open_postgresql  # noqa: PLC0415 - an optional extra

        return _brought_up(open_postgresql(address))
    return _open_file(address.path, address.synchronous)


def _open_file(path: Path, synchronous: str) -> Store:
    if sqlite3.sqlite_version_info < _OLDEST:
        raise LedgerError(
            f"this Python has SQLite {sqlite3.sqlite_version}; the ledger needs 3.35 or later"
        )
    try:
        file = LedgerFile.open(path)
    except OSError as error:
        raise LedgerError(f"the ledger {path} can't be opened: {error.strerror}") from error
    store = SqliteFile(file, name=str(path), synchronous=synchronous)
    try:
        if _is_new(file, path):
            file.require_whole("")
            migrations.create(store)
            with translated(store.name):
                _set_wal(file)
        _require_plain_schema(store)
        migrations.bring_up(store)
        if not file.read_only:
            _record_name(store)
    except BaseException:
        store.close()
        raise
    return store


def _require_plain_schema(store: SqliteFile) -> None:
    """Refuse a file whose tables do more than hold rows: somebody else has had a hand in it."""
    found = store.read(lambda transaction: transaction.all(_ACTIVE))
    if found:
        raise LedgerError(
            f"the ledger {store.name} holds {found[0][0]}s ({len(found)}), which bulkcall never "
            "makes; it is left untouched: ask who changed it, or name another file with "
            "BULKCALL_LEDGER"
        )


def _record_name(store: SqliteFile) -> None:
    """Write the file's name down in it, for whoever comes by way of another link."""
    name = os.fsencode(store.file.path).decode("utf-8", "backslashreplace")
    recorded = store.read(lambda transaction: transaction.value(_NAME))
    if recorded != name:
        store.file.require_whole(recorded or "")
        store.write(lambda transaction: transaction.run(_SET_NAME, name))
        # Into the file itself: another name does not lead to the newest commits.
        store.checkpoint()


def _brought_up(store: Store) -> Store:
    try:
        migrations.bring_up(store)
    except BaseException:
        store.close()
        raise
    return store


def _set_wal(file: LedgerFile) -> None:
    """Switch to a write-ahead log, for good: only after the header says whose file it is."""
    connection = sqlite3.connect(file.uri("mode=rw"), uri=True, timeout=30.0)
    try:
        connection.execute("PRAGMA journal_mode = WAL").fetchone()
    finally:
        connection.close()


def _is_new(file: LedgerFile, path: Path) -> bool:
    """Return whether there is no ledger yet; refuse what is not one before SQLite touches it."""
    size, head = file.head()
    if size == 0:
        return True
    untouched = "it is left untouched: name another file with BULKCALL_LEDGER"
    if not head.startswith(_HEADER):
        raise LedgerError(f"{path} is no ledger of bulkcall (no SQLite file); {untouched}")
    if len(head) < 100 or int.from_bytes(head[68:72], "big") != APPLICATION_ID:  # noqa: PLR2004 - the header's own length
        raise LedgerError(f"{path} is an SQLite file of another program; {untouched}")
    page = int.from_bytes(head[16:18], "big")
    page = 65536 if page == 1 else page
    wal = file.path.with_name(file.path.name + "-wal")
    pages = int.from_bytes(head[28:32], "big")
    if size < pages * page and not (wal.exists() and wal.stat().st_size):
        raise LedgerError(
            f"the ledger {path} is damaged (cut off after {size} of {pages * page} bytes); "
            "it is left untouched: restore it from a backup"
        )
    return False
