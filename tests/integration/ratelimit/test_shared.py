"""One token's limit over several processes: real files, real processes."""

from __future__ import annotations

import stat
import subprocess
import sys
from itertools import pairwise

import pytest

from bulkcall.clock import ManualClock, SystemClock
from bulkcall.ratelimit import Rate, RateLimiter, SharedState, shared_name
from bulkcall.settings import Secret

pytestmark = pytest.mark.integration

RATE = Rate(20, 1.0)
SENDER = """
import asyncio, sys, time
from pathlib import Path
from bulkcall.clock import SystemClock
from bulkcall.ratelimit import Rate, RateLimiter, SharedState

async def main(path, count):
    clock, rate = SystemClock(), Rate(20, 1.0)
    lane = RateLimiter("realtime", rate, clock, shared=SharedState(Path(path), rate, clock))
    for _ in range(count):
        turn = await lane.acquire()
        print(turn.at, flush=True)
        turn.answered()

asyncio.run(main(sys.argv[1], int(sys.argv[2])))
"""


def senders(path, *counts):
    """Start processes that each take so many turns of the lane at `path`."""
    return [
        subprocess.Popen(
            [sys.executable, "-c", SENDER, str(path), str(count)],
            stdout=subprocess.PIPE,
            text=True,
        )
        for count in counts
    ]


def test_three_processes_keep_one_limit(tmp_path):
    """Their turns together never exceed the limit in any window, and come near it."""
    processes = senders(tmp_path / "state" / "lane.pace", 25, 25, 25)
    moments = sorted(
        float(line) for process in processes for line in process.communicate(timeout=60)[0].split()
    )
    assert [process.returncode for process in processes] == [0, 0, 0]
    assert len(moments) == 75
    assert all(b - a > RATE.window for a, b in zip(moments, moments[20:], strict=False))
    assert all(b > a for a, b in pairwise(moments))


def test_a_killed_process_leaves_the_limit_in_force(tmp_path):
    """What a killed process sent still counts, and its lock is gone with it."""
    path = tmp_path / "lane.pace"
    (first,) = senders(path, 1000)
    assert first.stdout is not None
    before = [float(first.stdout.readline()) for _ in range(20)]
    first.kill()
    before += [float(line) for line in first.stdout if line.endswith("\n")]
    first.wait()
    first.stdout.close()
    (second,) = senders(path, 5)
    after = [float(line) for line in second.communicate(timeout=60)[0].split()]
    moments = before + after
    assert all(b - a > RATE.window for a, b in zip(moments, moments[20:], strict=False))


def test_the_file_is_the_users_own_and_tells_no_token(tmp_path):
    """Mode 0600, in a folder of mode 0700; its name is a hash."""
    name = shared_name("https://example.invalid", Secret("very-secret"), "realtime", RATE)
    other = shared_name("https://example.invalid", Secret("other"), "realtime", RATE)
    state = SharedState(tmp_path / "pace" / name, RATE, SystemClock())
    assert stat.S_IMODE((tmp_path / "pace" / name).stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "pace").stat().st_mode) == 0o700
    assert "secret" not in name
    assert name != other
    state.close()
    state.close()


@pytest.mark.parametrize("content", [b"", b"short", b"\xff" * 8 * 32, b"x" * 5000])
def test_a_file_that_is_none_is_begun_anew(tmp_path, content):
    """Cut off, foreign or from before a boot: it is forgotten, and the limit begins fresh."""
    path = tmp_path / "lane.pace"
    path.write_bytes(content)
    clock = ManualClock()
    lane = RateLimiter("realtime", RATE, clock, shared=SharedState(path, RATE, clock))
    assert lane.wait == 0.0


def test_moments_from_before_a_boot_are_forgotten(tmp_path):
    """The monotonic clock begins again at a boot: what lies far ahead is not from this one."""
    path, clock = tmp_path / "lane.pace", ManualClock()
    state = SharedState(path, RATE, clock)
    for index in range(len(state.floats)):
        state.floats[index] = 1e7
    state.close()
    lane = RateLimiter("realtime", RATE, clock, shared=SharedState(path, RATE, clock))
    assert lane.wait == 0.0
