"""Arrow columns to the bytes of a CSV file, a chunk at a time, every cell inert.

RFC 4180 with a line feed at the end of a row; only a cell that needs quotes has them. The joined
text of a chunk is one Arrow buffer that goes to the file as it is, so no Python object is made for
a cell.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from bulkcall.support.formula_escape import escape_formula, escape_formulas

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_SPECIAL = (b'"', b",", b"\n", b"\r")
_STARTERS = np.zeros(256, dtype=bool)
_STARTERS[list(b"=+-@\t\r")] = True
_MOST_BYTES = 1 << 28  # of one joined text; Arrow's 32-bit offsets end at 2 GiB


def header_line(names: Sequence[str]) -> bytes:
    """Return the first line; names are cells too, so they are made inert."""
    return (",".join(_quoted_text(escape_formula(name)) for name in names) + "\n").encode()


def csv_lines(columns: Sequence[pa.Array], surplus: pa.Array | None = None) -> Iterator[memoryview]:
    """Return the text of the rows, piece by piece.

    `columns` are string arrays of one length without nulls, `inert_cells` done where it is needed.
    Where `surplus` holds a text, its row gets one cell more than the others.
    """
    rows = len(columns[0])
    if not rows:
        return
    size = sum(column.nbytes for column in columns)
    step = max(1, rows * _MOST_BYTES // max(size, 1))
    for start in range(0, rows, step):
        tails = None if surplus is None else _tails(surplus.slice(start, step))
        yield _joined([column.slice(start, step) for column in columns], tails)


def inert_cells(cells: pa.Array) -> pa.Array:
    """Make every cell inert; most columns hold none that needs it, and one look at bytes tells."""
    first = _first_bytes(cells)
    return escape_formulas(cells) if _STARTERS[first].any() else cells


def plain(array: pa.Array | pa.ChunkedArray) -> pa.Array:
    """Return one string array without nulls, whatever kind of text or number came."""
    if isinstance(array, pa.ChunkedArray):
        array = array.combine_chunks()
    if array.type != pa.string():
        array = array.cast(pa.string())
    return array.fill_null("") if array.null_count else array


def _tails(surplus: pa.Array) -> pa.Array:
    cells = _quoted(inert_cells(surplus))
    return pc.if_else(pc.equal(surplus, ""), "", pc.binary_join_element_wise(",", cells, ""))


def _joined(columns: list[pa.Array], tails: pa.Array | None) -> memoryview:
    quoted = [_quoted(column) for column in columns]
    quoted[-1] = pc.binary_join_element_wise(quoted[-1], "\n" if tails is None else tails, "")
    if tails is not None:
        quoted[-1] = pc.binary_join_element_wise(quoted[-1], "\n", "")
    lines = pc.binary_join_element_wise(*quoted, ",")
    return memoryview(text_bytes(lines))


def _quoted(cells: pa.Array) -> pa.Array:
    held = bytes(text_bytes(cells))
    if not any(mark in held for mark in _SPECIAL):
        return cells
    needed = pc.match_substring_regex(cells, '[",\r\n]')
    doubled = pc.replace_substring(cells, '"', '""') if b'"' in held else cells
    return pc.if_else(needed, pc.binary_join_element_wise('"', doubled, '"', ""), cells)


def _quoted_text(text: str) -> str:
    if any(mark.decode() in text for mark in _SPECIAL):
        return '"' + text.replace('"', '""') + '"'
    return text


def _offsets(cells: pa.Array) -> Any:
    buffer = cells.buffers()[1]
    return np.frombuffer(buffer, dtype=np.int32)[cells.offset : cells.offset + len(cells) + 1]


def text_bytes(cells: pa.Array) -> Any:
    """Return the bytes of all the texts, one after the other, without a copy."""
    data = cells.buffers()[2]
    if data is None or not len(cells):
        return b""
    offsets = _offsets(cells)
    return data.slice(int(offsets[0]), int(offsets[-1] - offsets[0]))


def _first_bytes(cells: pa.Array) -> Any:
    data = cells.buffers()[2]
    if data is None or not len(cells):
        return np.empty(0, dtype=np.uint8)
    offsets = _offsets(cells)
    held = offsets[:-1][offsets[1:] > offsets[:-1]]
    return np.frombuffer(data, dtype=np.uint8)[held]
