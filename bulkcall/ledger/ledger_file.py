"""One SQLite file under all its names, and who works on which of its runs.

A file has as many names as there are links, mounts and spellings; what it is, is its device and
inode. Locks of runs are therefore taken on the file itself, and the file is opened under one name
whatever it was called: SQLite keeps its newest commits in a second file beside that name.

A process that closes any descriptor of a file loses all the locks that SQLite has on it (POSIX), so
this process has one descriptor of its own a file and keeps it while the ledger is open.
"""

from __future__ import annotations

import os
import re
import sqlite3
import stat
import struct
import sys
import threading
from contextlib import closing, suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import quote

from bulkcall.errors import LedgerError
from bulkcall.support import file_lock

if TYPE_CHECKING:
    from collections.abc import Iterator

_FLAGS = getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0)
_FIRST_RUN_BYTE = 1 << 40
"""Where the locks of runs begin: far behind SQLite's own, and behind any ledger's end."""
_FLOCK = "@hhqqi4x"
"""`struct flock` of Linux on 64 bits: type, whence, start, length, process."""
_OCTAL = re.compile(r"\\([0-7]{3})")
_NETWORK = frozenset({"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "glusterfs"})
_MOUNTS = Path("/proc/self/mountinfo")

_open_files: dict[tuple[int, int], LedgerFile] = {}
_turn = threading.RLock()


class LedgerFile:
    """The one descriptor that this process has of a ledger; `open` and `close` count its users."""

    def __init__(self, path: Path, handle: int, *, read_only: bool) -> None:
        self.path = path
        """The name under which SQLite opens it, without links."""
        self.read_only = read_only
        self._handle = handle
        found = os.fstat(handle)
        self._key = (found.st_dev, found.st_ino)
        self._users = 1
        self._locks = _run_locks(self)
        self._locked: set[int] = set()

    @classmethod
    def open(cls, path: Path) -> LedgerFile:
        """Open a ledger's file, made (0600, its folder 0700) if it is not there. Raises OSError."""
        real = Path(os.path.realpath(path))
        with _turn:
            with suppress(FileNotFoundError):
                found = real.stat()
                known = _open_files.get((found.st_dev, found.st_ino))
                if known is not None:
                    known._users += 1  # noqa: SLF001 - of the same class
                    return known
            handle, read_only = _opened(real)
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                os.close(handle)
                raise LedgerError(f"{path} is not a file; name another one as the ledger")
            file = cls(real, handle, read_only=read_only)
            file._use_recorded_name()
            _open_files[file._key] = file
            return file

    def close(self) -> None:
        """Close the descriptor with its last user, once that user's connections are closed."""
        with _turn:
            self._users -= 1
            if self._users == 0:
                _open_files.pop(self._key, None)
                self._release()

    def _release(self) -> None:
        handle, self._handle = self._handle, -1
        if handle >= 0:
            os.close(handle)

    # -- what it is ------------------------------------------------------------------------------

    def head(self) -> tuple[int, bytes]:
        """Return its size and its first hundred bytes."""
        with _turn:
            os.lseek(self._handle, 0, os.SEEK_SET)
            return os.fstat(self._handle).st_size, os.read(self._handle, 100)

    @property
    def is_in_place(self) -> bool:
        """Whether its name still leads to this very file."""
        try:
            found = self.path.stat()
        except OSError:
            return False
        return (found.st_dev, found.st_ino) == self._key

    def uri(self, mode: str) -> str:
        """Return the address for SQLite; no mode makes a file that is not there."""
        return f"file:{quote(str(self.path))}?{mode}"

    def require_whole(self, recorded: str) -> None:
        """Refuse a name under which the newest commits can't be found.

        `recorded` is the name that it had when it was last opened.
        """
        old = Path(recorded) if recorded else None
        if old is not None and old != self.path and not old.exists():
            log = old.with_name(old.name + "-wal")
            if _size(log):
                raise LedgerError(
                    f"the ledger {self.path} was moved here without {log}, which holds its newest "
                    f"commits; move that one too, as {self.path.name}-wal, or delete it if it "
                    "belongs to another ledger"
                )
        if str(self.path) in dict(_mounts()):
            raise LedgerError(
                f"the ledger {self.path} is mounted as a single file, so that its newest commits "
                "would be written elsewhere; mount its folder"
            )

    def _use_recorded_name(self) -> None:
        """Go by the name that the ledger was last opened under, where that is a link to it."""
        if os.fstat(self._handle).st_nlink == 1:
            return
        with suppress(sqlite3.Error, OSError):
            connection = sqlite3.connect(self.uri("mode=ro&immutable=1"), uri=True)
            with closing(connection):
                found = connection.execute("SELECT value FROM meta WHERE key = 'path'").fetchone()
            recorded = Path(found[0] if found else self.path)
            other = recorded.stat()
            if (other.st_dev, other.st_ino) == self._key:
                self.path = recorded

    # -- locks of runs ---------------------------------------------------------------------------

    def try_lock(self, run_no: int) -> bool:
        """Take the lock of a run unless this or another process has it."""
        with _turn:
            if run_no in self._locked or not self._locks.try_lock(run_no):
                return False
            self._locked.add(run_no)
            return True

    def unlock(self, run_no: int) -> None:
        """Release the lock of a run."""
        with _turn:
            self._locked.discard(run_no)
            if self._handle >= 0:
                self._locks.unlock(run_no)

    def is_locked(self, run_no: int) -> bool:
        """Return whether a live process has the lock of a run."""
        with _turn:
            return run_no in self._locked or self._locks.is_locked(run_no)


def _opened(path: Path) -> tuple[int, bool]:
    """Return a descriptor, and whether it can only be read."""
    while True:
        try:
            return os.open(path, os.O_RDWR | _FLAGS), False
        except FileNotFoundError:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with suppress(FileExistsError):
                return os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | _FLAGS, 0o600), False
        except OSError:
            if not os.access(path, os.R_OK) or path.is_dir():
                raise
            return os.open(path, os.O_RDONLY | _FLAGS), True


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def network_share(path: Path) -> str:
    """Return the kind of network file system that a path is on (`nfs4`); empty where on none."""
    real = Path(os.path.realpath(path))
    kinds = dict(_mounts())
    for each in (real, *real.parents):
        if str(each) in kinds:
            kind = kinds[str(each)]
            return kind if kind in _NETWORK or kind.startswith("fuse.") else ""
    return ""


def _mounts() -> Iterator[tuple[str, str]]:
    """Return what is mounted where, and of which kind; a blank is written as its octal number."""
    try:
        lines = _MOUNTS.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return
    for line in lines:
        fields, _, source = line.partition(" - ")
        parts = fields.split(" ")
        if len(parts) > 4:  # noqa: PLR2004 - the fifth is the mount point
            point = _OCTAL.sub(lambda found: chr(int(found[1], 8)), parts[4])
            yield point, source.partition(" ")[0]


def _forget_inherited() -> None:
    """Let go of what a forked child shares with its parent: locks would outlive the parent."""
    for file in _open_files.values():
        file._release()  # noqa: SLF001 - of this module
    _open_files.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_inherited)


# -- how a run is locked --------------------------------------------------------------------------


class _RunLocks(Protocol):
    """Locks between processes; within one, `LedgerFile` knows what it has locked."""

    def try_lock(self, run_no: int) -> bool: ...

    def unlock(self, run_no: int) -> None: ...

    def is_locked(self, run_no: int) -> bool: ...


def _run_locks(file: LedgerFile) -> _RunLocks:
    fcntl = _byte_locks()
    if fcntl is not None:
        locks = _ByteLocks(file, fcntl)
        # Some file systems in user space, and emulated kernels, have none of these locks.
        with suppress(OSError):
            locks.is_locked(0)
            return locks
    return _FolderLocks(file)


@cache
def _byte_locks() -> Any:
    """Return the module with Linux's locks of open files, None where there are none."""
    if sys.platform != "linux" or struct.calcsize("P") != 8:  # noqa: PLR2004 - `_FLOCK` is that machine's
        return None
    try:
        import fcntl  # noqa: PLC0415 - not on every system
    except ImportError:
        return None
    return fcntl if hasattr(fcntl, "F_OFD_SETLK") else None


class _ByteLocks:
    """One byte of the ledger's file a run, out of SQLite's way; any name leads to the same byte."""

    def __init__(self, file: LedgerFile, fcntl: Any) -> None:
        self._file = file
        self._fcntl = fcntl

    def _call(self, command: int, kind: int, run_no: int) -> int:
        asked = struct.pack(_FLOCK, kind, os.SEEK_SET, _FIRST_RUN_BYTE + run_no, 1, 0)
        handle = self._file._handle  # noqa: SLF001 - a part of it
        answer = self._fcntl.fcntl(handle, command, asked)
        found: int = struct.unpack(_FLOCK, answer)[0]
        return found

    def try_lock(self, run_no: int) -> bool:
        try:
            self._call(self._fcntl.F_OFD_SETLK, self._fcntl.F_WRLCK, run_no)
        except (BlockingIOError, PermissionError):
            return False
        return True

    def unlock(self, run_no: int) -> None:
        self._call(self._fcntl.F_OFD_SETLK, self._fcntl.F_UNLCK, run_no)

    def is_locked(self, run_no: int) -> bool:
        found = self._call(self._fcntl.F_OFD_GETLK, self._fcntl.F_WRLCK, run_no)
        return found != int(self._fcntl.F_UNLCK)


class _FolderLocks:
    """One lock file a run in `<ledger>.holds/`, where a file has no locks of single bytes."""

    def __init__(self, file: LedgerFile) -> None:
        self._file = file
        self._handles: dict[int, int] = {}

    def _path(self, run_no: int) -> Path:
        path = self._file.path
        return path.with_name(f"{path.name}.holds") / f"{run_no}.lock"

    def try_lock(self, run_no: int) -> bool:
        path = self._path(run_no)
        path.parent.mkdir(mode=0o700, exist_ok=True)
        handle = file_lock.open_lock_file(path)
        # Another one that only looks has it for an instant.
        if not file_lock.lock(handle, timeout_seconds=0.2):
            os.close(handle)
            return False
        self._handles[run_no] = handle  # never deleted: two processes could lock two files
        return True

    def unlock(self, run_no: int) -> None:
        handle = self._handles.pop(run_no, None)
        if handle is not None:
            file_lock.unlock(handle)
            os.close(handle)

    def is_locked(self, run_no: int) -> bool:
        try:
            handle = os.open(self._path(run_no), os.O_RDWR | _FLAGS)
        except OSError:
            return False
        try:
            free = file_lock.try_lock(handle)
            if free:
                file_lock.unlock(handle)
            return not free
        finally:
            os.close(handle)
