"""Whole runs over HTTP on loopback: who is told of them, and that telling never changes them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bulkcall import app
from bulkcall.errors import ExitStatus, LedgerError, UsageError
from bulkcall.settings import Secret, Settings
from tests.contract.other_server import ACCOUNT, API_KEY, KEY_ID, OtherServer

pytestmark = pytest.mark.integration

TIMES = {"start": "now", "window": "2h"}


@pytest.fixture
def server():
    """The second emulator."""
    server = OtherServer()
    yield server
    server.close()


@pytest.fixture
def settings(tmp_path, server, web):
    """Settings that tell the listener of every run, and write figures."""
    return Settings(
        base_url=server.base_url,
        client_account_id=ACCOUNT,
        key_id=Secret(KEY_ID),
        api_key=Secret(API_KEY),
        ledger=str(tmp_path / "ledger.db"),
        out=str(tmp_path / "{run_id}"),
        status_per_minute=6000.0,
        reconcile_timeout=5.0,
        first_contact_timeout=0.1,
        notify_on="always",
        notify_webhook=Secret(web.url("/hook")),
        heartbeat_url=Secret(web.url("/beat")),
        metrics_file=str(tmp_path / "bulkcall.prom"),
    )


@pytest.fixture
def file(tmp_path):
    """A campaign file of two rows."""
    file = tmp_path / "list.csv"
    file.write_text(
        "caller,receiver,label\n911140001234,919876500001,Bank\n911140001234,919876500002,Bank\n"
    )
    return file


def posted(web):
    """What the webhook was told, in order."""
    return [each.json for each in web.asked if each.method == "POST"]


def beats(web):
    """The heartbeats, in order."""
    return [each.path for each in web.asked if each.method == "GET"]


def test_a_run_is_told_with_its_own_figures(settings, file, web):
    """What the webhook hears is what the report says."""
    result = app.run(file, settings=settings, **TIMES)
    assert result.exit_status is ExitStatus.OK
    (told,) = posted(web)
    assert told["run_id"] == result.report.run.run_id
    assert told["outcomes"] == {word.value: n for word, n in result.report.outcomes.items()}
    assert (told["rows"], told["verdict"]) == (2, "All 2 rows are confirmed.")
    assert told["report"].endswith(str(result.files["report.html"]))
    assert beats(web) == ["/beat"]


def test_a_stopped_run_is_told_with_the_way_to_take_it_up(settings, file, web):
    """The command names the run and the ledger; taken up, the run is told of again."""
    away = replace(settings, base_url="http://127.0.0.1:1", token=Secret("t"))
    stopped = app.run(file, settings=away, **TIMES)
    run_id = stopped.report.run.run_id
    (told,) = posted(web)
    assert told["exit_status"] == 1
    assert told["resume"] == f"bulkcall resume {run_id} --ledger {settings.ledger}"
    assert beats(web) == ["/beat/fail"]
    again = app.resume(run_id, settings=away)
    assert again.exit_status is ExitStatus.STOPPED
    assert [each["run_id"] for each in posted(web)] == [run_id, run_id]


def test_reconcile_is_told_too(settings, file, web):
    """What changes a run's outcomes in the morning is told like the run itself."""
    app.run(file, settings=settings, **TIMES)
    app.reconcile(settings=settings)
    assert [each["exit_status"] for each in posted(web)] == [0, 0]


def test_a_run_that_fails_before_it_begins_is_told(settings, tmp_path, web):
    """No file, no credentials, no ledger: each is told, and raised as before."""
    with pytest.raises(UsageError):
        app.run(tmp_path / "none.csv", settings=settings, **TIMES)
    (tmp_path / "list.csv").write_text("caller,receiver,label\n911140001234,919876500001,Bank\n")
    keyless = replace(settings, api_key=Secret(""))
    with pytest.raises(UsageError):
        app.run(tmp_path / "list.csv", settings=keyless, **TIMES)
    with pytest.raises(LedgerError):
        app.run(tmp_path / "list.csv", settings=replace(settings, ledger=str(tmp_path)), **TIMES)
    told = posted(web)
    assert [each["exit_status"] for each in told] == [2, 2, 1]
    assert [each["file"] for each in told] == ["none.csv", "list.csv", "list.csv"]
    assert all(not each["run_id"] and each["failed"] for each in told)
    assert beats(web) == ["/beat/fail"] * 3


def test_a_dry_run_is_nobody_s_business(settings, file, web, tmp_path):
    """Trying things out wakes nobody, and counts nowhere."""
    app.run(file, settings=settings, dry_run=True, **TIMES)
    assert web.asked == []
    assert not (tmp_path / "bulkcall.prom").exists()


def test_a_run_that_was_withheld_is_a_failure(settings, file, web):
    """Too many invalid rows: nothing went out, and somebody must know by morning."""
    file.write_text(file.read_text() + "911140001234,12,Bank\n")
    careful = replace(settings, max_invalid="0", notify_on="failure")
    assert app.run(file, settings=careful, **TIMES).exit_status is ExitStatus.NOT_ALL
    assert posted(web)[0]["title"] == "bulkcall: nothing of list.csv was sent"
    assert beats(web) == ["/beat/fail"]


def test_whatever_breaks_in_telling_the_run_stays_as_it_was(settings, file, caplog, monkeypatch):
    """All of it fails: the result is the same, with one warning line for each."""
    broken = replace(
        settings,
        notify_webhook=Secret("http://127.0.0.1:1/t0ken"),
        heartbeat_url=Secret("http://127.0.0.1:1/t0ken"),
        notify_email_to="night@example.org",
        smtp_host="127.0.0.1",
        smtp_port=1,
        otlp_endpoint="http://127.0.0.1:1",
        metrics_file=f"{file}/bulkcall.prom",
    )
    monkeypatch.setattr("bulkcall.notify.web.PAUSES_SECONDS", ())
    monkeypatch.setattr("bulkcall.metrics.otlp.TIMEOUT_SECONDS", 0.2)
    result = app.run(file, settings=broken, **TIMES)
    assert result.exit_status is ExitStatus.OK
    told = [line.getMessage().partition(":")[0] for line in caplog.records if line.levelno >= 30]
    assert [each.split()[0] for each in told] == [
        "metrics_file",
        "otlp_endpoint",
        "notify_webhook",
        "notify_email_to",
        "heartbeat_url",
    ]
    assert "t0ken" not in caplog.text


def test_a_slip_of_ours_in_telling_is_one_line(settings, file, caplog, monkeypatch):
    """Even an error that nobody foresaw leaves the run alone."""

    def slip(*_):
        raise ZeroDivisionError

    monkeypatch.setattr("bulkcall.metrics.write", slip)
    assert app.run(file, settings=settings, **TIMES).exit_status is ExitStatus.OK
    (line,) = [each for each in caplog.messages if "telling" in each]
    assert line == "telling and measuring failed: ZeroDivisionError"
