"""Claims: which file of the inbox was begun under which run id, and what is decided about it.

A claim is written before the run begins and taken away after its file has been put away. A process
that is killed in between leaves it, and the next one reads from it and the ledger what is left to
do.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from bulkcall.errors import StoppedError
from bulkcall.inbox.incoming import Signature
from bulkcall.inbox.layout import content_of, moving, sync
from bulkcall.support.atomic_files import replacing

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Claim:
    """One file that was begun."""

    run_id: str
    name: str
    sha256: str
    signature: Signature
    starts: int = 0
    """How many times a process set out to work on it."""
    fate: str = ""
    """Where it is being moved to, once that is decided: `done` or `failed`."""
    why: str = ""

    def is_file(self, path: Path) -> bool:
        """Tell whether a file is the claimed one, by its signature or else its content."""
        try:
            facts = path.lstat()
            return Signature.of(facts) == self.signature or content_of(path) == self.sha256
        except (OSError, StoppedError):
            return False


class Claims:
    """The claims of one inbox, one small file each."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, claim: Claim) -> Claim:
        """Write a claim down, on the disk when this returns."""
        with replacing(self._path(claim.run_id)) as file:
            file.write(json.dumps(asdict(claim), ensure_ascii=False).encode())
        return claim

    def tidy(self) -> None:
        """Take away what a process left that was killed over writing; the inbox must be locked."""
        for part in self._folder.glob(".*.part"):
            part.unlink(missing_ok=True)

    def all(self) -> list[Claim]:
        """Give all claims, the oldest first."""
        return [_read(path) for path in sorted(self._folder.glob("*.json"))]

    def drop(self, claim: Claim) -> None:
        """Take a claim away: its file has been put away, or was never begun."""
        path = self._path(claim.run_id)
        with moving(path):
            path.unlink(missing_ok=True)
            sync(self._folder)

    def _path(self, run_id: str) -> Path:
        return self._folder / f"{run_id}.json"


def _read(path: Path) -> Claim:
    facts = json.loads(path.read_text(encoding="utf-8"))
    return Claim(**facts | {"signature": Signature(**facts["signature"])})
