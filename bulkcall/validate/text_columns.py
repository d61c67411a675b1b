"""Cells as they are read: trimmed text in Arrow arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from bulkcall.validate.text_damage import find_damage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

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

EDGES: Final = SPACES + INVISIBLE
_TEXT_EDGES: Final = EDGES.translate({0x202D: None, 0x202E: None})
"""At the ends of a text, overrides of its direction are not harmless: they turn it round."""
_SPACE: Final = 0x20
_DELETE: Final = 0x7F
_SAMPLE: Final = 1024


def trim(
    column: pa.ChunkedArray | pa.Array, null_values: Sequence[str] = (), *, edges: str = EDGES
) -> pa.Array:
    """Take spaces and invisible marks off both ends; an empty cell stays an empty string.

    A text that is one of `null_values` then is an empty cell too.
    """
    column = _trimmed(_one(column), edges)
    if null_values:
        nothing = pc.is_in(column, pa.array(null_values, pa.string()))
        if nothing.true_count:
            return pc.if_else(nothing, "", column)
    return column


def _trimmed(column: pa.Array, edges: str) -> pa.Array:
    if _is_bare(column):
        return column
    trimmed = pc.utf8_trim(column, characters=edges)
    # Where nothing was taken off, the copy need not be kept.
    return column if _text_bytes(trimmed) == _text_bytes(column) else trimmed


@dataclass(frozen=True, slots=True)
class TextColumn:
    """A text column, trimmed: each distinct text once, and where it stands."""

    distinct: pa.Array
    """Strings; two of them are equal where the cells differed in spaces."""
    rows: NDArray[np.int32]
    """For each row, which of them."""
    column: pa.Array
    """The whole column; null where a cell is empty or its text is damaged."""
    damage: NDArray[np.int8] | None = None
    """`TextDamage` of each distinct text; None: no text is damaged."""

    @property
    def as_texts(self) -> pa.DictionaryArray:
        """Return the column as texts; an empty cell is an empty text."""
        return pa.DictionaryArray.from_arrays(self.rows, self.distinct)

    @property
    def filled(self) -> NDArray[np.bool_]:
        """Which of the distinct texts hold something."""
        filled: NDArray[np.bool_] = pc.binary_length(self.distinct).to_numpy() > 0
        return filled

    @property
    def sound(self) -> NDArray[np.bool_]:
        """Which of the distinct texts hold something that is not damaged."""
        return self.filled if self.damage is None else self.filled & (self.damage == 0)

    @property
    def damages(self) -> NDArray[np.int8]:
        """`TextDamage` of each row."""
        if self.damage is None:
            return np.zeros(len(self.rows), dtype=np.int8)
        return self.damage[self.rows]


def read_text_column(
    column: pa.ChunkedArray | pa.Array, null_values: Sequence[str] = (), *, name: bool = False
) -> TextColumn:
    """Read a column of labels or reasons, which mostly says the same things again and again."""
    own = _one(column)
    encoded = own.dictionary_encode()
    distinct = trim(encoded.dictionary, null_values, edges=_TEXT_EDGES)
    rows = encoded.indices.to_numpy()
    damage = find_damage(distinct, name=name)
    result = TextColumn(distinct, rows, own, damage)
    sound = result.sound
    if distinct is encoded.dictionary and sound.all():
        return result
    present = pc.if_else(pa.array(sound), distinct, pa.scalar(None, pa.string()))
    return TextColumn(distinct, rows, present.take(encoded.indices), damage)


def empty_text_column(rows: int) -> TextColumn:
    """Return the words of a column that the file does not have."""
    empty = pa.array([""], pa.string())
    return TextColumn(empty, np.zeros(rows, np.int32), pa.nulls(rows, pa.string()))


def few_distinct(column: pa.Array) -> bool:
    """Guess from a sample whether a column says the same few things again and again."""
    if len(column) <= _SAMPLE:
        return True
    step = len(column) // _SAMPLE
    sample = column.take(pa.array(np.arange(0, step * _SAMPLE, step)))
    return len(sample.unique()) <= _SAMPLE // 4


def _one(column: pa.ChunkedArray | pa.Array) -> pa.Array:
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)
    if not pa.types.is_string(column.type):
        column = column.cast(pa.string())
    return column.fill_null("") if column.null_count else column


def _is_bare(column: pa.Array) -> bool:
    """Return whether each text begins and ends with a visible character of ASCII."""
    if not len(column):
        return True
    offsets = np.frombuffer(column.buffers()[1], np.int32)[column.offset :][: len(column) + 1]
    first, behind = offsets[:-1], offsets[1:]
    if (first == behind).any():
        first, behind = first[first != behind], behind[first != behind]
    if not len(first):
        return True
    text = np.frombuffer(column.buffers()[2], np.uint8)
    edges = np.concatenate((text[first], text[behind - 1]))
    return bool(edges.min() > _SPACE and edges.max() < _DELETE)


def _text_bytes(column: pa.Array) -> int:
    if not len(column):
        return 0
    offsets = np.frombuffer(column.buffers()[1], np.int32)
    return int(offsets[column.offset + len(column)] - offsets[column.offset])
