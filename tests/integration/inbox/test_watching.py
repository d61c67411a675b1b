"""Staying: rounds until a stop, ever less often while runs keep being stopped; heartbeats."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from bulkcall.clock import ManualClock
from bulkcall.inbox import FileOutcome
from bulkcall.inbox.inbox import HEARTBEAT_SECONDS, LONGEST_WAIT_SECONDS
from bulkcall.progress import StopToken
from bulkcall.settings import Secret

pytestmark = pytest.mark.integration


class Staying:
    """Watches a folder; `nights` is what was told, `pauses` how long it waited between rounds."""

    def __init__(self, folder, *, rounds, between=None, **how):
        self.stop = StopToken()
        self._rounds = rounds
        self._between = between or (lambda number: None)
        self._inbox = folder.inbox(stop=self.stop, **how)
        self._clock = self._inbox._clock = ManualClock()
        self._inbox._wait = self._wait
        self.nights, self.pauses = [], []

    def _wait(self, seconds):
        self.pauses.append(seconds)
        self._clock._elapsed += seconds
        self._between(len(self.pauses))
        if len(self.pauses) >= self._rounds:
            self.stop.request("SIGTERM")
        return not self.stop.requested

    def run(self, every=30.0):
        """Watch until so many rounds are over."""
        return self._inbox.watch(self.nights.append, every=every)


def test_a_file_that_arrives_later_is_taken_once_it_has_settled(folder):
    """Rounds without work say nothing; a stop between rounds ends with 0."""
    staying = Staying(
        folder,
        rounds=5,
        settle=30,
        between=lambda number: folder.drop("a.csv") if number == 1 else None,
    )
    assert staying.run() == 0
    assert [[each.name for each in night.taken] for night in staying.nights] == [["a.csv"]]
    assert staying.pauses == [30.0] * 5
    assert folder.holds("done") == ["a.csv"]


def test_while_the_server_is_away_rounds_come_less_often_and_then_all_goes_out(folder):
    """Doubling to a quarter of an hour; the run that was stopped is the one that ends well."""
    folder.drop("a.csv")
    away = Staying(folder, rounds=7, settings={"token": Secret("not.a.token")})
    assert away.run() == 4
    assert away.pauses == [
        60,
        120,
        240,
        480,
        LONGEST_WAIT_SECONDS,
        LONGEST_WAIT_SECONDS,
        LONGEST_WAIT_SECONDS,
    ]
    assert {night.taken[0].run_id for night in away.nights} == {away.nights[0].taken[0].run_id}
    back = Staying(folder, rounds=2)
    assert back.run() == 0
    assert [each.fate for night in back.nights for each in night.taken] == [FileOutcome.DONE]
    assert set(folder.applied().values()) == {1}


@pytest.fixture
def beats():
    """A dead-man switch: the paths that it was asked for."""
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}/beat", asked
    server.shutdown()
    server.server_close()


def test_a_night_without_files_is_a_heartbeat_all_the_same(folder, beats):
    """Else a dead-man switch would ring on every quiet night."""
    url, asked = beats
    folder.night(settings={"heartbeat_url": Secret(url)})
    assert asked == ["/beat"]
    folder.drop("a.csv")
    folder.night(settings={"heartbeat_url": Secret(url)})
    assert asked == ["/beat", "/beat"]


def test_staying_gives_a_heartbeat_an_hour(folder, beats):
    """While nothing arrives."""
    url, asked = beats
    staying = Staying(folder, rounds=5, settings={"heartbeat_url": Secret(url)})
    staying.run(every=HEARTBEAT_SECONDS / 2)
    assert asked == ["/beat", "/beat"]
