"""PostgreSQL as administrators set it up: each obstacle is one clear line, found in time."""

from __future__ import annotations

import threading

import psycopg
import pytest

from bulkcall.errors import DiskFullError, LedgerError, RunHeldError
from bulkcall.ledger import Answered, Ledger
from bulkcall.run.preflight import _ledger
from tests.integration.ledger.server import PASSWORD, NoServerError
from tests.ledger_parts import NOW, loaded, new_run, told, valid

LIMITED = "limited"


@pytest.fixture
def url(postgresql):
    """Give the URL of a database without a ledger."""
    with postgresql.database() as found:
        yield found


@pytest.fixture
def admin(url):
    """Give a connection that may do everything, and a role that may do nothing."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"CREATE ROLE {LIMITED} LOGIN PASSWORD '{PASSWORD}'")
        yield connection
        connection.execute("DROP SCHEMA IF EXISTS bulkcall CASCADE")
        connection.execute(f"DROP OWNED BY {LIMITED}; DROP ROLE {LIMITED}")


def limited(url):
    """Give the URL for the role that may do nothing."""
    return url.replace("//ledger:", f"//{LIMITED}:")


def line(caught):
    """Give the error's text: one line that shows no password."""
    text = str(caught.value)
    assert "\n" not in text
    assert PASSWORD not in text
    return text


def test_a_role_that_may_make_no_schema_says_what_to_run(url, admin):
    """What the message asks the administrator to run is enough."""
    with pytest.raises(LedgerError) as caught:
        Ledger.open(limited(url))
    assert "may not make one" in line(caught)
    command = line(caught).rpartition("CREATE SCHEMA")[2]
    admin.execute(f"CREATE SCHEMA{command}")
    with Ledger.open(limited(url)) as ledger:
        loaded(ledger, "run-1", [valid(1)])
        ledger.require_room(1)
        assert told(ledger, "run-1") == {"unsent": 1}


@pytest.mark.parametrize("missing", ["sequences", "tables", "one table"])
def test_missing_rights_are_found_before_the_run(url, admin, missing):
    """Rights on tables without those on sequences, or the other way round; check finds it."""
    Ledger.open(url).close()
    admin.execute(f"GRANT USAGE ON SCHEMA bulkcall TO {LIMITED}")
    admin.execute(f"GRANT SELECT ON ALL TABLES IN SCHEMA bulkcall TO {LIMITED}")
    if missing != "tables":
        rights = "SELECT, INSERT, UPDATE, DELETE ON ALL TABLES"
        admin.execute(f"GRANT {rights} IN SCHEMA bulkcall TO {LIMITED}")
    if missing != "sequences":
        admin.execute(f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA bulkcall TO {LIMITED}")
    if missing == "one table":
        admin.execute(f"REVOKE DELETE ON bulkcall.batches FROM {LIMITED}")
    ledger, finding = _ledger(limited(url))
    ledger.close()
    assert "right" in finding.message
    with Ledger.open(limited(url)) as ledger:
        assert ledger.runs() == []
        with pytest.raises(LedgerError) as caught:
            ledger.require_room(1)
        for command in line(caught).partition("administrator run: ")[2].split("; "):
            admin.execute(command)
        ledger.require_room(1)
        loaded(ledger, "run-1", [valid(1)])
        assert told(ledger, "run-1") == {"unsent": 1}


def test_a_right_that_is_taken_away_meanwhile_is_said(url, admin):
    """In the middle of a run the database's own word is passed on with what to do."""
    admin.execute(f"CREATE SCHEMA bulkcall AUTHORIZATION {LIMITED}")
    with Ledger.open(limited(url)) as ledger:
        admin.execute(
            f"ALTER TABLE bulkcall.runs OWNER TO ledger; REVOKE ALL ON bulkcall.runs FROM {LIMITED}"
        )
        with pytest.raises(LedgerError, match=r"lacks a right .*GRANT") as caught:
            ledger.begin_run(new_run())
        line(caught)


def test_a_failover_is_waited_out(postgresql, url):
    """A standby that only reads is away: reading works, writing waits until it takes over."""
    Ledger.open(url).close()
    with postgresql.standby() as standby:
        address = standby.url("postgres")
        with Ledger.open(address) as ledger:
            assert ledger.runs() == []
            promoting = threading.Timer(0.5, standby.promote)
            promoting.start()
            loaded(ledger, "run-1", [valid(1), valid(2)])
            promoting.join()
            with ledger.hold("run-1"):
                [row] = ledger.take_realtime("run-1", 1, now=NOW, with_doubt=True)
                ledger.record("run-1", [Answered(row.row, NOW, True, 200)])
            assert told(ledger, "run-1") == {"success": 1, "unsent": 1}


def test_a_database_that_stays_read_only_is_said(url, admin):
    """After its patience the call says what is the matter."""
    with Ledger.open(url) as ledger:
        ledger._store._patience = 0
        loaded(ledger, "run-1", [valid(1)])
        admin.execute("ALTER DATABASE postgres SET default_transaction_read_only = on")
        try:
            ledger._store.engine.dispose()  # sessions that are open keep their setting
            for call in (lambda: ledger.require_room(1), lambda: ledger.begin_run(new_run("r"))):
                with pytest.raises(LedgerError, match="only reads") as caught:
                    call()
                line(caught)
        finally:
            admin.execute("SET default_transaction_read_only = off")
            admin.execute("ALTER DATABASE postgres RESET default_transaction_read_only")


def test_what_a_failover_lost_is_missed_before_the_next_send(url, admin):
    """A standby that was behind takes over: rows that had been taken stand there as waiting."""
    with Ledger.open(url) as ledger:
        loaded(ledger, "run-1", [valid(1), valid(2), valid(3)])
        with ledger.hold("run-1"):
            ledger.take_realtime("run-1", 1, now=NOW, with_doubt=True)
            ledger.take_realtime("run-1", 1, now=NOW, with_doubt=True)
            admin.execute("UPDATE bulkcall.runs SET taken_mark = taken_mark - 1")
            with pytest.raises(LedgerError, match="has lost what was committed"):
                ledger.take_realtime("run-1", 1, now=NOW, with_doubt=True)


@pytest.mark.parametrize("mode", ["transaction", "statement", "session"])
def test_a_pooler_that_shares_sessions_is_refused(postgresql, url, mode):
    """A run's hold is a session's lock: with one session for many it would hold nobody off."""
    try:
        pooler = postgresql.pooler(mode)
        address = pooler.__enter__()
    except NoServerError as missing:
        pytest.skip(str(missing))
    try:
        if mode == "session":
            with Ledger.open(address) as ledger, Ledger.open(address) as other:
                loaded(ledger, "run-1", [valid(1)])
                with ledger.hold("run-1"), pytest.raises(RunHeldError), other.hold("run-1"):
                    pass
            return
        with pytest.raises(LedgerError, match="pool_mode = session") as caught:
            Ledger.open(address)
        line(caught)
        with psycopg.connect(url) as connection:
            found = "SELECT count(*) FROM pg_tables WHERE tablename = 'wordings'"
            assert connection.execute(found).fetchone() == (0,)
    finally:
        pooler.__exit__(None, None, None)


def test_a_role_with_a_statement_timeout_loads_and_reports_all_the_same(url, admin):
    """Limits that are meant for people's queries don't cut a campaign off."""
    admin.execute(f"CREATE SCHEMA bulkcall AUTHORIZATION {LIMITED}")
    for limit in ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"):
        admin.execute(f"ALTER ROLE {LIMITED} SET {limit} = '1ms'")
    with Ledger.open(limited(url)) as ledger:
        loaded(ledger, "run-1", [valid(row) for row in range(1, 3_001)])
        assert told(ledger, "run-1") == {"unsent": 3_000}


@pytest.mark.parametrize(
    ("state", "error", "text"),
    [
        ("53100", DiskFullError, "make room on the database server"),
        ("57014", LedgerError, "broke a statement off"),
        ("53200", LedgerError, "out of memory"),
        ("42501", LedgerError, "lacks a right"),
    ],
)
def test_what_the_server_raises_is_one_line_with_what_to_do(url, state, error, text):
    """By its state, not by its text, which is in the server's language."""
    raised = f"DO $$ BEGIN RAISE EXCEPTION E'first\\nsecond' USING ERRCODE = '{state}'; END $$"
    with Ledger.open(url) as ledger:
        with pytest.raises(error, match=text) as caught:
            ledger._store.write(lambda transaction: transaction.run(raised))
        line(caught)
