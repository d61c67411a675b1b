"""The schema's versions: how a ledger is made, and how an older one is brought to today's version.

A migration is a list of portable statements, frozen once released; it never uses today's table
definitions, which will have moved on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import create_mock_engine

from bulkcall.errors import LedgerError
from bulkcall.ledger.schema import APPLICATION_ID, SCHEMA_VERSION, metadata

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bulkcall.ledger.store import Store, Transaction

MIGRATIONS: Mapping[int, Sequence[str]] = {
    1: (
        "ALTER TABLE callers ADD COLUMN row_count INTEGER DEFAULT '0' NOT NULL",
        """UPDATE callers SET row_count = (
            SELECT count(*) FROM chunks c JOIN rows r ON r.id >= c.id AND r.id < c.id + c.row_count
            WHERE c.id = callers.first AND r.caller = callers.caller)""",
    ),
    2: (
        "ALTER TABLE runs ADD COLUMN stop_cause VARCHAR DEFAULT '' NOT NULL",
        "ALTER TABLE runs ADD COLUMN canary_passed SMALLINT DEFAULT '0' NOT NULL",
        "ALTER TABLE runs ADD COLUMN stop_requested_at BIGINT",
        "ALTER TABLE runs ADD COLUMN parent VARCHAR DEFAULT '' NOT NULL",
        # Until this version a program, too, knew why a run had stopped from what people read.
        """UPDATE runs SET stop_cause = CASE
            WHEN reason LIKE 'canary: %' THEN 'canary'
            WHEN reason LIKE '%; the rest was not sent%' THEN 'rejected_share'
            WHEN reason LIKE 'outside hours%' THEN 'sending_hours'
            WHEN reason LIKE 'stopped%(SIG%)%' THEN 'signal'
            ELSE 'other' END
        WHERE state IN ('stopped', 'loading') AND reason <> ''""",
        # States that a row has only once it was sent: more of them than the canary's rows.
        """UPDATE runs SET canary_passed = 1 WHERE canary > 0 AND canary < (
            SELECT sum(t.row_count) FROM tallies t WHERE t.run_no = runs.run_no
            AND t.state IN (1, 2, 3, 4, 10, 11, 12, 13, 14))""",
    ),
    3: (
        "ALTER TABLE rows ADD COLUMN code TEXT",
        """UPDATE rows SET code = CASE lower(message)
            WHEN 'invalid input' THEN 'api.invalid_input'
            WHEN 'not a truecaller user' THEN 'api.not_truecaller_user'
            WHEN 'os not supported' THEN 'api.os_not_supported'
            WHEN 'app version not supported' THEN 'api.app_version_not_supported'
            WHEN 'failed to push' THEN 'api.failed_to_push'
            ELSE 'api.error' END WHERE state = 11""",
    ),
}
"""Version → the statements that lead from it to the next one."""


def create(store: Store) -> None:
    """Make an empty ledger of today's version, unless another process was quicker."""

    def work(transaction: Transaction) -> None:
        if _version(transaction) is None:
            _create(transaction)

    store.write(work)


def bring_up(store: Store) -> None:
    """Make the ledger if the database is empty, and migrate it if it is older than this program."""
    if store.read(_version) != SCHEMA_VERSION:
        store.write(_bring_up)


def _bring_up(transaction: Transaction) -> None:
    transaction.store.lock_schema(transaction)
    version = _version(transaction)
    if version is None:
        _create(transaction)
        return
    if version > SCHEMA_VERSION:
        raise LedgerError(
            f"the ledger {transaction.store.name} was made by a newer bulkcall (schema {version}, "
            f"this one knows {SCHEMA_VERSION}); use that one"
        )
    for step in range(version, SCHEMA_VERSION):
        for statement in MIGRATIONS[step]:
            transaction.run(statement)
    transaction.run("UPDATE meta SET value = ? WHERE key = 'schema'", str(SCHEMA_VERSION))


def _version(transaction: Transaction) -> int | None:
    if not transaction.store.has_table(transaction, "meta"):
        return None
    found = transaction.value("SELECT value FROM meta WHERE key = 'schema'")
    if found is None or not str(found).isdecimal() or int(found) < 1:
        raise LedgerError(
            f"the ledger {transaction.store.name} is damaged: it does not say its schema version"
        )
    return int(found)


def _create(transaction: Transaction) -> None:
    if not transaction.store.postgresql:
        transaction.run(f"PRAGMA application_id = {APPLICATION_ID}")
    for statement in _definitions(
        "postgresql+psycopg" if transaction.store.postgresql else "sqlite"
    ):
        transaction.run(statement)
    transaction.run("INSERT INTO meta (key, value) VALUES ('schema', ?)", str(SCHEMA_VERSION))


def _definitions(dialect: str) -> list[str]:
    """Return the statements that make today's tables and indexes."""
    statements: list[str] = []

    def keep(statement: Any, *_: object, **__: object) -> None:
        statements.append(str(statement.compile(dialect=engine.dialect)))

    engine = create_mock_engine(f"{dialect}://", keep)
    metadata.create_all(engine, checkfirst=False)
    return statements
