"""A folder held open: what is done in it can't be led elsewhere by whoever else writes there.

Entries are reached from the open folder and never through a link, so a name that is exchanged
between a look and a step leads to an error, not to another place. Where the system has no such
calls (Windows) paths are used.
"""

from __future__ import annotations

import errno
import hashlib
import os
import secrets
import shutil
import stat
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import Self

_BY_DESCRIPTOR = os.open in os.supports_dir_fd and os.listdir in os.supports_fd
_NOFOLLOW = getattr(os, "O_NOFOLLOW", 0)
_DIRECTORY = getattr(os, "O_DIRECTORY", 0)
_READ = os.O_RDONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
_WAIT_FOR_NOBODY = getattr(os, "O_NONBLOCK", 0)
_BLOCK_BYTES = 1 << 20
_CLOSED_TO_OTHERS = 0o022


class Folder:
    """One open folder; a context manager. All methods raise OSError."""

    def __init__(self, path: Path, descriptor: int | None) -> None:
        self.path = path
        self._descriptor = descriptor

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open a folder by its path, also through links."""
        if not _BY_DESCRIPTOR:
            if not path.is_dir():
                raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(path))
            return cls(path, None)
        return cls(path, os.open(path, _READ | _DIRECTORY))

    def child(self, name: str) -> Folder:
        """Open a folder in this one; a link is followed only where root or this user made it."""
        path = self.path / name
        if self._descriptor is None:
            return Folder.open(path)
        flags = _READ | _DIRECTORY
        facts = self.facts(name)
        if facts is not None and stat.S_ISLNK(facts.st_mode) and is_trusted(facts):
            target = os.readlink(name, dir_fd=self._descriptor)
            return Folder(path, os.open(target, flags, dir_fd=self._descriptor))
        return Folder(path, os.open(name, flags | _NOFOLLOW, dir_fd=self._descriptor))

    def close(self) -> None:
        """Close it."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def own_facts(self) -> os.stat_result:
        """Return what the system says of the folder itself."""
        return self.path.stat() if self._descriptor is None else os.fstat(self._descriptor)

    def names(self) -> list[str]:
        """Return the names of its entries."""
        where = self.path if self._descriptor is None else self._descriptor
        return os.listdir(where)  # noqa: PTH208 - pathlib knows no descriptors

    def facts(self, name: str) -> os.stat_result | None:
        """Return what the system says of an entry itself (of a link, not its target), or None."""
        try:
            where, at = self._at(name)
            return os.stat(where, dir_fd=at, follow_symlinks=False)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            if error.errno == errno.ENAMETOOLONG:
                return None  # no entry can have such a name
            raise

    def has(self, name: str) -> bool:
        """Return whether there is an entry of this name, of whatever kind."""
        return self.facts(name) is not None

    def is_file(self, name: str) -> bool:
        """Return whether there is a regular file of this name."""
        facts = self.facts(name)
        return facts is not None and stat.S_ISREG(facts.st_mode)

    @contextmanager
    def reading(self, name: str) -> Iterator[int]:
        """Open a regular file for reading: no link is followed, no pipe or device waited for."""
        where, at = self._at(name)
        number = os.open(where, _READ | _NOFOLLOW | _WAIT_FOR_NOBODY, dir_fd=at)
        try:
            if not stat.S_ISREG(os.fstat(number).st_mode):
                raise OSError(errno.EINVAL, "not a regular file", name)
            yield number
        finally:
            os.close(number)

    def content_of(self, name: str) -> tuple[os.stat_result, str]:
        """Return the facts of a regular file and the SHA-256 of its content, of one opening."""
        with self.reading(name) as number:
            facts = os.fstat(number)
            digest = hashlib.sha256()
            while block := os.read(number, _BLOCK_BYTES):
                digest.update(block)
            return facts, digest.hexdigest()

    def make(self, name: str) -> None:
        """Make a folder in it (mode 0700) unless there is one."""
        where, at = self._at(name)
        with suppress(FileExistsError):
            os.mkdir(where, 0o700, dir_fd=at)

    def move(self, name: str, target: Folder, new_name: str) -> None:
        """Move an entry into another folder, on the disk when this returns.

        Across file systems it is copied under a name of its own, and appears at once in the end.
        """
        source, at = self._at(name)
        place, to = target._at(new_name)
        try:
            os.rename(source, place, src_dir_fd=at, dst_dir_fd=to)
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
            self._copy_over(name, target, new_name)
            self.remove(name)
        self.sync()
        target.sync()

    def remove(self, name: str) -> None:
        """Remove an entry, a folder with all that is in it; no link in it is followed."""
        facts = self.facts(name)
        if facts is None:
            return
        where, at = self._at(name)
        if stat.S_ISDIR(facts.st_mode):
            shutil.rmtree(where, dir_fd=at)
        else:
            os.unlink(where, dir_fd=at)

    def sync(self) -> None:
        """Let its entries survive a power cut."""
        if self._descriptor is not None:
            os.fsync(self._descriptor)

    def _at(self, name: str) -> tuple[str, int | None]:
        """Return how an entry is named in a call, and the descriptor that goes with that name."""
        if self._descriptor is None:
            return str(self.path / name), None
        return name, self._descriptor

    def _copy_over(self, name: str, target: Folder, new_name: str) -> None:
        part = f".{secrets.token_hex(8)}.part"
        try:
            self._copy(name, target, part)
            source, at = target._at(part)
            os.rename(source, target._at(new_name)[0], src_dir_fd=at, dst_dir_fd=at)
        except BaseException:
            with suppress(OSError):
                target.remove(part)
            raise

    def _copy(self, name: str, target: Folder, new_name: str) -> None:
        facts = self.facts(name)
        if facts is not None and stat.S_ISDIR(facts.st_mode):
            target.make(new_name)
            with self.child(name) as source, target.child(new_name) as copy:
                for each in source.names():
                    source._copy(each, copy, each)  # noqa: SLF001 - of this class
                copy.sync()
            return
        with self.reading(name) as number:
            where, at = target._at(new_name)
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NOFOLLOW | getattr(os, "O_BINARY", 0)
            copy_number = os.open(where, flags, 0o600, dir_fd=at)
            with os.fdopen(copy_number, "wb") as file:
                while block := os.read(number, _BLOCK_BYTES):
                    file.write(block)
                file.flush()
                os.fsync(file.fileno())
            seen = os.fstat(number)
        os.utime(where, ns=(seen.st_atime_ns, seen.st_mtime_ns), dir_fd=at)


def is_trusted(facts: os.stat_result) -> bool:
    """Return whether root or this user owns it."""
    return not hasattr(os, "geteuid") or facts.st_uid in {0, os.geteuid()}


def is_closed(facts: os.stat_result) -> bool:
    """Return whether others can't exchange what is in a folder: no right to write, or sticky."""
    return bool(facts.st_mode & stat.S_ISVTX) or not facts.st_mode & _CLOSED_TO_OTHERS
