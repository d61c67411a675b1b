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
from bulkcall.sandbox.running import running

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

    def command(self, *arguments):
        """Give the command line as a list."""
        return [sys.executable, "-m", "bulkcall", *map(str, arguments)]

    def run(self, *arguments, timeout=120, environ=None, stdin=""):
        """Run bulkcall to its end."""
        done = subprocess.run(
            self.command(*arguments),
            cwd=self.folder,
            env=self.environ | (environ or {}),
            input=stdin,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        assert "Traceback" not in done.stderr, done.stderr
        return Ended(done.returncode, done.stdout, done.stderr)

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


@pytest.fixture
def place(tmp_path):
    """A place without settings."""
    keep = {
        name: os.environ[name]
        for name in ("PATH", "LANG", "COVERAGE_PROCESS_CONFIG")
        if name in os.environ
    }
    home = tmp_path / "home"
    home.mkdir()
    folder = tmp_path / "work"
    folder.mkdir()
    return Place(
        folder, keep | {"HOME": str(home), "XDG_DATA_HOME": str(home), "XDG_STATE_HOME": str(home)}
    )


@pytest.fixture
def sandbox():
    """A sandbox without rules, quick to process."""
    options = SandboxOptions(rules="none", processing_min_ms=20, processing_max_ms=60)
    with running(options) as started:
        yield started


@pytest.fixture
def client(place, sandbox):
    """A place whose settings point at the sandbox."""
    place.environ |= sandbox.environment() | {"BULKCALL_RECONCILE_TIMEOUT": "10"}
    return place
