"""The ledger's disk fills up in mid-run: exit 1, nothing lost, resumable."""

from __future__ import annotations

import os
import shutil
import subprocess

import pytest

from tests.faults.kills.forms import long


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 64 MB for the ledger, where this user may mount one."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = shutil.which("mount")
    command = [mount or "mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", str(place)]
    if mount is None or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("this user may not mount a small file system")
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)


def fill(disk, left, name="ballast"):
    """Fill the disk but for so many bytes."""
    free = shutil.disk_usage(disk).free
    if free > left:
        with (disk / name).open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, free - left)


def full_disk_is_borne(place, disk, channel, point):
    """Pause a run at a point, take the room away, and see how it stops and goes on."""
    ledger = {"BULKCALL_LEDGER": str(disk / "ledger.db")}
    place.environ |= ledger
    process = place.start(*place.begin(channel), at=f"{point} nap")
    napping = place.napping(process)
    fill(disk, 0)
    napping.unlink()
    assert process.wait() == 1, (process.status, process.err)
    assert "Traceback" not in process.err
    assert "room" in process.err
    assert str(disk) in process.err
    # Still no room: the resume stops as well, or ends in the room that the ledger's own journal
    # has; either makes nothing worse, as the journal of the server shows below.
    fill(disk, 0, "more-ballast")
    again = place.run("resume")
    assert again.status in {1, 3}, again.err
    assert "Traceback" not in again.err
    for ballast in disk.glob("*ballast"):
        ballast.unlink()
    # What was in flight is in doubt, as after a kill.
    place.ends += 2
    place.ended_well(channel)


POINTS = [
    long("batch", "before Ledger.add_rows 1"),
    long("batch", "before Ledger.take_batch 2"),
    long("batch", "before Api.create_batch 2"),
    ("batch", "before Ledger.note_poll 1"),
    ("realtime", "before Ledger.record 1"),
    long("realtime", "after Ledger.take_realtime 1"),
]


@pytest.mark.parametrize(("channel", "point"), POINTS)
def test_no_room_left_for_the_ledger(place, small_disk, channel, point):
    """One line that says what and where, exit 1; with room again, each row ends as it should."""
    full_disk_is_borne(place, small_disk, channel, point)


def test_no_room_from_the_start(place, small_disk):
    """A disk that is too small for the run is told before anything is sent."""
    fill(small_disk, 1_000_000)
    place.environ["BULKCALL_LEDGER"] = str(small_disk / "ledger.db")
    process = place.run(*place.begin("batch"))
    assert process.status == 1, process.err
    assert "make room" in process.err
    assert not place.entries()
    (small_disk / "ballast").unlink()
    assert place.run(*place.begin("batch")).status == 3
    assert [row["outcome"] for row in place.outcomes()] == place.campaign.expected
