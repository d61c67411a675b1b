"""The fast reader and the patient one give the same rows, lines and faults."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bulkcall.errors import CampaignFileError
from bulkcall.load import csv_arrow
from bulkcall.load.csv_reader import read_rows
from bulkcall.load.options import LoadOptions

OPTIONS = LoadOptions()
TEXTS = st.text(st.sampled_from('ab,,,"\n\n\r é\0='), max_size=60)
QUOTED = st.lists(
    st.lists(
        st.sampled_from(["", "a", '""', '"a,b"', '"a\nb"', '"a""b"', '"\r\n"', '"\r"', "é", "'=1"]),
        min_size=2,
        max_size=4,
    ).map(",".join),
    max_size=8,
).map("\n".join)
RAGGED = st.lists(
    st.sampled_from(
        ["a,b,c", "d,é,f", "g,h,i", "j,,", ",,", "", "k", "l,m", "n,o,p,q", ",,,", "r,s,t,"]
    ),
    max_size=20,
).flatmap(lambda rows: st.sampled_from(["\n", "\r\n"]).map(lambda end: end.join(rows)))


def read(data: bytes, cuts: list[int], *, use_fast: bool, options: LoadOptions = OPTIONS):
    """Read data cut into blocks; an error counts as what was read."""
    ends = [*sorted(min(cut, len(data)) for cut in cuts), len(data)]
    starts = [0, *ends[:-1]]
    blocks = [data[a:b] for a, b in zip(starts, ends, strict=True)]
    flagged = [(block, at == len(blocks) - 1) for at, block in enumerate(blocks)]
    cells, lines, faults = [], [], {}
    try:
        for rows in read_rows(flagged, ",", 3, options, line=2, use_fast=use_fast):
            faults |= {len(cells) + at: fault for at, fault in rows.faults.items()}
            cells += zip(*(column.to_pylist() for column in rows.cells.columns), strict=True)
            lines += rows.lines.to_pylist()
    except CampaignFileError as error:
        return str(error)
    return cells, lines, faults


@settings(max_examples=400)
@given(TEXTS | QUOTED | RAGGED, st.lists(st.integers(0, 60), max_size=3))
@example("a,b,c\n\n,,\nd,e,f", [])
@example('a,"b\n\n",c\n"",,\n\nd,e,f\n', [9])
@example("\ufeffa,b,c\n", [])
def test_both_readers_agree(text, cuts):
    """On every file that both read, wherever its blocks end."""
    data = text.encode()
    patient = read(data, [], use_fast=False)
    assert read(data, cuts, use_fast=True) == patient
    assert read(data, cuts, use_fast=False) == patient


@pytest.mark.parametrize(
    "text",
    [
        "a,b,c\n" * 3,
        "a,b,c\r\nd,e,f",
        'a,"b,b",c\n',
        'a,"b\nb",c\nd,e,f\n',
        '"""a""",b,c\n',
        "a,b,c\n\n,,\n",
    ],
)
def test_the_fast_reader_takes_what_is_well_formed(text):
    """Quotes, line breaks in them, both line endings and blank lines are no reason to go slow."""
    data = text.encode()
    read_ = csv_arrow.read(data, ",", 3, line=1, final=True, max_line=100)
    assert read_ is not None
    assert read_[1] == len(data)


@pytest.mark.parametrize(
    "text",
    ["a,b\n", "a,b,c,d\n", "a,b,c\rd,e,f\n", 'a,b"b",c\n', 'a,"b"b,c\n', 'a, "b",c\n', "x" * 200],
)
def test_the_fast_reader_leaves_what_is_odd(text):
    """Ragged rows, lone carriage returns, misplaced quotes and long lines go to the patient one."""
    assert csv_arrow.read(text.encode(), ",", 3, line=1, final=True, max_line=100) is None


def test_a_few_ragged_rows_are_no_reason_to_go_slow():
    """They are read beside the others, and come back in their place."""
    data = b"a,b,c\n" * 5 + b"d\n" + b"\n" + b"e,f,g,h\n" + b",,,\n" + b"i,j,k"
    rows, consumed, line = csv_arrow.read(data, ",", 3, line=1, final=True, max_line=100)
    assert (consumed, line) == (len(data), 11)
    assert rows.lines.to_pylist() == [1, 2, 3, 4, 5, 6, 8, 10]
    assert rows.cells.column(0).to_pylist() == [*"aaaaadei"]
    assert list(rows.faults) == [6]
