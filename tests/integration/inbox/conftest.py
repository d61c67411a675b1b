"""A drop folder, a ledger and a sandbox: nights are rounds of an `Inbox` in this process."""

from __future__ import annotations

import csv
import os
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from bulkcall.app import open_ledger
from bulkcall.inbox import Inbox, RunFlags
from bulkcall.records import Channel
from bulkcall.sandbox.process import Running, running
from bulkcall.settings import Secret, Settings

TOKEN = "made.for.tests"  # noqa: S105 - of a sandbox on loopback
USUAL = {"start": "now", "window": "8h", "channel": Channel.REALTIME}
"""The real-time channel: a batch takes a second until it is confirmed."""


@pytest.fixture(scope="session")
def _one_sandbox():
    """One sandbox for all, without limits of its own."""
    with running(
        rules="none",
        static_tokens=(TOKEN,),
        realtime_limit=0,
        batch_limit=0,
        status_limit=0,
        processing_min_ms=10,
        processing_max_ms=30,
    ) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(_one_sandbox):
    """The sandbox, as new."""
    _one_sandbox.reset()
    _one_sandbox.clear_faults()
    _one_sandbox.set(rules="none")
    return _one_sandbox


@dataclass
class Folder:
    """A drop folder and what an operator does with it."""

    path: Path
    settings: Settings
    sandbox: Running
    made: int = 0
    waits: list[float] = field(default_factory=list)

    def drop(self, name, rows=4, *, first=None, text=None):
        """Put a campaign file there, whole; receivers are new ones unless `first` says."""
        first = self.made if first is None else first
        self.made += rows
        path = self.path / name
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(["caller", "receiver", "label"])
            for number in range(first, first + rows):
                writer.writerow(["911140000000", receiver(number), "Parcel team"])
            file.write(text or "")
        return path

    def inbox(self, *, settle=0.0, order="arrival", stop=None, settings=None, **flags):
        """Give an inbox on it; waits move no clock but are noted."""
        from bulkcall.inbox import Order

        return Inbox(
            self.path,
            replace(self.settings, **(settings or {})),
            RunFlags(USUAL | flags),
            settle=settle,
            order=Order(order),
            stop=stop,
            sleep=self.waits.append,
        )

    def night(self, **how):
        """Make one round."""
        return self.inbox(**how).once()

    def names(self):
        """Name the files that lie in the folder itself."""
        return sorted(path.name for path in self.path.iterdir() if path.is_file())

    def holds(self, folder):
        """Name the files in the folders of `done` or `failed`."""
        return sorted(
            path.name
            for path in (self.path / folder).rglob("*")
            if path.is_file() and path.name not in REPORT
        )

    def quiet(self):
        """Tell whether nothing is left of any work: no claim, no working folder."""
        return not any((self.path / "working").iterdir()) and not self.claims()

    def claims(self):
        """Give the paths of the claims that this user's state folder holds."""
        state = Path(os.environ["XDG_STATE_HOME"])
        return list((state / "bulkcall" / "inboxes").glob("*/*.json"))

    def applied(self):
        """Count how often the server took each receiver."""
        return Counter(
            record.receiver_number
            for entry in self.sandbox.journal()
            if entry.applied and entry.call in ("realtime", "batch_create")
            for record in entry.records
        )

    def runs(self):
        """Give the ledger's runs, oldest first."""
        with open_ledger(self.settings) as ledger:
            return ledger.runs()[::-1]


REPORT = {
    "outcomes.csv",
    "rejected.csv",
    "summary.json",
    "summary.md",
    "report.html",
    "report.xlsx",
}


def receiver(number):
    """Give the nth valid Indian mobile number."""
    return f"98765{number:05d}"


@pytest.fixture
def folder(tmp_path, sandbox):
    """An empty drop folder."""
    path = tmp_path / "in"
    path.mkdir()
    settings = Settings(
        base_url=sandbox.base_url,
        client_account_id=sandbox.client_account_id,
        token=Secret(TOKEN),
        ledger=str(tmp_path / "ledger.db"),
        batch_per_minute=6000.0,
        status_per_minute=6000.0,
        realtime_per_second=1000.0,
        reconcile_timeout=20.0,
        first_contact_timeout=0.2,
        away_timeout=0.2,
    )
    return Folder(path, settings, sandbox)
