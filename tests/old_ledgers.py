"""Ledgers of earlier schema versions, as text, and what they hold.

`python -m tests.old_ledgers` writes those of the present version, for SQLite and for PostgreSQL.
Run it once, when a version is about to be released, and never again for that version: what it
writes shows what that version's program made.
"""

from __future__ import annotations

import re
import sqlite3
import subprocess
import tempfile
from pathlib import Path

from bulkcall.ledger import Answered, BatchAccepted, Confirmed, Doubtful, Ledger
from bulkcall.ledger.schema import SCHEMA_VERSION
from bulkcall.records import Channel, Match, RowState
from tests.ledger_parts import ACCOUNT, CALLER, NOW, checked, invalid, loaded, take_batch, valid

FOLDER = Path(__file__).parent / "unit" / "ledger" / "ledgers"
ANOTHER = CALLER + 1
_SETTING = re.compile(r"(--|SET |SELECT pg_catalog\.set_config|\\)")
_DEFINITIONS = (
    """SELECT table_name, ordinal_position, column_name, data_type, is_nullable, column_default
    FROM information_schema.columns WHERE table_schema = 'bulkcall' ORDER BY 1, 2""",
    "SELECT indexdef FROM pg_indexes WHERE schemaname = 'bulkcall' ORDER BY 1",
    """SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
    WHERE connamespace = 'bulkcall'::regnamespace ORDER BY 1, 2""",
    """SELECT sequencename, data_type::text FROM pg_sequences WHERE schemaname = 'bulkcall'
    ORDER BY 1""",
)


def fill(ledger):
    """Write down two runs: three chunks, two callers, rows in each sort of state."""
    loaded(ledger, "run-1", [valid(1, identity=-101), valid(2, identity=102), invalid(3)])
    rows = [valid(4, caller_number=ANOTHER, identity=104), invalid(5, caller_number=None)]
    ledger.add_rows("run-1", checked([*rows, valid(6, identity=106)]))
    batch, _ = take_batch(ledger, "run-1", 1)
    ledger.record("run-1", [BatchAccepted(batch, "B-1", NOW, 200)], requests=1)
    confirmed = Confirmed(1, NOW, RowState.SUCCESS, Match.STAMP, record_id="id-1")
    ledger.record("run-1", [confirmed])
    ledger.note_poll(batch, at=NOW, final=True)
    rows = [valid(row, caller_number=ANOTHER, identity=200 + row) for row in (1, 2)]
    loaded(ledger, "run-2", rows, channel=Channel.REALTIME)
    ledger.take_realtime("run-2", 2, now=NOW, with_doubt=True)
    events = [
        Answered(1, NOW, False, 200, "Failed to push", code="api.failed_to_push"),
        Doubtful([2], NOW, 502, "?", True),
    ]
    ledger.record("run-2", events, requests=2)
    ledger.note_token_creation(ACCOUNT, NOW)


class Files:
    """Ledgers in files of a folder."""

    kind = "sqlite"

    def __init__(self, folder):
        self._folder = folder

    def new(self):
        """Give the URL of a ledger of today's version, without a run."""
        path = self._folder / "new.db"
        Ledger.open(str(path)).close()
        return str(path)

    def old(self, version):
        """Give the URL of a ledger that an earlier version's program made."""
        path = self._folder / "old.db"
        with sqlite3.connect(path) as connection:
            connection.executescript(text_of(version, self.kind))
            connection.execute("PRAGMA journal_mode = WAL")  # a dump does not say so
        connection.close()
        return str(path)

    def definitions(self, url):
        """Give the tables with their columns, and the indexes."""
        with sqlite3.connect(url) as connection:
            found = connection.execute(
                "SELECT type, name, iif(type = 'table', NULL, sql) FROM sqlite_master ORDER BY name"
            ).fetchall()
            for kind, name, _ in list(found):
                if kind == "table":
                    found += connection.execute(f"PRAGMA table_xinfo({name})").fetchall()
                    # In whatever order they were made.
                    indexes = connection.execute(f"PRAGMA index_list({name})").fetchall()
                    found += sorted(index[1:] for index in indexes)
        connection.close()
        return found

    def version(self, url):
        """Give the version that a ledger says it has."""
        with sqlite3.connect(url) as connection:
            found = connection.execute("SELECT value FROM meta WHERE key = 'schema'").fetchone()
        connection.close()
        return int(found[0])


class Databases:
    """Ledgers on a server (`tests.integration.ledger.server`), one at a time."""

    kind = "postgresql"

    def __init__(self, server):
        self._server = server

    def new(self):
        """Give the URL of a ledger of today's version, without a run; any other one is gone."""
        with self._server.database() as url:
            Ledger.open(url).close()
        return url

    def old(self, version):
        """Give the URL of a ledger that an earlier version's program made."""
        import psycopg

        with self._server.database() as url, psycopg.connect(url) as connection:
            connection.execute(text_of(version, self.kind))
        return url

    def definitions(self, url):
        """Give columns, indexes, constraints and sequences."""
        import psycopg

        with psycopg.connect(url) as connection:
            return [connection.execute(question).fetchall() for question in _DEFINITIONS]

    def version(self, url):
        """Give the version that a ledger says it has."""
        import psycopg

        with psycopg.connect(url) as connection:
            return int(
                connection.execute(
                    "SELECT value FROM bulkcall.meta WHERE key = 'schema'"
                ).fetchone()[0]
            )


def path_of(version, kind):
    """Name the text of a version's ledger."""
    return FOLDER / (f"v{version}.sql" if kind == "sqlite" else f"v{version}.{kind}.sql")


def text_of(version, kind):
    """Give the statements that make a ledger as that version's program left it."""
    return path_of(version, kind).read_text()


def _write_file(folder):
    path = folder / "ledger.db"
    with Ledger.open(str(path)) as ledger:
        fill(ledger)
    with sqlite3.connect(path) as connection:
        (mark,) = connection.execute("PRAGMA application_id").fetchone()
        lines = [f"PRAGMA application_id = {mark};", *connection.iterdump()]
    connection.close()
    path_of(SCHEMA_VERSION, "sqlite").write_text("\n".join(lines) + "\n")


def _write_database():
    from tests.integration.ledger.server import Server

    with Server() as server, server.database() as url:
        with Ledger.open(url) as ledger:
            fill(ledger)
        options = ("--schema=bulkcall", "--inserts", "--no-owner", "--no-privileges")
        command = [server.program("pg_dump"), *options, url]
        dump = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    # Settings of the session that loads it are that session's affair.
    lines = [line for line in dump.splitlines() if line and not _SETTING.match(line)]
    path_of(SCHEMA_VERSION, "postgresql").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as _folder:
        _write_file(Path(_folder))
    _write_database()
