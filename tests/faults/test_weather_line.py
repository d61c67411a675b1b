"""Bad weather on the line: resets, hangs, a server that is away, names, certificates, proxies."""

from __future__ import annotations

import asyncio
import re
import socket
from pathlib import Path

import pytest

from bulkcall.errors import ServerAwayError
from bulkcall.sandbox.process import running
from bulkcall.send.timing import DEFAULT_TIMING
from tests.faults.weather_parts import QUICK, accepted, check_truth, said, send_rows
from tests.send_parts import BATCH, REALTIME

pytestmark = pytest.mark.integration

CALL = {REALTIME: "realtime", BATCH: "batch_create"}
BOTH = pytest.mark.parametrize("channel", [REALTIME, BATCH])
AWAY = (
    r"the server seems away \(.+\); pausing, and asking now and then; the run stops, resumable, "
    r"if it is not back within \d+ s"
)


@BOTH
@pytest.mark.parametrize("kind", ["reset", "hang,seconds=5"])
@pytest.mark.parametrize("applied", [0, 1])
def test_no_answer_is_in_doubt_and_sent_again(ledger, sandbox, channel, kind, applied):
    """A reset or a hang, before or after the request took effect: sent again, two attempts."""
    name, _, rest = kind.partition(",")
    order = f"{name}@{CALL[channel]},times=1,after=1,applied={applied}"
    sandbox.order(f"{order},{rest}" if rest else order)
    result = send_rows(ledger, sandbox, channel)
    truth = check_truth(result, sandbox)
    assert result.counts == {accepted(channel): 30}
    twice = [row for row in result.rows.values() if row.attempts == 2]
    assert len(twice) == (1 if channel is REALTIME else 10)
    assert all(truth.applied[row.receiver_number] == 1 + applied for row in twice)
    assert result.notes == []


@BOTH
def test_no_answer_with_hold_is_unknown(ledger, sandbox, channel):
    """`--on-unknown hold`: nothing that may stand there is sent again."""
    sandbox.order(f"reset@{CALL[channel]},times=1,after=1,applied=1")
    result = send_rows(ledger, sandbox, channel, on_unknown="hold")
    truth = check_truth(result, sandbox)
    lost = 1 if channel is REALTIME else 10
    assert result.counts == {accepted(channel): 30 - lost, "unknown": lost}
    assert max(truth.applied.values()) == 1
    (message,) = said(result, "unknown")
    assert "broke before the answer" in message
    assert result.notes == []


def told_after(ledger, sandbox, channel, seconds, timing=QUICK):
    """Send through a server that is away so long; give the seconds that were told: all rows go."""

    async def away(notes):
        while not notes.advanced["send"]:  # noqa: ASYNC110 - a count is all there is
            await asyncio.sleep(0.01)
        await asyncio.to_thread(sandbox.away, seconds)

    result = send_rows(ledger, sandbox, channel, 400, midway=away, timing=timing)
    check_truth(result, sandbox)
    assert result.error is None
    assert result.counts == {accepted(channel): 400}
    away_, back = result.notes
    assert re.fullmatch(AWAY, away_)
    told = re.fullmatch(r"the server is back after (\d+) s; going on", back)
    assert told
    return int(told[1])


@BOTH
def test_a_server_that_is_away_and_comes_back(ledger, sandbox, channel):
    """Connections refused for a while: a line says so, another that it is back; all rows go."""
    told_after(ledger, sandbox, channel, 1.5)


@pytest.mark.slow
@BOTH
def test_a_server_that_is_away_for_30_seconds_and_comes_back(ledger, sandbox, channel):
    """The same with the real backoff and probes: no row is lost, and it goes on within a probe."""
    longest = DEFAULT_TIMING.probe_backoff[1]
    assert 29 <= told_after(ledger, sandbox, channel, 30, DEFAULT_TIMING) <= 30 + longest + 2


@BOTH
def test_a_server_that_stays_away_ends_the_run_resumable(ledger, sandbox, channel):
    """After the settable time the run stops with one line; what was not sent is unsent."""

    async def away(notes):
        while not notes.advanced["send"]:  # noqa: ASYNC110 - a count is all there is
            await asyncio.sleep(0.01)
        await asyncio.to_thread(sandbox.away, 2.5)

    result = send_rows(ledger, sandbox, channel, 400, midway=away, away_timeout=1.0)
    assert isinstance(result.error, ServerAwayError)
    assert "has been away for" in str(result.error)
    assert "resume when it is back" in str(result.error)
    assert result.counts["unsent"] > 0
    assert set(result.counts) <= {accepted(channel), "unsent", "unknown"}


@BOTH
def test_a_server_that_was_never_there(ledger, sandbox, channel):
    """Nothing listens: one line within the first-contact time, nothing sent, no try spent."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        base_url = f"http://127.0.0.1:{free.getsockname()[1]}"
        result = send_rows(ledger, sandbox, channel, base_url=base_url, first_contact_timeout=0.5)
    assert isinstance(result.error, ServerAwayError)
    assert "never answered" in str(result.error)
    assert result.counts == {"unsent": 30}
    assert {row.attempts for row in result.rows.values()} == {0}
    assert result.ended.requests == 0


def test_a_name_that_does_not_resolve(ledger, sandbox, monkeypatch):
    """DNS says no: as for a server that was never there, and the line says that it is the name."""

    def unknown(*_args, **_named):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    result = send_rows(
        ledger,
        sandbox,
        REALTIME,
        base_url="https://truecaller.invalid",
        first_contact_timeout=0.5,
    )
    assert isinstance(result.error, ServerAwayError)
    assert "the name truecaller.invalid can't be resolved" in str(result.error)
    assert result.counts == {"unsent": 30}


@BOTH
def test_a_certificate_that_does_not_fit(ledger, channel):
    """Not trusted: the run ends at once with a line about the certificate; nothing was sent."""
    here = Path(__file__).parents[1] / "integration" / "sandbox"
    with running(certfile=str(here / "cert.pem"), keyfile=str(here / "key.pem")) as secure:
        result = send_rows(ledger, secure, channel)
        entries = secure.journal()
    assert isinstance(result.error, ServerAwayError)
    assert "certificate" in str(result.error)
    assert result.counts == {"unsent": 30}
    assert not entries


def test_a_proxy_elsewhere_does_not_see_what_stays_on_this_machine(ledger, sandbox, monkeypatch):
    """HTTP_PROXY points elsewhere and the API is on loopback: the proxy is passed by."""
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://192.0.2.1:3128")
    result = send_rows(ledger, sandbox, REALTIME)
    check_truth(result, sandbox)
    assert result.counts == {"success": 30}


def test_a_proxy_that_is_down(ledger, sandbox, monkeypatch):
    """A proxy that can't be reached is a server that can't be: nothing sent, rows unsent."""
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        proxy = f"http://127.0.0.1:{free.getsockname()[1]}"
        for name in ("HTTP_PROXY", "http_proxy"):
            monkeypatch.setenv(name, proxy)
        result = send_rows(ledger, sandbox, REALTIME, first_contact_timeout=0.5)
    assert isinstance(result.error, ServerAwayError)
    assert result.counts == {"unsent": 30}
    assert not sandbox.journal()
