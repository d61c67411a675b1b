"""The command line from outside: a subprocess, a real sandbox on loopback, files in a folder."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from bulkcall.sandbox import SandboxOptions
from bulkcall.sandbox.process import running
from tests.contract.nursery import Nursery
from tests.contract.other_server import OtherServer

if TYPE_CHECKING:
    from pathlib import Path

CALLER = "911140000000"


@dataclass
class Ended:
    """How a command ended."""

    status: int
    out: str
    err: str

    @property
    def json(self):
        """The one JSON object on standard output."""
        return json.loads(self.out)


@dataclass
class Place:
    """A folder to work in, with an environment of its own and nothing of the user's."""

    folder: Path
    environ: dict[str, str]
    nursery: Nursery

    def command(self, *arguments):
        """Give the command line as a list."""
        return [sys.executable, "-m", "bulkcall", *map(str, arguments)]

    def run(self, *arguments, timeout=120, environ=None, stdin=""):
        """Run bulkcall to its end (`start` is the same without the nursery)."""
        status, out, err = self.nursery.run(
            arguments,
            folder=self.folder,
            environ=self.environ | (environ or {}),
            stdin=stdin,
            timeout=timeout,
        )
        assert "Traceback" not in err, err
        return Ended(status, out, err)

    def start(self, *arguments):
        """Start bulkcall and leave it running."""
        return subprocess.Popen(
            self.command(*arguments),
            cwd=self.folder,
            env=self.environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def write(self, name, text, encoding="utf-8"):
        """Write a file into the folder."""
        path = self.folder / name
        path.write_bytes(text.encode(encoding))
        return path

    def campaign(self, rows, name="campaign.csv", columns=("caller", "receiver", "label")):
        """Write a campaign file of these rows."""
        path = self.folder / name
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(columns)
            writer.writerows(rows)
        return path

    def table(self, path):
        """Read a CSV file of the report as dicts."""
        with (self.folder / path).open(newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))


def receivers(count, first=0):
    """Give valid Indian mobile numbers whose last digits order no special outcome."""
    return [f"98765{(first + i) // 2:04d}{(first + i) % 2 + 1}" for i in range(count)]


def new_place(folder, nursery):
    """Make a place without settings."""
    keep = {
        name: os.environ[name]
        for name in ("PATH", "LANG", "COVERAGE_PROCESS_CONFIG")
        if name in os.environ
    }
    (folder / "home").mkdir()
    (folder / "work").mkdir()
    homes = dict.fromkeys(("HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"), str(folder / "home"))
    return Place(folder / "work", keep | homes, nursery)


@pytest.fixture(scope="session")
def nursery():
    """What starts the commands of the session."""
    started = Nursery()
    yield started
    started.close()


@pytest.fixture
def place(tmp_path, nursery):
    """A place without settings."""
    return new_place(tmp_path, nursery)


SANDBOX = {"rules": "none", "processing_min_ms": 20, "processing_max_ms": 60, "masking": "all"}
QUICK = {
    "status_limit": 0,
    "batch_limit": 0,
    "bad_record": "refuse",
    "times": "sent",
    "batch_ids": "uuid",
}
"""No limits of the server's: what bulkcall keeps to is its own settings."""


@pytest.fixture(scope="session")
def sandbox_process():
    """The one sandbox of the session; tests take it by way of `sandbox`, which cleans it."""
    with running(SandboxOptions()) as started:
        yield started


@pytest.fixture
def sandbox(sandbox_process):
    """A sandbox without rules, quick to process, that remembers nothing."""
    sandbox_process.reset()
    sandbox_process.set(**SANDBOX, **QUICK)
    return sandbox_process


@pytest.fixture
def client(place, sandbox):
    """A place whose settings point at the sandbox."""
    place.environ |= sandbox.environment() | HURRY
    return place


HURRY = {
    "BULKCALL_RECONCILE_TIMEOUT": "10",
    "BULKCALL_STATUS_PER_MINUTE": "1200",
    "BULKCALL_BATCH_PER_MINUTE": "1200",
}


@pytest.fixture
def other():
    """The second emulator; at the end it must have had nothing to complain of."""
    server = OtherServer()
    yield server
    server.close()
    assert server.complaints == []


@pytest.fixture
def stranger(place, other):
    """A place whose settings point at the second emulator."""
    place.environ |= other.environment()
    return place
