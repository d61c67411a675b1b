"""The process that reads a workbook: what it is given, and that it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bulkcall.errors import CampaignFileError
from bulkcall.load import LoadOptions, reader_bounds
from bulkcall.load.source import Source
from bulkcall.load.workbook import READER_ENVIRONMENT, Sheet

TYPED = Path(__file__).parent / "workbooks" / "typed.xlsx"
linux = pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="reads /proc")
HOLDS_ONE = """
import signal, sys
from bulkcall.load import LoadOptions
from bulkcall.load.source import Source
from bulkcall.load.workbook import Sheet
sheet = Sheet(Source(sys.argv[1]), LoadOptions())
print(sheet._reader.pid, flush=True)
signal.pause()
"""


@linux
def test_it_has_no_secret_in_its_environment(monkeypatch):
    """Nothing but where modules are found."""
    monkeypatch.setenv("BULKCALL_API_KEY", "a-secret-key")
    # What the tests add where they measure coverage is not the program's.
    monkeypatch.delitem(READER_ENVIRONMENT, "COVERAGE_PROCESS_CONFIG", raising=False)
    with Source(str(TYPED)) as source, Sheet(source, LoadOptions()) as sheet:
        environment = Path(f"/proc/{sheet._reader.pid}/environ").read_bytes()
        limits = Path(f"/proc/{sheet._reader.pid}/limits").read_text()
    names = {part.partition(b"=")[0] for part in environment.split(b"\0") if part}
    assert names <= {b"PYTHONPATH", b"PYTHONUTF8"}
    core = next(line for line in limits.splitlines() if line.startswith("Max core file size"))
    assert core.split()[4:6] == ["0", "0"]


@linux
def test_it_ends_when_its_parent_is_killed():
    """A pipe that only the parent holds open says so."""
    parent = subprocess.Popen(
        [sys.executable, "-c", HOLDS_ONE, str(TYPED)], stdout=subprocess.PIPE, text=True
    )
    reader = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    parent.stdout.close()
    deadline = time.monotonic() + 60
    while Path(f"/proc/{reader}").exists() and time.monotonic() < deadline:
        if "Z" in Path(f"/proc/{reader}/stat").read_text().rpartition(")")[2].split()[0]:
            break
        os.sched_yield()
    assert time.monotonic() < deadline


def test_a_reader_that_gives_nothing_is_ended_by_the_watchdog(monkeypatch):
    """And the reason that is told is the true one."""
    monkeypatch.setattr("bulkcall.load.workbook.READER", "tests.integration.load.silent_reader")
    with (
        Source(str(TYPED)) as source,
        pytest.raises(CampaignFileError, match="reading it takes more than 1 seconds"),
    ):
        Sheet(source, LoadOptions(max_reader_seconds=1))


def test_a_reader_that_is_killed_is_told_as_that():
    """By its signal, with the memory that it had."""
    with Source(str(TYPED)) as source, Sheet(source, LoadOptions()) as sheet:
        os.kill(sheet._reader.pid, signal.SIGKILL)
        sheet._reader.wait()
        with pytest.raises(
            CampaignFileError, match=r"bytes of memory \(reader ended by signal 9\)"
        ):
            list(iter(sheet._frame, None))


def test_its_memory_is_bound_by_what_is_left(monkeypatch):
    """The machine's and the control group's, and never so little that it can't start."""
    monkeypatch.setattr(reader_bounds, "_machine", lambda: 4 << 30)
    monkeypatch.setattr(reader_bounds, "_control_group", lambda: 0)
    assert reader_bounds.memory_for(5 << 30) == int((4 << 30) * 0.8)
    monkeypatch.setattr(reader_bounds, "_control_group", lambda: 3 << 30)
    assert reader_bounds.memory_for(5 << 30) == int((3 << 30) * 0.8)
    monkeypatch.setattr(reader_bounds, "_control_group", lambda: 1 << 20)
    assert reader_bounds.memory_for(5 << 30) == 3 << 29
