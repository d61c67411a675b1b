"""The folders of an inbox, held open; and where its claims and its lock are kept.

`working/`, `done/` and `failed/` stand in the drop folder, where others may write as well: each is
used only if it belongs to this user or to root, else one beside it is taken (`done-2/`). Claims
and lock decide what happens to files, so they are kept in the user's own state folder.
"""

from __future__ import annotations

import errno
import hashlib
import logging
import os
import re
import secrets
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from bulkcall.errors import DiskFullError, StoppedError, UsageError
from bulkcall.inbox.folder import Folder, is_closed, is_trusted
from bulkcall.support.text import shown

if TYPE_CHECKING:
    from collections.abc import Iterator

_RESERVED_NAMES = frozenset(
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
_MOST_FOLDERS = 9
_NOBODY = -1
_FULL = {errno.ENOSPC, errno.EDQUOT}
_LOG = logging.getLogger(__name__)


class ArchiveError(StoppedError):
    """A file can't be moved to where it belongs; the next round tries again."""


class InboxLayout:
    """The folders of one inbox; `open` makes what is missing and opens them all."""

    drop: Folder
    working: Folder
    done: Folder
    failed: Folder

    def __init__(self, path: Path, state: Path) -> None:
        """`state` is the folder of this user's that holds the claims and locks of all inboxes."""
        self.path = path.absolute()
        self._state = state
        self._open: list[Folder] = []
        self._told: set[str] = set()
        self._seen_as: int | None = None

    def open(self) -> None:
        """Open the folders, anew if they were open. Raises UsageError where one can't be used."""
        self.close()
        try:
            self.drop = self._kept(Folder.open(self.path))
        except OSError as error:
            raise UsageError(
                f"the inbox {self.path} is not a folder that can be opened "
                f"({error.strerror}); create it, or name another"
            ) from error
        if not is_closed(self.drop.own_facts()):
            self._say(
                f"{self.path} can be written by others and is not sticky (chmod +t): they can "
                "take files out that are being worked on"
            )
        self.working = self._own_folder("working")
        self.done = self._own_folder("done")
        self.failed = self._own_folder("failed")
        make_private(self._state)
        make_private(self.claims)

    def close(self) -> None:
        """Close them."""
        while self._open:
            self._open.pop().close()

    @property
    def claims(self) -> Path:
        """The folder of this inbox's claims."""
        real = os.path.realpath(self.path)
        name = re.sub(r"[^A-Za-z0-9]+", "-", Path(real).name)[:40].strip("-")
        return self._state / f"{name}-{hashlib.sha256(os.fsencode(real)).hexdigest()[:16]}"

    @property
    def lock(self) -> Path:
        """The lock file: one a folder, under whatever path it is reached."""
        facts = self.drop.own_facts()
        return self._state / f"{facts.st_dev:x}-{facts.st_ino:x}.lock"

    def trusts(self, facts: os.stat_result) -> bool:
        """Return whether root or this user owns something in the inbox.

        A file system that knows no owners of its own (a Windows share, a root that is mapped to
        nobody) gives all that this user makes to somebody else: there that owner is this user.
        """
        if is_trusted(facts):
            return True
        if self._seen_as is None:
            self._seen_as = self._own_id_there()
        return facts.st_uid == self._seen_as

    def _own_id_there(self) -> int:
        name = f".{secrets.token_hex(8)}.part"
        try:
            self.drop.make(name)
            facts = self.drop.facts(name)
            self.drop.remove(name)
        except OSError:
            return _NOBODY
        return _NOBODY if facts is None else facts.st_uid

    def _kept(self, folder: Folder) -> Folder:
        self._open.append(folder)
        return folder

    def _own_folder(self, name: str) -> Folder:
        tried = ""
        for number in range(1, _MOST_FOLDERS + 1):
            candidate = name if number == 1 else f"{name}-{number}"
            try:
                self.drop.make(candidate)
                folder = self._kept(self.drop.child(candidate))
            except OSError as error:
                if error.errno in _FULL or not self.drop.has(candidate):
                    raise UsageError(
                        f"{self.path / candidate}: can't be created ({error.strerror}); bulkcall "
                        "has to write in the inbox"
                    ) from error
                facts = self.drop.facts(candidate)
                if error.errno == errno.EACCES and facts is not None and is_trusted(facts):
                    raise _no_right(self.path / candidate) from error
                tried = tried or f"{self.path / candidate} is not a folder of this user's"
                continue
            facts = folder.own_facts()
            if not self.trusts(facts):
                tried = tried or f"{self.path / candidate} belongs to user {facts.st_uid}"
                continue
            if not _is_writable(folder):
                raise _no_right(folder.path)
            if tried:
                self._say(f"{tried}: {folder.path} is used instead")
            return folder
        raise UsageError(f"{tried}, and so are the names beside it; remove them")

    def _say(self, text: str) -> None:
        if text not in self._told:
            self._told.add(text)
            _LOG.warning("%s", text)


def _is_writable(folder: Folder) -> bool:
    effective = {"effective_ids": True} if os.access in os.supports_effective_ids else {}
    return os.access(folder.path, os.W_OK | os.X_OK, **effective)


def _no_right(path: Path) -> UsageError:
    return UsageError(f"{path}: no right to write there; bulkcall puts files and reports into it")


def make_private(folder: Path) -> None:
    """Make a folder for this user alone (mode 0700).

    Raises UsageError where it can't be made, or where another user owns or can write it.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with Folder.open(folder) as opened:
            facts = opened.own_facts()
    except OSError as error:
        raise UsageError(
            f"{folder}: can't be created ({error.strerror}); set XDG_STATE_HOME to a folder that "
            "bulkcall can write to"
        ) from error
    if hasattr(os, "geteuid") and (facts.st_uid != os.geteuid() or facts.st_mode & 0o022):
        raise UsageError(
            f"{folder}: must belong to this user and be closed to others (chmod go-w); it says "
            "what happens to files"
        )


def kept_name(name: str) -> str:
    """Return a campaign file's name beside its report, where rejected.csv, say, is taken."""
    return f"input_{name}" if name in _RESERVED_NAMES else name


@contextmanager
def moving(target: Path) -> Iterator[None]:
    """Translate what the system says while something is put into its place.

    Raises DiskFullError, which concerns every file, or ArchiveError, which concerns this one.
    """
    try:
        yield
    except OSError as error:
        where = shown(str(target))
        if error.errno in _FULL:
            raise DiskFullError(f"{where}: no room left on the disk; free some") from error
        raise ArchiveError(
            f"{where}: can't be put there ({error.strerror}); the next round tries again"
        ) from error
