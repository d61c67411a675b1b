"""Cells as they are read: trimmed text in Arrow arrays."""

from __future__ import annotations

from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

INVISIBLE: Final = (
    "\u00ad\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff"
)
"""Marks that copying out of spreadsheets and chats leaves round a value; they show nothing.

Joiners (U+200C, U+200D) are not among them: in Hindi and other scripts they belong to the word."""

SPACES: Final = (
    "\t\n\v\f\r \x1c\x1d\x1e\x1f\x85\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007"
    "\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
)
"""Unicode white space, as `str.isspace` has it."""

_EDGES: Final = SPACES + INVISIBLE
_SAMPLE: Final = 1024


def trim(column: pa.ChunkedArray | pa.Array) -> pa.Array:
    """Take spaces and invisible marks off both ends; an empty cell stays an empty string."""
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)
    if not pa.types.is_string(column.type):
        column = column.cast(pa.string())
    if column.null_count:
        column = column.fill_null("")
    trimmed = pc.utf8_trim(column, characters=_EDGES)
    # Most columns have nothing to take off: then the copy need not be kept.
    return column if _text_bytes(trimmed) == _text_bytes(column) else trimmed


def absent(column: pa.Array) -> pa.Array:
    """Turn empty strings into nulls: the value is absent."""
    if pc.min(pc.binary_length(column)).as_py() != 0:
        return column
    return pc.if_else(pc.equal(column, ""), pa.scalar(None, pa.string()), column)


def few_distinct(column: pa.Array) -> bool:
    """Guess from a sample whether a column says the same few things again and again."""
    if len(column) <= _SAMPLE:
        return True
    step = len(column) // _SAMPLE
    sample = column.take(pa.array(range(0, step * _SAMPLE, step)))
    return len(sample.unique()) <= _SAMPLE // 4


def _text_bytes(column: pa.Array) -> int:
    if not len(column):
        return 0
    offsets = np.frombuffer(column.buffers()[1], np.int32)
    return int(offsets[column.offset + len(column)] - offsets[column.offset])
