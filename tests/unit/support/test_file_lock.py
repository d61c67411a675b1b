"""Locks on files: one holder at a time by every mechanism, and none left by the dead."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from types import SimpleNamespace

import pytest

from bulkcall.support import file_lock

HELD = """
import sys
from bulkcall.support import file_lock
from pathlib import Path
handle = file_lock.open_lock_file(Path(sys.argv[1]))
assert file_lock.try_lock(handle)
file_lock.write_holder(handle)
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture(params=["_Flock", "_LockedByte", "_WithinProcess"])
def mechanism(request, monkeypatch):
    """Use each mechanism in turn; that of Windows with a stand-in for its calls."""
    import fcntl

    made = {
        "_Flock": lambda: file_lock._Flock(fcntl),
        "_LockedByte": lambda: file_lock._LockedByte(Windows(fcntl)),
        "_WithinProcess": file_lock._WithinProcess,
    }[request.param]()
    monkeypatch.setattr(file_lock, "_mechanism", lambda: made)
    return made


class Windows:
    """What Windows does with a byte of a file, by POSIX's locks of open files."""

    LK_NBLCK, LK_UNLCK = 2, 0

    def __init__(self, fcntl):
        self._fcntl = fcntl

    def locking(self, handle, mode, count):
        """Lock or release `count` bytes where the handle stands."""
        import struct

        kind = self._fcntl.F_WRLCK if mode == self.LK_NBLCK else self._fcntl.F_UNLCK
        start = os.lseek(handle, 0, os.SEEK_CUR)
        asked = struct.pack("@hhqqi4x", kind, os.SEEK_SET, start, count, 0)
        self._fcntl.fcntl(handle, self._fcntl.F_OFD_SETLK, asked)


@pytest.fixture
def handles(tmp_path):
    """Give a function that opens the same lock file anew."""
    opened = []

    def another():
        opened.append(file_lock.open_lock_file(tmp_path / "lock"))
        return opened[-1]

    yield another
    for handle in opened:
        os.close(handle)


@pytest.mark.usefixtures("mechanism")
def test_one_holder_at_a_time(handles):
    """A second opening of the same file is refused until the first gives it back."""
    one, other = handles(), handles()
    assert file_lock.try_lock(one)
    assert not file_lock.try_lock(other)
    assert not file_lock.lock(other, timeout_seconds=0)
    file_lock.unlock(one)
    assert file_lock.lock(other, timeout_seconds=0)


@pytest.mark.usefixtures("mechanism")
def test_waiting_ends_when_the_holder_lets_go(handles):
    """Without a bound it waits as long as that takes."""
    one, other = handles(), handles()
    assert file_lock.lock(one)
    waiting = threading.Thread(target=file_lock.lock, args=(other,), daemon=True)
    waiting.start()
    file_lock.unlock(one)
    waiting.join(30)
    assert not waiting.is_alive()
    assert not file_lock.try_lock(one)


@pytest.mark.usefixtures("mechanism")
def test_the_holder_is_named_in_the_file(handles):
    """Who finds it locked can read by whom."""
    one, other = handles(), handles()
    assert file_lock.try_lock(one)
    file_lock.write_holder(one)
    assert file_lock.read_holder(other).startswith(f"process {os.getpid()} on ")


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"pid": "x"}', "\x00" * 9, '{"pid": 1}'])
def test_a_damaged_name_is_another_process(text):
    """What stands in the file is believed only as far as it can be read."""
    assert file_lock.described(text) == "another process"


def test_the_lock_of_a_killed_process_is_free(tmp_path, handles):
    """SIGKILL leaves nothing to tidy up."""
    command = [sys.executable, "-c", HELD, str(tmp_path / "lock")]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout.readline() == "held\n"
        assert not file_lock.try_lock(handles())
        assert file_lock.read_holder(handles()).startswith(f"process {process.pid} on ")
        process.kill()
        process.wait()
        assert file_lock.try_lock(handles())


def test_a_link_in_the_lock_file_place_is_not_followed(tmp_path):
    """Nobody's file is made or emptied through a planted link."""
    (tmp_path / "lock").symlink_to(tmp_path / "victim")
    with pytest.raises(OSError, match="symbolic link"):
        file_lock.open_lock_file(tmp_path / "lock")
    assert not (tmp_path / "victim").exists()


def test_an_error_that_is_no_lock_is_an_error():
    """Only 'somebody has it' means that somebody has it."""

    def locking(*_):
        raise OSError(5, "Input/output error")

    broken = file_lock._LockedByte(SimpleNamespace(LK_NBLCK=1, locking=locking))
    with pytest.raises(OSError, match="Input/output"):
        broken.try_lock(os.open(os.devnull, os.O_RDONLY))
