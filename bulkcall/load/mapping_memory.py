"""Mappings that a user has saved with `bulkcall map`: kept by account and header, private."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from bulkcall.errors import CampaignFileError
from bulkcall.records import Field
from bulkcall.support.atomic_files import make_folder, replacing, translated
from bulkcall.support.blanks import BLANKS, is_blank_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_VERSION: Final = 1
_LARGEST_FILE: Final = 1 << 20
_LOOK_ROWS: Final = 200
_SHARE: Final = 0.5
"""At least so many of a column's filled cells look like what the column is said to hold."""
_NUMBER: Final = re.compile(
    r"[^\w]*(?:tel:)?[^\w]*\+?\d[\d\s().\-]{5,24}[^\w]*|\d(?:[.,]\d+)?E\+\d+", re.IGNORECASE
)
_UUID: Final = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)
_TIME: Final = re.compile(r"(?=.*\d)(?:\d{10}|\d{13}|[^\n]*\d[^\n]*[\s:/.T-][^\n]*)")


class Holds(StrEnum):
    """What most cells of a column look like."""

    NUMBERS = "phone numbers"
    TIMES = "times"
    IDS = "ids"
    TEXTS = "texts"
    NOTHING = "nothing"


_FITTING: Final = {
    Field.CALLER_NUMBER: {Holds.NUMBERS},
    Field.RECEIVER_NUMBER: {Holds.NUMBERS},
    Field.LABEL_ID: {Holds.IDS},
    Field.DYNAMIC_LABEL_NAME: {Holds.TEXTS},
    Field.DYNAMIC_CALL_REASON: {Holds.TEXTS},
    Field.STARTS_AT: {Holds.TIMES},
    Field.ENDS_AT: {Holds.TIMES},
}


@dataclass(frozen=True, slots=True)
class SavedMapping:
    """Which column holds which field in files with one header."""

    columns: Mapping[str, str]
    """Field → the file's own column name."""
    saved_on: str
    """The day, ISO 8601."""


@dataclass(frozen=True, slots=True)
class MappingMemory:
    """The saved mappings of one account."""

    account: str
    folder: Path

    def find(self, header: Sequence[str]) -> SavedMapping | None:
        """Return the mapping that was saved for this header; None where none was.

        Raises CampaignFileError where what is kept can't be read.
        """
        path = self._path(header)
        try:
            if path.is_symlink() or not path.is_file() or path.stat().st_size > _LARGEST_FILE:
                return None
            kept: Any = json.loads(path.read_bytes())
            names = {str(Field(field)): str(name) for field, name in kept["columns"].items()}
            return SavedMapping(names, str(kept["saved_on"])[:10])
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise CampaignFileError(
                f"the mapping saved for this header can't be read ({path}); delete that file, or "
                "save it again with `bulkcall map`"
            ) from error

    def save(self, header: Sequence[str], columns: Mapping[str, str], saved_on: str) -> Path:
        """Keep a mapping, for the user's eyes only; it takes its place at once or not at all."""
        path = self._path(header)
        kept = {
            "version": _VERSION,
            "account": self.account,
            "header": list(header),
            "columns": dict(columns),
            "saved_on": saved_on,
        }
        try:
            make_folder(self.folder)
            with replacing(path) as out:
                out.write(json.dumps(kept, ensure_ascii=False, indent=1).encode())
        except OSError as error:
            raise translated(error, path) from error
        return path

    def forget(self, header: Sequence[str]) -> bool:
        """Delete what was saved for this header; return whether there was something."""
        path = self._path(header)
        try:
            path.unlink()
        except FileNotFoundError:
            return False
        except OSError as error:
            raise translated(error, path) from error
        return True

    def _path(self, header: Sequence[str]) -> Path:
        return self.folder / f"{fingerprint(self.account, header)}.json"


def memory_of(account: str) -> MappingMemory:
    """Return the memory of an account, in the user's own state directory."""
    import platformdirs  # noqa: PLC0415 - only where a file is opened

    state = Path(platformdirs.user_state_dir("bulkcall", appauthor=False))
    return MappingMemory(account, state / "mappings")


def fingerprint(account: str, header: Sequence[str]) -> str:
    """Return what a header is known by: its names, without case and blanks around them."""
    names = [name.strip(BLANKS).casefold() for name in header]
    text = json.dumps([account, names], ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()[:40]


def what_it_holds(cells: Sequence[str]) -> Holds:
    """Return what most of a column's first cells look like."""
    filled = [cell.strip(BLANKS) for cell in cells[:_LOOK_ROWS] if not is_blank_text(cell)]
    if not filled:
        return Holds.NOTHING
    for kind, pattern in ((Holds.IDS, _UUID), (Holds.NUMBERS, _NUMBER), (Holds.TIMES, _TIME)):
        if sum(pattern.fullmatch(cell[:80]) is not None for cell in filled) > len(filled) * _SHARE:
            return kind
    return Holds.TEXTS


def fits(field: Field, holds: Holds, cells: Sequence[str]) -> bool:
    """Return whether a column can hold a field, as far as its first cells tell."""
    if holds in {Holds.NOTHING, *_FITTING[field]}:
        return True
    if field in {Field.STARTS_AT, Field.ENDS_AT}:  # epoch milliseconds look like numbers
        filled = [cell for cell in cells[:_LOOK_ROWS] if not is_blank_text(cell)]
        times = sum(_TIME.fullmatch(cell.strip(BLANKS)[:80]) is not None for cell in filled)
        return times > len(filled) * _SHARE
    return False
