"""Locks on open files that the system takes from a dead process, and who holds one.

On Linux and macOS the lock is `flock`, on Windows a locked byte far behind the file's end (so that
the text in the file stays readable). Python's modules for either are looked for when they are
needed and never imported with this one.
"""

from __future__ import annotations

import errno
import json
import os
import secrets
import socket
import threading
import time
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from pathlib import Path

_WINDOWS_BYTE = 0x7FFF_FFF0
_RETRY_SECONDS = 0.005
_TAKEN = {errno.EACCES, errno.EAGAIN, errno.EDEADLK, getattr(errno, "EDEADLOCK", errno.EDEADLK)}
_CLOEXEC = getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
_NOFOLLOW: int = getattr(os, "O_NOFOLLOW", 0)


def open_lock_file(path: Path) -> int:
    """Open a file to lock, made with mode 0600 if it is not there; never through a link."""
    return os.open(path, os.O_RDWR | os.O_CREAT | _CLOEXEC | _NOFOLLOW, 0o600)


def try_lock(handle: int) -> bool:
    """Lock an open file unless somebody else has it, in this process or another one."""
    return _mechanism().try_lock(handle)


def lock(handle: int, timeout_seconds: float | None = None) -> bool:
    """Lock an open file, waiting for who has it; False where that took too long."""
    if timeout_seconds is None and _mechanism().wait(handle):
        return True
    deadline = None if timeout_seconds is None else time.monotonic() + timeout_seconds
    while not try_lock(handle):
        if deadline is not None and time.monotonic() >= deadline:
            return False
        time.sleep(_RETRY_SECONDS)
    return True


def unlock(handle: int) -> None:
    """Release a lock; closing the file does so too."""
    _mechanism().unlock(handle)


# -- who holds a lock -----------------------------------------------------------------------------


def this_process() -> str:
    """Return a description of this process, for the one that finds a lock taken."""
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    facts = {"pid": os.getpid(), "host": socket.gethostname(), "since": now}
    # No two holds read alike, not even two of one process.
    return json.dumps({**facts, "hold": secrets.token_hex(8)})


def described(holder: str) -> str:
    """Return a holder's own description in words."""
    try:
        facts = json.loads(holder)
        return f"process {int(facts['pid'])} on {facts['host']} since {facts['since']}"
    except (ValueError, KeyError, TypeError):
        return "another process"


def write_holder(handle: int) -> None:
    """Write this process's description into a file that it has locked."""
    os.ftruncate(handle, 0)
    os.lseek(handle, 0, os.SEEK_SET)
    os.write(handle, this_process().encode())


def read_holder(handle: int) -> str:
    """Return, in words, who wrote itself into a lock file."""
    os.lseek(handle, 0, os.SEEK_SET)
    return described(os.read(handle, 4096).decode("utf-8", "replace"))


# -- what the system offers -----------------------------------------------------------------------


class _Mechanism(Protocol):
    def try_lock(self, handle: int) -> bool: ...

    def wait(self, handle: int) -> bool:
        """Lock it, however long that takes; False where the system can't wait."""
        ...

    def unlock(self, handle: int) -> None: ...


@cache
def _mechanism() -> _Mechanism:
    try:
        import fcntl  # noqa: PLC0415 - not on Windows
    except ImportError:
        pass
    else:
        return _Flock(fcntl)
    try:
        import msvcrt  # noqa: PLC0415 - on Windows only
    except ImportError:
        return _WithinProcess()
    return _LockedByte(msvcrt)


class _Flock:
    def __init__(self, fcntl: Any) -> None:
        self._fcntl = fcntl

    def try_lock(self, handle: int) -> bool:
        try:
            self._fcntl.flock(handle, self._fcntl.LOCK_EX | self._fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def wait(self, handle: int) -> bool:
        self._fcntl.flock(handle, self._fcntl.LOCK_EX)
        return True

    def unlock(self, handle: int) -> None:
        self._fcntl.flock(handle, self._fcntl.LOCK_UN)


class _LockedByte:
    def __init__(self, msvcrt: Any) -> None:
        self._msvcrt = msvcrt

    def try_lock(self, handle: int) -> bool:
        os.lseek(handle, _WINDOWS_BYTE, os.SEEK_SET)
        try:
            self._msvcrt.locking(handle, self._msvcrt.LK_NBLCK, 1)
        except OSError as error:
            if error.errno in _TAKEN:
                return False
            raise
        return True

    def wait(self, handle: int) -> bool:  # noqa: ARG002 - it gives up after ten seconds of its own
        return False

    def unlock(self, handle: int) -> None:
        os.lseek(handle, _WINDOWS_BYTE, os.SEEK_SET)
        self._msvcrt.locking(handle, self._msvcrt.LK_UNLCK, 1)


class _WithinProcess:
    """For a system without file locks that Python knows: keeps threads apart, not processes."""

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._locked: dict[tuple[int, int], int] = {}

    def try_lock(self, handle: int) -> bool:
        found = os.fstat(handle)
        with self._turn:
            holder = self._locked.get((found.st_dev, found.st_ino))
            if holder is not None and holder != handle and _same_file(holder, found):
                return False
            self._locked[found.st_dev, found.st_ino] = handle
        return True

    def wait(self, handle: int) -> bool:  # noqa: ARG002 - others release it in their own time
        return False

    def unlock(self, handle: int) -> None:
        found = os.fstat(handle)
        with self._turn:
            self._locked.pop((found.st_dev, found.st_ino), None)


def _same_file(handle: int, found: os.stat_result) -> bool:
    """Return whether a handle is still open on that file: closing it released its lock."""
    try:
        return os.path.samestat(os.fstat(handle), found)
    except OSError:
        return False
