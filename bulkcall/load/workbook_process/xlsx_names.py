"""What the XML of XLSX calls things, and how its texts are escaped."""

from __future__ import annotations

import re
from typing import Final

MAIN_NAMESPACES: Final = (
    "http://schemas.openxmlformats.org/spreadsheetml/2006/main",
    "http://purl.oclc.org/ooxml/spreadsheetml/main",
)
TRUE: Final = frozenset({"1", "true"})
_ESCAPED: Final = re.compile("_x([0-9A-Fa-f]{4})_")


def unescaped(text: str) -> str:
    """Return a text with `_x000D_` and its like as the character that they stand for."""
    if "_x" not in text:
        return text
    return _ESCAPED.sub(_character, text)


def _character(found: re.Match[str]) -> str:
    number = int(found[1], 16)
    return found[0] if 0xD800 <= number <= 0xDFFF else chr(number)  # noqa: PLR2004 - surrogates


def tags(*names: str) -> dict[str, str]:
    """Return tag as the parser gives it → its name, for either namespace of a workbook."""
    return {f"{namespace} {name}": name for namespace in MAIN_NAMESPACES for name in names}
