"""A server, a drop folder, a ledger, somebody who is told, and processes that can be killed."""

from __future__ import annotations

import contextlib
import json
import os
import threading
import time
from collections import Counter
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx

from bulkcall.sandbox.process import read_journal, running
from tests.faults.inbox_nursery import InboxNursery

TOKENS = tuple(f"token.number.{n}" for n in range(40))
PATIENCE = 120
"""Seconds that one round may take."""


class Told(ThreadingHTTPServer):
    """Takes what bulkcall tells people."""

    def __init__(self):
        messages = self.messages = []

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                messages.append(json.loads(body))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_):
                pass

        super().__init__(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self):
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_address[1]}/hook"


class World:
    """All that the month takes place in."""

    def __init__(self, folder, sandbox, nursery, told, journal):
        self.folder = folder / "in"
        self.folder.mkdir()
        self.sandbox = sandbox
        self._nursery = nursery
        self._told = told
        self._journal = journal
        self._tokens = list(TOKENS)
        self.figures = Counter()
        self.wrong = []
        self.state = folder / "state"
        self._environ = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "XDG_STATE_HOME": str(folder / "state"),
            "BULKCALL_BASE_URL": sandbox.base_url,
            "BULKCALL_CLIENT_ACCOUNT_ID": sandbox.client_account_id,
            "BULKCALL_LEDGER": str(folder / "ledger.db"),
            "BULKCALL_REALTIME_PER_SECOND": "2000",
            "BULKCALL_BATCH_PER_MINUTE": "6000",
            "BULKCALL_STATUS_PER_MINUTE": "12000",
            "BULKCALL_RECONCILE_TIMEOUT": "15",
            "BULKCALL_REQUEST_TIMEOUT": "2",
            "BULKCALL_AWAY_TIMEOUT": "1.5",
            "BULKCALL_FIRST_CONTACT_TIMEOUT": "1",
            "BULKCALL_MAX_TRIES": "12",
            "BULKCALL_NOTIFY_ON": "always",
            "BULKCALL_NOTIFY_WEBHOOK": told.url,
        }
        self.new_token()

    @property
    def messages(self):
        """What people were told."""
        return self._told.messages

    def new_token(self):
        """Do what an operator does about a token that is dead."""
        self.token = self._environ["BULKCALL_TOKEN"] = self._tokens.pop()

    def set_version(self, version):
        """Speak this version of the API from the next round on; the server speaks both."""
        self._environ["BULKCALL_API_VERSION"] = version

    def fine_weather(self):
        """Drop all orders of faults, once the server is there again."""
        while True:
            try:
                self.sandbox.clear_faults()
            except httpx.TransportError:
                time.sleep(0.1)
            else:
                return

    def start(self, *flags):
        """Start a round in a process of its own."""
        self.figures["rounds"] += 1
        return self._nursery.start(
            ("inbox", str(self.folder), "--settle", "0.4", "--json", *flags),
            folder=self.folder.parent,
            environ=self._environ,
        )

    def round(self, *flags, seconds=None, by=9):
        """Make a round; after `seconds` it gets a signal. Gives its JSON, None where it died."""
        process = self.start(*flags)
        end = time.monotonic() + (PATIENCE if seconds is None else seconds)
        while process.poll() is None and time.monotonic() < end:
            time.sleep(0.01)
        if process.poll() is None:
            process.send(9 if seconds is None else by)
            self.figures["SIGKILL" if by == 9 else "SIGTERM"] += 1
            if seconds is None:
                self.wrong.append(f"a round took more than {PATIENCE} s")
        status = process.wait()
        if "Traceback" in process.err:
            self.wrong.append(process.err)
        if status in {-9, -15}:  # a SIGTERM before it has begun to mind signals ends it as well
            return None
        night = json.loads(process.out)
        if night["exit_status"] != status:
            self.wrong.append(f"exit status {status}, told {night['exit_status']}")
        self.figures[f"exit status {status}"] += 1
        for fate, count in night["counts"].items():
            self.figures[f"files {fate}"] += count
        return night

    def runs(self):
        """Give all runs of the ledger."""
        process = self._nursery.start(
            ("runs", "--json", "--limit", "1000"),
            folder=self.folder.parent,
            environ=self._environ,
        )
        process.wait()
        return json.loads(process.out)["runs"]

    def journal(self):
        """Give the server's own account of the month, numbers as version 2 has them."""
        return [
            replace(entry, records=tuple(_without_plus(record) for record in entry.records))
            for entry in read_journal(self._journal)
        ]


def _without_plus(record):
    number = record.receiver_number
    return replace(record, receiver_number=number.removeprefix("+") if number else number)


@contextlib.contextmanager
def world(folder):
    """Make a world, and end all of it."""
    journal = folder / "journal.jsonl"
    nursery, told = InboxNursery(), Told()
    try:
        with running(
            static_tokens=TOKENS,
            realtime_limit=0,
            batch_limit=0,
            status_limit=0,
            processing_min_ms=10,
            processing_max_ms=80,
            latency_ms=2,
            masking="part",
            journal=str(journal),
            journal_memory=10,
            seed=1,
        ) as sandbox:
            yield World(folder, sandbox, nursery, told, journal)
    finally:
        told.shutdown()
        told.server_close()
        nursery.close()
