"""Trimming, and reading a text column once for each distinct text."""

from __future__ import annotations

import pyarrow as pa
from hypothesis import example, given
from hypothesis import strategies as st

from bulkcall.validate.text_columns import (
    INVISIBLE,
    SPACES,
    empty_text_column,
    read_text_column,
    trim,
)
from bulkcall.validate.text_damage import one_damage

EDGES = SPACES + INVISIBLE
CELLS = st.lists(
    st.text(
        st.sampled_from(["a", "é", "ग", "~", "\x7f", "\u200d", " ", "\ufeff", "\x1f", "\u3000"])
    )
)


@given(CELLS, st.integers(0, 3))
@example(["", "a"], 0)
@example([" a", "a"], 1)
@example(["é ", "~"], 0)
def test_trimming_is_what_strip_does(cells, skip):
    """Also in a slice of a column, where nothing needs trimming, and beyond ASCII."""
    column = pa.array(cells, pa.string()).slice(skip)
    assert trim(column).to_pylist() == [cell.strip(EDGES) for cell in cells[skip:]]


@given(CELLS, st.integers(0, 3))
@example(["a", " a", "", " ", "a"], 0)
def test_words_are_the_trimmed_cells(cells, skip):
    """Each row finds its text; an empty cell, one of spaces alone and a damaged one is absent."""
    words = read_text_column(pa.chunked_array([pa.array(cells, pa.string()).slice(skip)]))
    expected = [cell.strip(EDGES) for cell in cells[skip:]]
    assert words.as_texts.to_pylist() == expected
    sound = [text if text and not one_damage(text) else None for text in expected]
    assert words.column.to_pylist() == sound
    assert [bool(each) for each in words.filled[words.rows]] == [bool(text) for text in expected]


def test_a_column_that_is_not_there_is_absent_in_every_row():
    """As if all its cells were empty."""
    words = empty_text_column(3)
    assert words.as_texts.to_pylist() == ["", "", ""]
    assert words.column.to_pylist() == [None, None, None]
