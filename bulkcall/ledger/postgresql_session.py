"""Sessions of a PostgreSQL server as the ledger needs them, and what an administrator left out.

A run is held by a lock of its session, so a pooler that hands out sessions by the transaction can't
stand between: two processes would hold one run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg

from bulkcall.errors import LedgerError

if TYPE_CHECKING:
    from collections.abc import Callable

    from bulkcall.ledger.store import Transaction

LOCKS = 0x62756C6B
"""First half of the keys of all advisory locks; the second half is a run's number."""
SCHEMA_LOCK = 0

# A role's own limits are meant for people's queries: loading and reports take their time, as those
# of pg_dump do, which sets the same.
_SETTINGS = """
    SET search_path = bulkcall; SET timezone = 'UTC'; SET statement_timeout = 0;
    SET lock_timeout = 0; SET idle_in_transaction_session_timeout = 0
"""
_FACTS = """
    SELECT pg_backend_pid(), EXISTS (SELECT 1 FROM pg_namespace WHERE nspname = 'bulkcall')
"""
_LOOKS = 3
_LACKING = """
    SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = 'bulkcall' AND (
        c.relkind IN ('r', 'p') AND NOT (
            has_table_privilege(c.oid, 'SELECT') AND has_table_privilege(c.oid, 'INSERT')
            AND has_table_privilege(c.oid, 'UPDATE') AND has_table_privilege(c.oid, 'DELETE'))
        OR c.relkind = 'S' AND NOT has_sequence_privilege(c.oid, 'USAGE'))
    ORDER BY c.relname
"""
_READS_ONLY = """
    SELECT pg_is_in_recovery() OR current_setting('default_transaction_read_only')::boolean
"""


def connect(url: str) -> psycopg.Connection[Any]:
    """Open a session and set it up."""
    connection = psycopg.connect(
        url,
        autocommit=True,
        application_name="bulkcall",
        connect_timeout=10,
        keepalives_idle=30,
    )
    try:
        connection.execute(_SETTINGS)
    except BaseException:
        connection.close()
        raise
    return connection


def prepare(open_session: Callable[[], psycopg.Connection[Any]], name: str) -> None:
    """Refuse sessions that are not this process's own, and make the schema if there is none."""
    with open_session() as session:
        process, has_schema = session.execute(_FACTS).fetchall()[0]
        # A pooler gives out numbers of its own; a server's are those of its processes.
        if process != session.info.backend_pid and _is_shared(session, open_session):
            raise LedgerError(
                f"the ledger {name}: a pooler (pgbouncer?) hands out its sessions by the "
                "transaction, and runs can't be held so; name the server itself in "
                "BULKCALL_LEDGER, or a database of the pooler with pool_mode = session"
            )
        if has_schema:
            return
        session.execute("SELECT pg_advisory_lock(%s, %s)", (LOCKS, SCHEMA_LOCK))
        try:
            session.execute("CREATE SCHEMA IF NOT EXISTS bulkcall")
        except psycopg.errors.InsufficientPrivilege:
            user, database = session.execute("SELECT current_user, current_database()").fetchall()[
                0
            ]
            raise LedgerError(
                f"the ledger {name}: there is no schema bulkcall, and the role {user} may not make "
                f"one; have an administrator run in database {database}: "
                f'CREATE SCHEMA bulkcall AUTHORIZATION "{user}"'
            ) from None


def _is_shared(
    session: psycopg.Connection[Any], open_session: Callable[[], psycopg.Connection[Any]]
) -> bool:
    """Return whether two sessions get one process of the server, or one session changing ones."""
    for _ in range(_LOOKS):
        first = _process(session)
        with open_session() as other:
            try:
                other.execute("BEGIN")
                if _process(other) == first or _process(session) != first:
                    return True
                other.execute("ROLLBACK")
            except psycopg.Error:
                return True  # it allows no transactions at all
    return False


def _process(session: psycopg.Connection[Any]) -> int:
    found: int = session.execute("SELECT pg_backend_pid()").fetchall()[0][0]
    return found


def require_rights(transaction: Transaction) -> None:
    """Raise LedgerError where the role can't write all that a run writes."""
    lacking = [name for (name,) in transaction.all(_LACKING)]
    if not lacking:
        return
    user = transaction.value("SELECT current_user")
    shown = ", ".join(lacking[:3]) + (" …" if lacking[3:] else "")
    raise LedgerError(
        f"the ledger {transaction.store.name}: the role {user} lacks rights on {shown}; have an "
        f'administrator run: GRANT USAGE ON SCHEMA bulkcall TO "{user}"; GRANT SELECT, INSERT, '
        f'UPDATE, DELETE ON ALL TABLES IN SCHEMA bulkcall TO "{user}"; GRANT USAGE ON ALL '
        f'SEQUENCES IN SCHEMA bulkcall TO "{user}"'
    )


def only_reads(transaction: Transaction) -> bool:
    """Return whether the server takes no writing now: a standby, or a database set so."""
    return bool(transaction.value(_READS_ONLY))
