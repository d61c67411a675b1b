"""The folders of an inbox, and moving files between them in steps that a kill does not tear."""

from __future__ import annotations

import hashlib
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from bulkcall.errors import StoppedError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_TAKEN_NAMES = frozenset(
    {
        "compared.csv",
        "outcomes.csv",
        "rejected.csv",
        "summary.json",
        "summary.md",
        "report.html",
        "report.xlsx",
        "why.txt",
    }
)
"""Names that a campaign file can't keep beside its report."""


class InboxLayout:
    """The folders of one inbox."""

    def __init__(self, folder: Path) -> None:
        self.inbox = folder.absolute()
        self.own = self.inbox / ".bulkcall"
        self.claims = self.own / "claims"
        self.working = self.inbox / "working"
        self.done = self.inbox / "done"
        self.failed = self.inbox / "failed"

    def make(self) -> None:
        """Make what is missing. Raises UsageError where the folder is none or can't be used."""
        if not self.inbox.is_dir():
            raise UsageError(f"the inbox {self.inbox} is no folder; make it, or name another")
        try:
            for each in (self.own, self.claims, self.working, self.done, self.failed):
                each.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise UsageError(
                f"{error.filename}: can't be made ({error.strerror}); bulkcall has to write in the "
                "inbox"
            ) from error


def kept_name(name: str) -> str:
    """Name a campaign file beside its report (a dropped rejected.csv would clash with the new)."""
    return f"input_{name}" if name in _TAKEN_NAMES else name


def content_of(path: Path) -> str:
    """Give a file's SHA-256 in lower-case hex. Raises StoppedError where it can't be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise StoppedError(f"{path}: can't be read ({error.strerror})") from error


def move(source: Path, target: Path) -> None:
    """Rename within the inbox, on the disk when this returns. Raises StoppedError."""
    with moving(target):
        source.rename(target)
        sync(source.parent)
        sync(target.parent)


def sync(folder: Path) -> None:
    """Let a folder's entries survive a power cut."""
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


@contextmanager
def moving(target: Path) -> Iterator[None]:
    """Translate what the system says while something is put into its place."""
    try:
        yield
    except OSError as error:
        raise StoppedError(
            f"{target}: nothing can be put there ({error.strerror}); the next round tries again"
        ) from error
