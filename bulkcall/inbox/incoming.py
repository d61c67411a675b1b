"""What lies in a drop folder, and which of it is ready to be taken."""

from __future__ import annotations

import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bulkcall.errors import StoppedError
from bulkcall.inbox.names import is_campaign, marks_of

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable

    from bulkcall.inbox.folder import Folder


@dataclass(frozen=True, slots=True)
class Signature:
    """What changes when somebody writes to a file or puts another one in its place."""

    size: int
    mtime_ns: int
    inode: int

    @classmethod
    def of(cls, facts: os.stat_result) -> Signature:
        """Return the signature of a file by what the system says of it."""
        return cls(facts.st_size, facts.st_mtime_ns, facts.st_ino)


def _holds(folder: Folder, mark: str, facts: os.stat_result) -> bool:
    """Return whether a mark is of this file: one that is older was left by another of its name."""
    try:
        found = folder.facts(mark)
    except OSError:
        return False
    return found is not None and found.st_mtime_ns >= facts.st_mtime_ns


@dataclass(frozen=True, slots=True)
class IncomingFile:
    """A campaign file that lies in the folder."""

    name: str
    signature: Signature
    marked: bool
    """Whether its `.done` mark is there."""


def incoming_files(folder: Folder) -> list[IncomingFile]:
    """Return the campaign files of a folder, the earliest arrival (last written) first.

    Links, folders, pipes and devices are none: what is moved must be the file itself. Raises
    StoppedError where the folder can't be read.
    """
    try:
        names = set(folder.names())
    except OSError as error:
        raise StoppedError(f"the inbox {folder.path} can't be read: {error.strerror}") from error
    found = []
    for name in names:
        if not is_campaign(name):
            continue
        try:
            facts = folder.facts(name)
        except OSError:
            continue
        if facts is not None and stat.S_ISREG(facts.st_mode):  # None: gone since it was listed
            marked = any(_holds(folder, mark, facts) for mark in names & {*marks_of(name)})
            found.append(IncomingFile(name, Signature.of(facts), marked))
    return sorted(found, key=lambda drop: (drop.signature.mtime_ns, drop.name))


class Arrivals:
    """Remembers how files looked, and so tells which of them nobody is writing any more.

    A file is ready once it has its mark, or has looked the same for `settle` seconds over at least
    two looks.
    """

    def __init__(self, settle: float) -> None:
        self._settle = settle
        self._seen: dict[str, tuple[Signature, float]] = {}
        self.unready: frozenset[str] = frozenset()
        """Names of what was there at the last look and not ready."""
        self.ready_at: float | None = None
        """When the first of those may be ready, monotonic seconds."""

    def ready(self, found: Iterable[IncomingFile], now: float) -> list[IncomingFile]:
        """Look at what lies there at a time (monotonic seconds), and give what is ready."""
        seen: dict[str, tuple[Signature, float]] = {}
        ready = []
        waiting: dict[str, float] = {}
        for drop in found:
            signature, since = self._seen.get(drop.name, (None, now))
            same = signature == drop.signature
            seen[drop.name] = (drop.signature, since if same else now)
            if drop.marked or (same and now - since >= self._settle):
                ready.append(drop)
            else:
                waiting[drop.name] = seen[drop.name][1] + self._settle
        self._seen = seen
        self.unready = frozenset(waiting)
        self.ready_at = min(waiting.values(), default=None)
        return ready
