"""A disk that fills up while the report is written, for real: a small file system in memory."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from bulkcall.errors import DiskFullError
from bulkcall.report import publish


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 300 kB, where this user may mount one."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = shutil.which("mount")
    command = [mount or "mount", "-t", "tmpfs", "-o", "size=300k", "tmpfs", str(place)]
    if mount is None or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("this user may not mount a small file system")
    yield place
    subprocess.run(["umount", str(place)], check=True)


@pytest.mark.parametrize("rows", [1_000, 2_000, 20_000])
def test_the_earlier_report_stays_and_nothing_is_left(small_disk, rows):
    """Wherever the room ends: one clear line, the old files as they were, no half-written one."""
    from tests.unit.report.campaign import sample_ledger

    out = small_disk / "out"
    files = publish(sample_ledger(300), "r", out).files
    before = {path.name: path.read_bytes() for path in files.values()}
    with pytest.raises(DiskFullError, match=r"out: no room left on the disk; free some"):
        publish(sample_ledger(rows), "r", out)
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before
