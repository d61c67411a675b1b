"""What one round over an inbox came to: for each file what became of it, and one line for all."""

from __future__ import annotations

import textwrap
from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from bulkcall.errors import ExitStatus
from bulkcall.support.text import shown

if TYPE_CHECKING:
    from pathlib import Path

    from bulkcall.errors import BulkcallError

_WORST = (
    ExitStatus.OK,
    ExitStatus.NOT_ALL,
    ExitStatus.INTERRUPTED,
    ExitStatus.USAGE,
    ExitStatus.STOPPED,
)
"""Exit statuses, the worst last."""
_TOLD = 2
"""Of how many files the line says why they failed; --json and why.txt tell all."""


class FileOutcome(StrEnum):
    """What became of a file that was taken."""

    DONE = "done"
    """Its run went through to the end; the file and its report are in `done/<run id>/`."""
    FAILED = "failed"
    """A person has to look at it; it is in `failed/<run id>/` with a why.txt."""
    RESUMABLE = "to be resumed"
    """Its run stopped; the file stays in the inbox, and the next round goes on with it."""
    REPEATED = "already done"
    """Its content was run before: nothing was sent; it is in `done/` with a note."""


@dataclass(frozen=True, slots=True)
class Taken:
    """One file that was taken."""

    name: str
    run_id: str
    fate: FileOutcome
    status: ExitStatus
    """As of `bulkcall run` for this file alone."""
    folder: Path
    """Where its report is."""
    rows: int = 0
    confirmed: int = 0
    """Rows with outcome `success`."""
    why: str = ""
    resumed: bool = False
    """Whether an earlier round had begun it."""
    blocks: bool = False
    """Whether what stopped it would stop every other run as well."""

    def as_data(self) -> dict[str, Any]:
        """Return the outcome of the file as JSON-able data."""
        return {
            "file": shown(self.name),
            "run_id": self.run_id,
            "fate": self.fate.value,
            "exit_status": int(self.status),
            "folder": str(self.folder),
            "rows": self.rows,
            "confirmed": self.confirmed,
            "why": self.why or None,
            "resumed": self.resumed,
        }


@dataclass(frozen=True, slots=True)
class Left:
    """A campaign file that stays where it is, untouched."""

    name: str
    why: str
    status: ExitStatus = ExitStatus.OK


@dataclass(frozen=True, slots=True)
class RoundResult:
    """One round over an inbox."""

    taken: tuple[Taken, ...] = ()
    left: tuple[Left, ...] = ()
    error: BulkcallError | None = None
    """What ended the round before every ready file was taken."""

    @property
    def exit_status(self) -> ExitStatus:
        """The worst of all: 1 stopped, 2 unreadable, 4 interrupted, 3 not all success, 0."""
        found = [ExitStatus.OK, *(each.status for each in self.taken)]
        found += [each.status for each in self.left]
        if self.error is not None:
            found.append(self.error.exit_status)
        return max(found, key=_WORST.index)

    def of(self, fate: FileOutcome) -> list[Taken]:
        """Return the files with this fate."""
        return [each for each in self.taken if each.fate is fate]

    @property
    def rows(self) -> int:
        """Rows of the files that were taken and could be read."""
        return sum(each.rows for each in self.taken)

    @property
    def confirmed(self) -> int:
        """Rows of those with outcome `success`."""
        return sum(each.confirmed for each in self.taken)

    def line(self) -> str:
        """Return the round in one line for people."""
        parts = []
        for fate in FileOutcome:
            found = self.of(fate)
            if found:
                parts.append(f"{len(found)} {fate.value}{_reasons(found)}")
        files = "1 file" if len(self.taken) == 1 else f"{len(self.taken):,} files"
        line = f"took {files}" if self.taken else "no new files"
        if parts:
            line += f": {', '.join(parts)}"
        if self.rows:
            line += f"; {self.confirmed:,} of {self.rows:,} rows confirmed"
        if self.left:
            whys = Counter(left.why for left in self.left)
            told = ", ".join(f"{count} {why}" for why, count in whys.items())
            line += f"; left in the inbox: {told}"
        return line

    def as_data(self) -> dict[str, Any]:
        """Return the round as one JSON-able object."""
        return {
            "verdict": self.line(),
            "files": [each.as_data() for each in self.taken],
            "left": [{"file": shown(left.name), "why": left.why} for left in self.left],
            "counts": {fate.value: len(self.of(fate)) for fate in FileOutcome},
            "rows": self.rows,
            "confirmed": self.confirmed,
            "error": " ".join(str(self.error).split()) if self.error else None,
            "exit_status": int(self.exit_status),
        }


def _reasons(found: list[Taken]) -> str:
    told = [
        f"{shown(each.name)}: {textwrap.shorten(each.why, 120, placeholder=' …')}"
        for each in found
        if each.why and each.fate is not FileOutcome.REPEATED
    ]
    if not told:
        return ""
    more = [f"{len(told) - _TOLD} more"] if len(told) > _TOLD else []
    return f" ({'; '.join([*told[:_TOLD], *more])})"
