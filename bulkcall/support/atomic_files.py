"""Files that are complete or not there: written beside their place, synced, then renamed into it.

Other users may be able to write into the folder. So the file is made under a random name that
nobody has, never through a link, and reached from the open folder; what a killed process left is
recognised by its lock, which nobody holds any more, and its owner.
"""

from __future__ import annotations

import errno
import os
import secrets
import stat
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, BinaryIO

from bulkcall.errors import BulkcallError, DiskFullError, StoppedError, UsageError
from bulkcall.support import file_lock

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

_FULL = {errno.ENOSPC, errno.EDQUOT}
_CLOEXEC = getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
_NOFOLLOW = getattr(os, "O_NOFOLLOW", 0)
_NONBLOCK = getattr(os, "O_NONBLOCK", 0)
_BY_DESCRIPTOR = os.open in os.supports_dir_fd
_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH


def make_folder(folder: Path) -> None:
    """Create the folder and what is missing above it, for the user's eyes only (mode 0700).

    A folder that is there stays as it is. Raises StoppedError where it can't be made.
    """
    missing = []
    place = folder
    try:
        while not place.exists():
            missing.append(place)
            place = place.parent
        for each in reversed(missing):
            each.mkdir(mode=0o700, exist_ok=True)
        if not folder.is_dir():
            raise StoppedError(f"{folder}: is a file, and a folder is needed; name another --out")
    except OSError as error:
        raise translated(error, folder) from error


def require_folder(folder: Path) -> str:
    """Make the folder and try whether files can be put into it, before any work is done for them.

    Return a warning where other users can exchange what is put there, else an empty text. Raises
    UsageError where nothing can be put there (another `--out` is wanted), DiskFullError where there
    is no room.
    """
    try:
        make_folder(folder)
        try:
            with _opened(folder) as at:
                _remove(at, folder, _Part(at, folder, "try"))
        except OSError as error:
            raise translated(error, folder) from error
    except DiskFullError:
        raise
    except StoppedError as error:
        raise UsageError(str(error)) from error
    return folder_warning(folder)


def folder_warning(folder: Path) -> str:
    """Return a warning where another user can exchange the files of a folder."""
    if not hasattr(os, "geteuid"):
        return ""
    facts = folder.stat()
    if facts.st_uid not in {0, os.geteuid()}:
        return (
            f"{folder} belongs to another user (id {facts.st_uid}), who can delete or exchange the "
            "report's files; name a folder of your own with --out"
        )
    if facts.st_mode & stat.S_ISVTX or not facts.st_mode & _OTHERS_WRITE:
        return ""
    if not facts.st_mode & stat.S_IWOTH and facts.st_gid == os.getegid() != 0:
        return ""  # many systems give each user a group of their own, and let it write
    return (
        f"others can write {folder}, so that they can delete or exchange the report's files; "
        f"chmod go-w {folder}, or name a folder of your own with --out"
    )


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """Open a new file that takes the place of `path` once the block is through."""
    with replacing_all(path.parent, [path.name]) as files:
        yield files[path.name]


@contextmanager
def replacing_all(folder: Path, names: Sequence[str]) -> Iterator[dict[str, BinaryIO]]:
    """Open new files (mode 0600) that take their places together once the block is through.

    All are on the disk before the first takes its place. Where the block or the disk fails, what
    stood there still stands and nothing else is left. Raises DiskFullError where there is no room,
    StoppedError where they can't be written.
    """
    parts: dict[str, _Part] = {}
    try:
        with _opened(folder) as at:
            try:
                for name in names:
                    _sweep(at, folder, name)
                    parts[name] = _Part(at, folder, name)
                yield {name: part.file for name, part in parts.items()}
                for part in parts.values():
                    part.finish()
                for name, part in parts.items():
                    part.rename(name)
                if at is not None:
                    os.fsync(at)  # without this the renaming itself may be lost in a power cut
            finally:
                for part in parts.values():
                    _remove(at, folder, part)
    except OSError as error:
        raise translated(error, folder / names[0] if len(names) == 1 else folder) from error


def translated(error: OSError, path: Path) -> BulkcallError:
    """Return what the system says as one line: what, where, what to do."""
    if error.errno in _FULL:
        return DiskFullError(
            f"{path}: no room left on the disk; free some, then `bulkcall report` writes it again"
        )
    return StoppedError(f"{path}: can't be written ({error.strerror or error}); name another --out")


class _Part:
    """A file on its way: new, under a random name, locked as long as its process lives."""

    def __init__(self, at: int | None, folder: Path, name: str) -> None:
        self._at = at
        self._folder = folder
        self.name = ""
        while True:
            part = f".{name}.{secrets.token_hex(8)}.part"
            flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | _NOFOLLOW | _CLOEXEC
            with suppress(FileExistsError):
                handle = os.open(_path(at, folder, part), flags, 0o600, dir_fd=at)
                self.name = part
                self.file: BinaryIO = os.fdopen(handle, "wb")
                with suppress(OSError):  # a file system without locks: it is never swept either
                    file_lock.try_lock(handle)
                if _names(at, folder, part, handle):
                    return
                self.file.close()  # swept away between its making and its locking

    def finish(self) -> None:
        """Bring it to the disk."""
        self.file.flush()
        os.fsync(self.file.fileno())
        if not _BY_DESCRIPTOR:
            self.file.close()  # Windows renames no open file

    def rename(self, name: str) -> None:
        """Let it take its place."""
        source = _path(self._at, self._folder, self.name)
        target = _path(self._at, self._folder, name)
        os.replace(source, target, src_dir_fd=self._at, dst_dir_fd=self._at)
        self.name = ""


@contextmanager
def _opened(folder: Path) -> Iterator[int | None]:
    """Hold a folder open, so that nobody can lead the steps in it elsewhere; None on Windows."""
    if not _BY_DESCRIPTOR:
        yield None
        return
    at = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | _CLOEXEC)
    try:
        yield at
    finally:
        os.close(at)


def _path(at: int | None, folder: Path, name: str) -> str:
    return str(folder / name) if at is None else name


def _names(at: int | None, folder: Path, name: str, handle: int) -> bool:
    """Return whether a name leads to an open file."""
    try:
        found = os.stat(_path(at, folder, name), dir_fd=at, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return os.path.samestat(found, os.fstat(handle))


def _remove(at: int | None, folder: Path, part: _Part) -> None:
    """Close a part and take it away, unless it has taken its place."""
    with suppress(OSError):
        part.file.close()
    if part.name:
        with suppress(FileNotFoundError):
            os.unlink(_path(at, folder, part.name), dir_fd=at)


def _sweep(at: int | None, folder: Path, name: str) -> None:
    """Take away what killed processes left: this user's files that nobody has locked."""
    where = folder if at is None else at
    for left in os.listdir(where):  # noqa: PTH208 - pathlib knows no descriptors
        if left.startswith(f".{name}.") and left.endswith(".part"):
            with suppress(OSError):
                _sweep_one(at, folder, left)


def _sweep_one(at: int | None, folder: Path, left: str) -> None:
    path = _path(at, folder, left)
    handle = os.open(path, os.O_RDWR | _NOFOLLOW | _NONBLOCK | _CLOEXEC, dir_fd=at)
    try:
        facts = os.fstat(handle)
        own = not hasattr(os, "geteuid") or facts.st_uid == os.geteuid()
        dead = own and stat.S_ISREG(facts.st_mode) and file_lock.try_lock(handle)
        if dead and at is not None and _names(at, folder, left, handle):
            os.unlink(path, dir_fd=at)
    finally:
        os.close(handle)
    if dead and at is None:
        (folder / left).unlink()
