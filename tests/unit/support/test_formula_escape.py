"""The rule that keeps spreadsheets from running a cell (contract: Files of a run)."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bulkcall.support.formula_escape import (
    escape_formula,
    escape_formulas,
    is_formula,
    unescape_formula,
    unescape_formulas,
)

TEXT = st.text(alphabet=st.sampled_from("=+-@\t\r'0123456789 .()e\nx")) | st.text()


@pytest.mark.parametrize(
    "text", ["=1+1", "+1+x", "-x", "@SUM(A1)", "\tx", "\rx", "=", "+", "-.", "+-1"]
)
def test_a_formula_gets_a_quote(text):
    """Each first character of a formula is made inert."""
    assert escape_formula(text) == "'" + text
    assert unescape_formula("'" + text) == text


@pytest.mark.parametrize(
    "text",
    ["-5", "+5", "-5.25", "+.5", "-5.", "+919876543210", "+91 98765-43210", "+1 (415) 555.2671"],
)
def test_a_plain_number_is_no_formula(text):
    """A signed decimal and a phone number with a plus stay as they are, both ways."""
    assert escape_formula(text) == text
    assert unescape_formula("'" + text) == "'" + text


@pytest.mark.parametrize(
    "text",
    [
        "-1.2.3",
        "-1 2345678",
        "+1 23456",
        "+1234567890123456 7",
        "+91 98765\n43210",
        "+919876543210\n",
    ],
)
def test_what_is_nearly_a_number_is_a_formula(text):
    """Two points, a minus with spaces, too few or too many digits, a line break: no numbers."""
    assert is_formula(text)


@pytest.mark.parametrize("text", ["", "'", "''=1", "'x", "x=1", " =1", "1+1", "₹=1"])
def test_other_text_is_left_alone(text):
    """Nothing is put before, or taken off, text that is no formula."""
    assert escape_formula(text) == text
    assert unescape_formula(text) == text


@given(TEXT)
@example("'=1")
@example("''=1")
def test_round_trip(text):
    """Whatever loading gives comes back unchanged through writing and loading."""
    loaded = unescape_formula(text)
    assert unescape_formula(loaded) == loaded
    assert unescape_formula(escape_formula(loaded)) == loaded


@given(TEXT)
def test_what_is_written_is_no_formula(text):
    """No written cell is a formula."""
    assert not is_formula(escape_formula(text))


@given(st.lists(TEXT | st.none()))
def test_arrays_agree_with_single_cells(texts):
    """The array forms do exactly as the single forms; nulls stay null."""
    array = pa.array(texts, pa.string())
    assert escape_formulas(array).to_pylist() == [
        t if t is None else escape_formula(t) for t in texts
    ]
    assert unescape_formulas(array).to_pylist() == [
        t if t is None else unescape_formula(t) for t in texts
    ]
