"""The patient CSV reader: what it makes of well-formed and odd text."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkcall.load.csv_tolerant import parse

CELLS = st.lists(
    st.lists(st.text(st.sampled_from('a,;"\n\r é'), max_size=5), min_size=1, max_size=4), max_size=6
)


@given(CELLS, st.sampled_from(["\n", "\r\n", "\r"]), st.sampled_from(",;\t|"))
def test_it_reads_what_the_csv_module_writes(rows, ending, delimiter):
    """Every cell comes back as it was written, whatever it holds."""
    stream = io.StringIO()
    writer = csv.writer(stream, delimiter=delimiter, lineterminator=ending, quoting=csv.QUOTE_ALL)
    writer.writerows(rows)
    parsed = parse(stream.getvalue(), delimiter)
    assert parsed.rows == rows
    assert not parsed.faults
    assert parsed.consumed == len(stream.getvalue())


@given(st.text(st.sampled_from('ab,"\n\r'), max_size=40), st.integers(0, 40))
def test_a_text_in_two_parts_gives_the_same_rows(text, cut):
    """Where a block ends makes no difference."""
    whole = parse(text, ",")
    first = parse(text[:cut], ",", final=False)
    rest = parse(text[first.consumed :], ",", line=first.line)
    assert first.rows + rest.rows == whole.rows
    assert first.lines + rest.lines == whole.lines
    shifted = {len(first.rows) + at: fault for at, fault in rest.faults.items()}
    assert first.faults | shifted == whole.faults


def test_line_numbers_count_physical_lines():
    """A quoted line break and a blank line move the numbers of the rows after them."""
    parsed = parse('a\n"b\r\nc"\n\nd\re', ",")
    assert parsed.rows == [["a"], ["b\r\nc"], [""], ["d"], ["e"]]
    assert parsed.lines == [1, 2, 4, 5, 6]


@pytest.mark.parametrize("text", ['"a"b,c\n', '"a" ,c\n', '"a"b"c"\n'])
def test_text_after_a_closing_quote_is_a_fault(text):
    """What can't be read for certain is said."""
    assert list(parse(text, ",").faults) == [0]


@pytest.mark.parametrize("text", ['a"b,c\n', '5" pipe,x\n', 'say ""x\n'])
def test_a_quote_inside_an_unquoted_cell_is_text(text):
    """Such a quote opens nothing."""
    parsed = parse(text, ",")
    assert parsed.rows == [text.strip().split(",")]
    assert not parsed.faults


def test_a_quote_left_open_is_told():
    """The rest of the file is not swallowed as one cell."""
    parsed = parse('a,b\nc,"d\ne,f\n', ",")
    assert parsed.rows == [["a", "b"]]
    assert parsed.open_quote == 2


def test_it_can_stop_after_so_many_rows():
    """Blank rows do not count."""
    parsed = parse("\n,\na,b\nc,d\n", ",", most=1)
    assert parsed.rows == [[""], ["", ""], ["a", "b"]]
    assert parsed.line == 4
