"""Cells that a spreadsheet would run as a formula: how they are written, and read back.

contract: Files of a run. Writing puts a single quote before such a cell, loading takes a quote off
where writing would put one. One rule, so that both sides agree: `report` calls `escape_formula`,
`load` calls `unescape_formula`.

A text that loading gives is not changed by a round trip: where `unescape_formula(text) == text`,
also `unescape_formula(escape_formula(text)) == text`. The one text that can't come back as it was
is a quote directly before a formula (`'=1`): by the same rule loading reads it as the formula's
text (`=1`), and writing shows it with its quote again.
"""

from __future__ import annotations

import re
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

QUOTE = "'"

_STARTS = r"[=+\-@\t\r]"
_DECIMAL = r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)"
_PHONE = r"\+(?:[ .()\-]*[0-9]){7,15}"
_PLAIN = f"(?:{_DECIMAL}|{_PHONE})"

_starts = re.compile(_STARTS)
_plain = re.compile(_PLAIN)


def is_formula(text: str) -> bool:
    """Return whether a spreadsheet would run it: it starts like a formula and is no number."""
    return _starts.match(text) is not None and _plain.fullmatch(text) is None


def escape_formula(text: str) -> str:
    """Return the text as a CSV cell that no spreadsheet runs."""
    return QUOTE + text if is_formula(text) else text


def unescape_formula(text: str) -> str:
    """Return the text that `escape_formula` was given: without its quote."""
    return text[1:] if text.startswith(QUOTE) and is_formula(text[1:]) else text


def escape_formulas(cells: pa.Array | pa.ChunkedArray) -> Any:
    """Do as `escape_formula` for an array of strings (nulls stay null); may be the same array."""
    chosen = pc.match_substring_regex(cells, rf"\A{_STARTS}")
    if not pc.any(chosen).as_py():
        return cells
    plain = pc.match_substring_regex(cells, rf"\A{_PLAIN}\z")
    chosen = pc.and_not(chosen, plain)
    if not pc.any(chosen).as_py():
        return cells
    return pc.if_else(chosen, pc.binary_join_element_wise(QUOTE, cells, ""), cells)


def unescape_formulas(cells: pa.Array | pa.ChunkedArray) -> Any:
    """Do as `unescape_formula` for an array of strings (nulls stay null); may be the same array."""
    if not pc.any(pc.starts_with(cells, QUOTE)).as_py():
        return cells
    chosen = pc.match_substring_regex(cells, rf"\A{QUOTE}{_STARTS}")
    plain = pc.match_substring_regex(cells, rf"\A{QUOTE}{_PLAIN}\z")
    chosen = pc.and_not(chosen, plain)
    return pc.if_else(chosen, pc.utf8_slice_codeunits(cells, 1), cells)
