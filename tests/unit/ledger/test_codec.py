"""Arrow tables become the values that a statement binds."""

from __future__ import annotations

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from bulkcall.ledger.codec import python_rows

NUMBERS = st.integers(-(2**63), 2**63 - 1)
KINDS = {
    "number": (pa.int64(), NUMBERS),
    "gap": (pa.int64(), st.none() | NUMBERS),
    "text": (pa.string(), st.none() | st.text(max_size=3)),
    "nothing": (pa.string(), st.none()),
}


@given(
    st.data(),
    st.lists(st.sampled_from(sorted(KINDS)), min_size=1, max_size=4),
    st.integers(0, 12),
    st.integers(1, 5),
    st.integers(0, 12),
)
def test_rows_come_out_whole_and_in_order(data, kinds, count, together, skipped):
    """Whatever the columns hold, and of a slice too, lists of so many rows hold each value once."""
    columns = {}
    for place, kind in enumerate(kinds):
        arrow, values = KINDS[kind]
        drawn = data.draw(st.lists(values, min_size=count, max_size=count))
        columns[str(place)] = pa.array(drawn, arrow)
    table = pa.table(columns).slice(skipped)
    lists = list(python_rows(table, together))
    flat = [value for row in table.to_pylist() for value in row.values()]
    assert [value for values in lists for value in values] == flat
    assert all(len(values) == together * len(kinds) for values in lists[:-1])
    assert all(type(value) in (int, str, type(None)) for values in lists for value in values)
