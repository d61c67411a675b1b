"""Webhooks and heartbeats over real HTTP on loopback."""

from __future__ import annotations

import threading

import pytest

from bulkcall import notify
from bulkcall.errors import ExitStatus
from bulkcall.notify.errors import NotificationError
from bulkcall.notify.web import post
from bulkcall.settings import Secret, Settings
from tests.endings import RUN_ID, ending, never_began
from tests.integration.notify.listeners import listening

TOKEN = "T0PSECRETT0KEN"  # noqa: S105 - a made-up one
STOPPED = ending(ExitStatus.STOPPED)


def settings(web, **more):
    """Settings that tell the listener by webhook and heartbeat."""
    hook, beat = Secret(web.url(f"/hook/{TOKEN}")), Secret(web.url(f"/beat/{TOKEN}"))
    return Settings(notify_webhook=hook, heartbeat_url=beat, **more)


def asked(web):
    """Who was asked for what, in no order: all are told side by side."""
    return sorted((each.method, each.path) for each in web.asked)


def test_a_failure_is_posted_and_the_heartbeat_fails(web):
    """The webhook hears of it as JSON, the dead-man switch under /fail."""
    assert notify.notify(STOPPED, settings(web)) == []
    assert asked(web) == [("GET", f"/beat/{TOKEN}/fail"), ("POST", f"/hook/{TOKEN}")]
    (posted,) = [each for each in web.asked if each.method == "POST"]
    assert posted.json["run_id"] == RUN_ID
    assert posted.json["failed"] is True


@pytest.mark.parametrize("status", [ExitStatus.OK, ExitStatus.NOT_ALL])
def test_a_run_that_went_through_gives_a_heartbeat_alone(web, status):
    """Nobody is woken for a run that finished; the switch knows that it ran."""
    assert notify.notify(ending(status), settings(web)) == []
    assert asked(web) == [("GET", f"/beat/{TOKEN}")]


def test_a_run_that_never_began_is_told(web):
    """A file that can't be read is a failure like any other."""
    assert notify.notify(never_began(), settings(web)) == []
    assert asked(web) == [("GET", f"/beat/{TOKEN}/fail"), ("POST", f"/hook/{TOKEN}")]


def test_a_night_without_a_file_gives_a_heartbeat(web):
    """`beat` is for whoever had nothing to run: no news is told as such."""
    assert notify.send_heartbeat(settings(web), good=True) == []
    assert notify.send_heartbeat(Settings(), good=True) == []
    assert asked(web) == [("GET", f"/beat/{TOKEN}")]


def test_what_a_busy_server_turned_away_is_told_again(web):
    """A 503 and a 429 are tried again, up to three times in all."""
    web.answers += [503, 429]
    post(Secret(web.url("/x")), {"a": 1}, sleep=lambda _: None)
    assert [each.path for each in web.asked] == ["/x", "/x", "/x"]
    web.answers += [500, 500, 500, 500]
    with pytest.raises(NotificationError, match="answered HTTP 500"):
        post(Secret(web.url("/y")), {"a": 1}, sleep=lambda _: None)
    assert len(web.asked) == 6


def test_a_no_is_not_asked_twice(web):
    """A 404 stays one: the address is wrong."""
    web.answers.append(404)
    with pytest.raises(NotificationError, match="answered HTTP 404"):
        post(Secret(web.url("/x")), {}, sleep=lambda _: None)
    assert len(web.asked) == 1


def test_a_redirect_is_never_followed(web):
    """What is told goes to the address that was set, and nowhere else."""
    with listening() as elsewhere:
        web.answers.append((307, elsewhere.url("/stolen")))
        with pytest.raises(NotificationError, match="never followed"):
            post(Secret(web.url("/x")), {}, sleep=lambda _: None)
        assert elsewhere.asked == []


def test_over_tls_with_a_certificate_that_is_checked(trusted, monkeypatch):
    """TLS works where the certificate is trusted, and tells nothing where it is not."""
    with listening(trusted) as web:
        post(Secret(web.url("/x")), {})
        assert [each.path for each in web.asked] == ["/x"]
        monkeypatch.delenv("SSL_CERT_FILE")
        with pytest.raises(NotificationError, match="can't be reached"):
            post(Secret(web.url("/x")), {}, sleep=lambda _: None)
        assert len(web.asked) == 1


def test_plain_http_leaves_this_machine_never(monkeypatch):
    """Even settings that nobody checked can't send a token in the open."""
    monkeypatch.setattr("httpx.Client", None)
    for url in ("http://example.org/x", "ftp://127.0.0.1/x", "https://", "http://[bad/x"):
        with pytest.raises(NotificationError):
            post(Secret(url), {})


def test_a_server_that_hangs_does_not_hold_the_run(web):
    """What takes longer than the patience is left behind, with one line for each."""
    web.hang = threading.Event()
    problems = notify.notify(STOPPED, settings(web), patience=0.3)
    assert problems == [
        "notify_webhook: nobody was told: no end within 0 s",
        "heartbeat_url: nobody was told: no end within 0 s",
    ]


def test_no_line_and_no_log_holds_the_address(web, all_logs, monkeypatch):
    """Told or not, the token in the URL stands in nothing that anybody reads."""
    monkeypatch.setattr("bulkcall.notify.web.PAUSES_SECONDS", ())
    good = settings(web)
    problems = notify.notify(STOPPED, good)
    web.answers += [500, 500]
    problems += notify.notify(STOPPED, good)
    web.answers += [(302, "/elsewhere")] * 2
    problems += notify.notify(STOPPED, good)
    gone = Secret(f"http://127.0.0.1:1/{TOKEN}")
    problems += notify.notify(STOPPED, Settings(notify_webhook=gone, heartbeat_url=gone))
    odd = Secret(f"https://127.0.0.1:{TOKEN}/")
    problems += notify.notify(STOPPED, Settings(notify_webhook=odd, heartbeat_url=odd))
    assert len(problems) == 8
    assert TOKEN not in "\n".join(problems)
    assert TOKEN not in all_logs.text
    assert TOKEN not in repr(good)
