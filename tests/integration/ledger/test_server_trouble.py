"""A database server that restarts, goes away or refuses costs no row and shows no password."""

from __future__ import annotations

import threading

import psycopg
import pytest

from bulkcall.errors import LedgerError, RunHeldError
from bulkcall.ledger import Answered, Ledger, migrations
from bulkcall.ledger.postgresql import PostgresqlStore
from bulkcall.ledger.schema import SCHEMA_VERSION
from tests.integration.ledger.server import PASSWORD
from tests.ledger_parts import NOW, loaded, told, valid


@pytest.fixture
def url(postgresql):
    """Give the URL of a database without a ledger."""
    with postgresql.database() as found:
        yield found


def test_a_restart_in_mid_run_is_ridden_through(postgresql, url):
    """Calls wait for the server to come back; hold and rows are what they were."""
    with Ledger.open(url) as ledger:
        loaded(ledger, "run-1", [valid(row) for row in range(1, 101)])
        with ledger.hold("run-1"):
            sent = 0
            for turn in range(10):
                if turn in (3, 6):
                    postgresql.stop("immediate" if turn == 3 else "fast")
                    starter = threading.Thread(target=postgresql.start)
                    starter.start()
                rows = ledger.take_realtime("run-1", 10, now=NOW, with_doubt=True)
                ledger.record("run-1", [Answered(row.row, NOW, True, 200) for row in rows])
                sent += len(rows)
                if turn in (3, 6):
                    starter.join()
            assert sent == 100
            with Ledger.open(url) as other, pytest.raises(RunHeldError):
                other.hold("run-1").__enter__()
        assert told(ledger, "run-1") == {"success": 100}


def end_sessions(url):
    """Let the server end all sessions of bulkcall."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE application_name = 'bulkcall'"
        )


def test_a_session_lost_in_a_transaction_is_done_again(url):
    """The work is undone by the server and done once more; it counts once."""
    calls = []
    with Ledger.open(url) as ledger:
        loaded(ledger, "run-1", [valid(1)])

        def work(transaction):
            calls.append(1)
            transaction.run("UPDATE runs SET requests = requests + 1")
            if len(calls) == 1:
                end_sessions(url)
                transaction.run("UPDATE runs SET requests = requests + 1")

        ledger._store.write(work)
        assert len(calls) == 2
        assert ledger.run("run-1").requests == 1


@pytest.mark.parametrize("committed", [True, False])
def test_a_commit_without_an_answer_is_looked_up(url, monkeypatch, committed):
    """Whether the server took a commit is asked afterwards: the work counts once either way."""
    with Ledger.open(url) as ledger:
        loaded(ledger, "run-1", [valid(1)])
        execute = psycopg.Cursor.execute
        lost = []

        def lose_the_answer(cursor, query, *args, **kwargs):
            if query == "COMMIT" and not lost:
                lost.append(1)
                if committed:
                    execute(cursor, query)
                end_sessions(url)
                query = "SELECT 1"
            return execute(cursor, query, *args, **kwargs)

        monkeypatch.setattr(psycopg.Cursor, "execute", lose_the_answer)
        ledger.record("run-1", [], requests=1)
        assert lost
        assert ledger.run("run-1").requests == 1


def test_a_run_taken_over_is_not_sent_on(url):
    """Who lost its hold to another process finds out before it takes another row."""
    with Ledger.open(url) as first, Ledger.open(url) as second:
        loaded(first, "run-1", [valid(1), valid(2)])
        with first.hold("run-1"):
            session = first._store._held[first.run("run-1").run_no][1]
            session.close()
            with second.hold("run-1"):
                with pytest.raises(RunHeldError, match="was taken over by process"):
                    first.take_realtime("run-1", 1, now=NOW, with_doubt=True)
                assert len(second.take_realtime("run-1", 1, now=NOW, with_doubt=True)) == 1


def test_a_server_that_stays_away_is_named_without_its_password(postgresql, url):
    """After its patience a call gives up in one line, and the run can be resumed."""
    store = PostgresqlStore(url, f"postgresql://127.0.0.1:{postgresql.port}/postgres", patience=0.0)
    migrations.bring_up(store)
    postgresql.stop()
    try:
        with pytest.raises(
            LedgerError, match=r"can't be reached .*resume when it is back"
        ) as caught:
            Ledger(store).runs()
        with pytest.raises(LedgerError) as second:
            Ledger.open(url)
    finally:
        postgresql.start()
    for error in (caught, second):
        assert PASSWORD not in str(error.value)
        assert "\n" not in str(error.value)
    assert Ledger(store).runs() == []
    store.close()


@pytest.mark.parametrize("change", [("postgres", "nowhere"), (PASSWORD, "wrong-secret")])
def test_what_can_not_be_opened_is_said_in_one_line(url, change):
    """No such database, a wrong password: one line, without the password."""
    start, _, end = url.rpartition("@")
    bad = f"{start.replace(*change)}@{end}" if change[0] == PASSWORD else url[:-8] + change[1]
    with pytest.raises(LedgerError) as caught:
        Ledger.open(bad)
    assert "\n" not in str(caught.value)
    assert "secret" not in str(caught.value)
    assert PASSWORD not in str(caught.value)


def test_a_newer_ledger_is_refused(url):
    """A ledger of a later version says so."""
    with Ledger.open(url) as ledger:
        ledger._store.write(lambda t: t.run("UPDATE meta SET value = ?", str(SCHEMA_VERSION + 1)))
    with pytest.raises(LedgerError, match="newer bulkcall"):
        Ledger.open(url)


def test_two_processes_make_the_ledger_once(url):
    """Opened by many at the same moment, the tables come to be once."""
    errors = []

    def open_it():
        try:
            Ledger.open(url).close()
        except LedgerError as error:
            errors.append(error)

    threads = [threading.Thread(target=open_it) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
