"""The report's pure parts: times, CSV text, masks, reasons, the way of the rows."""

from __future__ import annotations

import csv
import io
import itertools
from datetime import UTC, datetime

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkcall.records import Outcome
from bulkcall.report import build_report
from bulkcall.report.aggregate import OTHERS
from bulkcall.report.csv_text import csv_lines, header_line, inert_cells
from bulkcall.report.funnel import funnel
from bulkcall.report.reasons import reason_text
from bulkcall.report.rows import row_blocks
from bulkcall.report.summary_md import summary_md
from bulkcall.report.times import iso, iso_times
from bulkcall.support.formula_escape import escape_formula
from bulkcall.support.masking import masked, masked_text
from tests.unit.report.campaign import sample_ledger
from tests.unit.report.ledgers import FakeLedger, result

TEXT = st.text(
    st.one_of(
        st.sampled_from("\"',\r\n\t=+-@;1a é"),
        st.characters(codec="utf-8", exclude_characters="\x00"),
    ),
    max_size=12,
)
LATEST = 253_402_300_799_999


@given(st.lists(st.none() | st.integers(0, LATEST), max_size=30))
def test_times_are_what_datetime_says(times):
    """The digits laid by hand are those of the standard library, null is empty."""
    told = iso_times(pa.array(times, pa.int64())).to_pylist()
    for time, text in zip(times, told, strict=True):
        if time is None:
            assert text == ""
        else:
            when = datetime.fromtimestamp(time // 1000, UTC).replace(microsecond=time % 1000 * 1000)
            assert (
                text == when.isoformat(timespec="milliseconds").replace("+00:00", "Z") == iso(time)
            )


@given(st.integers(1, 4).flatmap(lambda n: st.lists(st.tuples(*[TEXT] * n), min_size=1)))
def test_csv_text_reads_back_as_inert_cells(rows):
    """Whatever stands in the cells, another reader gets every one of them, made inert."""
    columns = [inert_cells(pa.array(column, pa.string())) for column in zip(*rows, strict=True)]
    # As in the files, a column that is never empty stands first, so that no line is blank.
    columns.insert(0, pa.array(["x"] * len(rows)))
    text = b"".join(csv_lines(columns)).decode()
    read = list(csv.reader(io.StringIO(text, newline="")))
    assert [tuple(line[1:]) for line in read] == [tuple(map(escape_formula, row)) for row in rows]


@given(st.lists(TEXT, min_size=2, max_size=5))
def test_a_header_reads_back(names):
    """Names are cells too."""
    [read] = csv.reader(io.StringIO(header_line(names).decode(), newline=""))
    assert read == [escape_formula(name) for name in names]


@given(st.integers(1, 40), st.integers(1, 9), st.integers(1, 4))
def test_results_and_text_stay_side_by_side(rows, chunk, size):
    """However the ledger cuts its two streams, each row keeps its own text."""
    ledger = FakeLedger(["a"], [[str(n)] for n in range(1, rows + 1)], [result("success")] * rows)
    ledger.chunk = chunk
    seen = []
    for block in row_blocks(ledger, "r", size):
        assert block.results.num_rows == block.cells.num_rows <= size
        seen += zip(
            map(str, block.results.column("row").to_pylist()),
            block.cells.column(0).to_pylist(),
            strict=True,
        )
    assert seen == [(str(n), str(n)) for n in range(1, rows + 1)]


def test_sliced_columns_are_written_from_their_own_place():
    """A block that starts in the middle of a buffer writes its own rows."""
    column = pa.array(["=a", "b", "c,d", "e"]).slice(1, 2)
    assert b"".join(csv_lines([inert_cells(column)])) == b'b\n"c,d"\n'


@given(st.text("0123456789", min_size=8, max_size=15))
def test_a_masked_number_can_not_be_dialled(digits):
    """At most five digits are left, and the length tells nothing away."""
    hidden = masked(digits)
    assert len(hidden) == len(digits)
    assert sum(each.isdigit() for each in hidden) <= 5


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("call +91 98100 00001 now", "call 91•••••••001 now"),
        ("at 2025-11-21T04:40:00Z", "at 2025-11-21T04:40:00Z"),
        ("row 1234567", "row 12••567"),
        ("503 after 5 tries", "503 after 5 tries"),
    ],
)
def test_numbers_inside_texts_are_masked(text, told):
    """Phone numbers go, dates and small figures stay."""
    assert masked_text(text) == told


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("'123' is not a phone number", "'+45678' is not a phone number"),
        ("the same record stands in row 7", "the same record stands in row 1234"),
        (
            "too long (143 characters); must be 10 to 100",
            "too long (7 characters); must be 10 to 100",
        ),
        ("too long (11 digits); one digit too many", "too long (9 digits); one digit too many"),
        ('contains "%", which is not allowed', 'contains "#" "&", which is not allowed'),
        ("contains U+200D inside, an", "contains U+FE0E inside, an"),
        (
            "the status of batch 08c1a2b3-1111-2222-3333-444455556666 did not list it",
            "the status of batch 6c41a05e-ad01-4a2b-a32e-e28c3cffabe3 did not list it",
        ),
        ("ends_at 2025-11-21T04:40:00Z is past", "ends_at 1763700000000 is past"),
    ],
)
def test_reasons_that_say_the_same_are_one(one, other):
    """What differs from row to row does not make a reason of its own."""
    assert reason_text(one) == reason_text(other)


def test_reasons_that_differ_stay_apart():
    """A status or a length is part of the reason."""
    assert reason_text("503 at each try") != reason_text("429 at each try")
    assert reason_text("the server says 'queued'") != reason_text("the server says 'held'")
    assert reason_text("copy the label's id, not the label's name").count("label's") == 2
    assert reason_text("shorter than 3") != reason_text("longer than 40")


@given(st.lists(st.integers(0, 10**6), min_size=11, max_size=11))
def test_the_way_of_the_rows_hides_nothing(counts):
    """Each step has what the last one kept; what leaves, with what arrives, is every row."""
    outcomes = dict(zip(Outcome, counts, strict=True))
    way = funnel(outcomes)
    assert way[0].rows == sum(counts)
    for step, after in itertools.pairwise(way):
        assert after.rows == step.rows - sum(each.rows for each in step.leaving)
    assert way[-1].rows == outcomes[Outcome.SUCCESS]
    left = {each.outcome for step in way for each in step.leaving}
    assert left == {each for each in Outcome if outcomes[each] and each is not Outcome.SUCCESS}


def test_reasons_labels_and_callers_add_up():
    """Every row that is not confirmed has its reason; every row its label and caller."""
    report = build_report(sample_ledger(), "r")
    bad = report.rows - report.outcomes[Outcome.SUCCESS]
    assert sum(each.rows for each in report.reasons) == bad
    for groups in (report.labels, report.callers):
        assert sum(each.rows for each in groups) == report.rows
        assert sum(each.others + each.repeats for each in groups) == bad
    assert sum(report.throughput.rows) == sum(each.rows for each in report.hours)
    assert all(each.examples for each in report.reasons)


def test_many_labels_end_in_all_others():
    """The tail is summed up, not dropped."""
    rows = [result("success", dynamic_label_name=f"label {n}") for n in range(40)]
    labels = build_report(FakeLedger(["a"], [["x"]] * 40, rows), "r").labels
    assert len(labels) == 13
    assert labels[-1].name == OTHERS
    assert labels[-1].rows == 28


def test_a_ticket_gets_no_numbers_and_no_markup():
    """summary.md has no phone number, and a cell can't write a heading or a link into it."""
    told = "# big [link](http://x.invalid) 919810000001 <b>"
    ledger = FakeLedger(["a"], [["x"]], [result("error", message=told)])
    text = summary_md(build_report(ledger, "r"))
    assert "919810000001" not in text
    assert "[link](" not in text
    assert "<b>" not in text
    assert "| **all** | **1** |" in text
    assert "bulkcall run rejected.csv" in text
