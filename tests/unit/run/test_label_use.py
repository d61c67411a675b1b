"""Which label ids a file's rows name, and which of them are unknown."""

from __future__ import annotations

from collections import Counter
from types import SimpleNamespace

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from bulkcall.run import label_use
from bulkcall.run.label_use import LabelUse, in_words

IDS = ["aa", "AA", "bb", "cc", None]
files = st.lists(
    st.lists(st.tuples(st.sampled_from(IDS), st.booleans()), min_size=1, max_size=20), max_size=5
)


def counted(chunks):
    """Count chunks of (label id, valid)."""
    use, row = LabelUse(), 1
    for rows in chunks:
        records = pa.table(
            {
                "row": pa.array(range(row, row + len(rows)), pa.int64()),
                "valid": pa.array([valid for _, valid in rows], pa.bool_()),
                "label_id": pa.array([label for label, _ in rows], pa.string()),
            }
        )
        use.add(SimpleNamespace(records=records))
        row += len(rows)
    return use


@given(files, st.sets(st.sampled_from(["aa", "bb", "cc"])))
def test_every_valid_row_of_an_unknown_id_is_counted_and_the_first_are_named(chunks, known):
    """Invalid rows and empty cells do not count; an id is the same in either case."""
    flat = [one for rows in chunks for one in rows]
    named = {row: label.lower() for row, (label, valid) in enumerate(flat, 1) if label and valid}
    expected = Counter(label for label in named.values() if label not in known)
    found = counted(chunks).unknown(dict.fromkeys(known, ""))
    assert {one.label_id: one.count for one in found} == dict(expected)
    for one in found:
        rows = [row for row, label in named.items() if label == one.label_id]
        assert list(one.rows) == rows[: label_use.MOST_ROWS_SHOWN]


def test_more_ids_than_any_account_has_are_counted_together(monkeypatch):
    """Memory is bounded, and none of them is taken for known."""
    monkeypatch.setattr(label_use, "MOST_IDS", 2)
    use = counted([[(f"id-{n}", True) for n in range(5)]])
    assert sum(one.count for one in use.unknown({"id-0": ""})) == 4


def test_in_words():
    """How many rows, which ids, and the first rows of each."""
    use = counted([[("aa", True), ("bb", True)] + [("aa", True)] * 6])
    assert in_words(use.unknown({})) == (
        "8 rows name a label_id that this account does not have: aa in rows 1, 3, 4, 5, 6, …; "
        "bb in row 2 (`bulkcall labels` lists those it has)"
    )
