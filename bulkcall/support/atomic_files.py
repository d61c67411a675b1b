"""Files that are whole or not there: written beside their place, synced, then renamed into it."""

from __future__ import annotations

import errno
import os
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, BinaryIO

from bulkcall.errors import BulkcallError, DiskFullError, StoppedError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

_FULL = {errno.ENOSPC, errno.EDQUOT}


def make_folder(folder: Path) -> None:
    """Create the folder and what is missing above it, for the user's eyes only (mode 0700).

    A folder that is there stays as it is. Raises StoppedError where it can't be made.
    """
    missing = []
    place = folder
    while not place.exists():
        missing.append(place)
        place = place.parent
    try:
        for each in reversed(missing):
            each.mkdir(mode=0o700, exist_ok=True)
        if not folder.is_dir():
            raise StoppedError(f"{folder}: is a file, and a folder is needed; name another --out")
    except OSError as error:
        raise translated(error, folder) from error


def require_folder(folder: Path) -> None:
    """Make the folder and try whether files can be put into it, before any work is done for them.

    Raises UsageError where they can't (another `--out` is wanted), DiskFullError where there is no
    room.
    """
    probe = folder / f".try.{os.getpid()}.part"
    try:
        make_folder(folder)
        try:
            probe.touch(mode=0o600)
            probe.unlink()
        except OSError as error:
            raise translated(error, folder) from error
    except DiskFullError:
        raise
    except StoppedError as error:
        raise UsageError(str(error)) from error


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """Give a new file that takes the place of `path` once the block is through."""
    with replacing_all(path.parent, [path.name]) as files:
        yield files[path.name]


@contextmanager
def replacing_all(folder: Path, names: Sequence[str]) -> Iterator[dict[str, BinaryIO]]:
    """Give new files (mode 0600) that take their places together once the block is through.

    All are on the disk before the first takes its place. Where the block or the disk fails, what
    stood there still stands and nothing else is left. Raises DiskFullError where there is no room,
    StoppedError where they can't be written.
    """
    files: dict[str, BinaryIO] = {}
    parts = {name: folder / f".{name}.{os.getpid()}.part" for name in names}
    try:
        try:
            for name, part in parts.items():
                _sweep(folder, name)
                number = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
                files[name] = os.fdopen(number, "wb")
            yield files
            for file in files.values():
                file.flush()
                os.fsync(file.fileno())
                file.close()
            for name, part in parts.items():
                part.replace(folder / name)
            _sync_folder(folder)
        finally:
            for file in files.values():
                with suppress(OSError):
                    file.close()
            for part in parts.values():
                part.unlink(missing_ok=True)
    except OSError as error:
        raise translated(error, folder / names[0] if len(names) == 1 else folder) from error


def translated(error: OSError, path: Path) -> BulkcallError:
    """Turn what the system says into one line: what, where, what to do."""
    if error.errno in _FULL:
        return DiskFullError(
            f"{path}: no room left on the disk; free some, then `bulkcall report` writes it again"
        )
    return StoppedError(f"{path}: can't be written ({error.strerror or error}); name another --out")


def _sync_folder(folder: Path) -> None:
    # Without this the rename itself may be lost in a power cut.
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def _sweep(folder: Path, name: str) -> None:
    # A process that was killed while writing could not tidy up after itself.
    for left in folder.glob(f".{name}.*.part"):
        owner = left.name.removesuffix(".part").rpartition(".")[2]
        if owner.isdigit() and int(owner) != os.getpid() and not _alive(int(owner)):
            left.unlink(missing_ok=True)


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
