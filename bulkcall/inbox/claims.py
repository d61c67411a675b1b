"""Claims: which file of the inbox was begun under which run id, and what is decided about it.

A claim is written before the run begins and taken away after its file has been put away. A process
that is killed in between leaves it, and the next one reads from it and the ledger what is left to
do.
"""

from __future__ import annotations

import json
import logging
import os
import re
import stat
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from bulkcall.inbox.folder import Folder
from bulkcall.inbox.incoming import Signature
from bulkcall.inbox.layout import moving
from bulkcall.support.atomic_files import replacing

if TYPE_CHECKING:
    from pathlib import Path

    from bulkcall.inbox.layout import InboxLayout

_NAME_OF_A_FOLDER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_FATES = {"", "done", "failed", "repeated"}
_MOST_BYTES = 64 << 10
_LONGEST_NAME_BYTES = 255
_LOG = logging.getLogger(__name__)


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
    """What is decided about it: `done`, `failed` or `repeated` (its content was run before)."""
    why: str = ""
    place: str = ""
    """The name of its folder in `done/` or `failed/`, once that is decided."""

    def matches(self, folder: Folder, name: str) -> bool:
        """Return whether a file is the claimed one, by its signature or else its content."""
        try:
            facts = folder.facts(name)
            if facts is None or not stat.S_ISREG(facts.st_mode):
                return False
            if Signature.of(facts) == self.signature:
                return True
            return folder.content_of(name)[1] == self.sha256
        except OSError:
            return False


class Claims:
    """The claims of one inbox, one small file each, in a folder that is this user's alone."""

    def __init__(self, layout: InboxLayout) -> None:
        self._layout = layout

    def put(self, claim: Claim) -> Claim:
        """Write a claim down, on the disk when this returns."""
        with replacing(self._path(claim.run_id)) as file:
            file.write(json.dumps(asdict(claim)).encode())
        return claim

    def tidy(self) -> None:
        """Remove what a process left that was killed over writing; the inbox must be locked."""
        for part in self._layout.claims.glob(".*.part"):
            part.unlink(missing_ok=True)
        self._take_over()

    def all(self) -> list[Claim]:
        """Return all claims, the oldest first; one that can't be read is set aside."""
        found = []
        for path in sorted(self._layout.claims.glob("*.json")):
            try:
                claim = _parse(path.read_bytes(), path.stem)
            except (OSError, ValueError, TypeError, KeyError):
                _LOG.warning("%s: not a claim; the ledger says what was done with its file", path)
                with suppress(OSError):
                    path.replace(path.with_suffix(".unreadable"))
                continue
            found.append(claim)
        return found

    def drop(self, claim: Claim) -> None:
        """Remove a claim: its file has been put away, or was never begun."""
        path = self._path(claim.run_id)
        with moving(path):
            path.unlink(missing_ok=True)
            with Folder.open(path.parent) as folder:
                folder.sync()

    def _path(self, run_id: str) -> Path:
        return self._layout.claims / f"{run_id}.json"

    def _take_over(self) -> None:
        """Bring claims here that an earlier version wrote in the drop folder itself.

        Others may write there: what this user did not write is left where it is and means nothing.
        """
        with (
            suppress(OSError),
            self._layout.drop.child(".bulkcall") as own,
            own.child("claims") as old,
        ):
            if not (_is_mine(own.own_facts()) and _is_mine(old.own_facts())):
                return
            for name in old.names():
                with suppress(OSError, ValueError, TypeError, KeyError):
                    with old.reading(name) as number:
                        if not _is_mine(os.fstat(number)):
                            continue
                        claim = _parse(os.read(number, _MOST_BYTES), name.removesuffix(".json"))
                    self.put(claim)
                    old.remove(name)


def _is_mine(facts: os.stat_result) -> bool:
    return hasattr(os, "geteuid") and facts.st_uid == os.geteuid() and not facts.st_mode & 0o022


def _parse(data: bytes, run_id: str) -> Claim:
    """Read the claim of a run.

    Raises ValueError, TypeError or KeyError where a field is not of the kind that was written.
    """
    facts: dict[str, Any] = json.loads(data)
    signature = Signature(**facts["signature"])
    numbers = (*asdict(signature).values(), facts.get("starts", 0))
    if facts.get("fate") == "done" and facts.get("why"):  # as an earlier version wrote it
        facts["fate"] = "repeated"
    claim = Claim(**facts | {"signature": signature})
    texts = (claim.run_id, claim.name, claim.sha256, claim.fate, claim.why, claim.place)
    if not (
        all(type(number) is int for number in numbers)
        and all(type(text) is str for text in texts)
        and claim.run_id == run_id
        and _NAME_OF_A_FOLDER.fullmatch(run_id)
        and (not claim.place or _NAME_OF_A_FOLDER.fullmatch(claim.place))
        and _SHA256.fullmatch(claim.sha256)
        and claim.fate in _FATES
        and _is_name(claim.name)
    ):
        raise ValueError
    return claim


def _is_name(name: str) -> bool:
    """Return whether it names an entry of a folder, and no other place."""
    return (
        name not in {"", ".", ".."}
        and not any(sign in name for sign in ("/", "\0", os.sep))
        and len(name.encode("utf-8", "surrogateescape")) <= _LONGEST_NAME_BYTES
    )
