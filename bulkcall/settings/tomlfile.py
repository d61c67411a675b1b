"""bulkcall.toml as a table, with the line on which each of its keys stands."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bulkcall.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

_KEY = r"""(?:[A-Za-z0-9_-]+|"[^"\n]*"|'[^'\n]*')"""
_DOTTED = rf"{_KEY}(?:\s*\.\s*{_KEY})*"
_HEADER = re.compile(rf"\s*\[\[?\s*({_DOTTED})\s*\]\]?")
_ENTRY = re.compile(rf"\s*({_DOTTED})\s*=")

Keys = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TomlFile:
    """A file that is TOML; what its keys mean is not looked at here."""

    path: Path
    table: Mapping[str, Any]
    lines: Mapping[Keys, int]

    def place(self, *keys: str) -> str:
        """Return a key's place for a person: 'bulkcall.toml, line 3'."""
        for length in range(len(keys), 0, -1):
            line = self.lines.get(keys[:length])
            if line is not None:
                return f"{self.path}, line {line}"
        return str(self.path)


def read_toml(path: Path) -> TomlFile:
    """Read a file. Raises SettingsError where it can't be read or is not TOML."""
    try:
        text = path.read_text(encoding="utf-8-sig")
        table = tomllib.loads(text)
    except OSError as error:
        raise SettingsError(f"{path}: can't be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise SettingsError(f"{path}: is not UTF-8 text") from None
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{path}: is not TOML: {error}") from None
    lines: dict[Keys, int] = {}
    for keys, line in _found(text):
        # Inside of a text of several lines something may look like a key; then it is not there.
        if _holds(table, keys):
            lines.setdefault(keys, line)
    return TomlFile(path, table, lines)


def _found(text: str) -> Iterator[tuple[Keys, int]]:
    table: Keys = ()
    for number, line in enumerate(text.split("\n"), 1):
        if header := _HEADER.match(line):
            table = _parts(header[1])
            yield table, number
        elif entry := _ENTRY.match(line):
            yield (*table, *_parts(entry[1])), number


def _parts(dotted: str) -> Keys:
    return tuple(part.strip("\"'") for part in re.findall(_KEY, dotted))


def _holds(table: Any, keys: Keys) -> bool:
    for key in keys:
        if not isinstance(table, dict) or key not in table:
            return False
        table = table[key]
    return True
