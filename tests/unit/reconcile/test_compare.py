"""Comparing any campaign file with any batches."""

from __future__ import annotations

import pytest

from bulkcall.errors import UsageError
from bulkcall.reconcile.compare import StatusData, compare
from bulkcall.reconcile.external_batches import FileRow, read_status_file
from bulkcall.records import CallRecord, Match, RowState
from tests.unit.reconcile.fakes import END, START, element, record

ROWS = [FileRow(row, record(row)) for row in range(1, 5)]


def test_rows_of_several_batches_find_theirs():
    """Each row gets the word of the batch that lists it, and that batch."""
    found = compare(
        ROWS,
        [
            StatusData("a", [element(3), element(1)]),
            StatusData("b", [element(2, "error"), element(4)]),
        ],
    )
    assert {row: one.state for row, one in found.verdicts.items()} == {
        1: RowState.SUCCESS,
        2: RowState.ERROR,
        3: RowState.SUCCESS,
        4: RowState.SUCCESS,
    }
    assert found.batch_of == {1: "a", 3: "a", 2: "b", 4: "b"}


def test_a_row_that_no_batch_lists_is_missing_when_all_is_final():
    """Not listed anywhere: missing, and the message names the batches."""
    found = compare(ROWS, [StatusData("a", [element(1)]), StatusData("b", [element(2)])])
    assert found.verdicts[3].state is RowState.MISSING
    assert found.verdicts[3].message == "none of the batches a, b lists it"


def test_a_row_that_is_not_listed_is_pending_while_a_batch_is_not_final():
    """A batch that is not final may still list it."""
    found = compare(ROWS, [StatusData("a", [element(1), element(2, "processing")])])
    assert found.verdicts[3].state is RowState.ACCEPTED
    assert compare(ROWS, [StatusData("a", [])]).verdicts[1].state is RowState.ACCEPTED


def test_a_row_in_two_batches_has_its_better_end():
    """Sent twice by others, error and success: success, both told."""
    found = compare(
        ROWS, [StatusData("a", [element(1, "error")]), StatusData("b", [element(1)])]
    ).verdicts[1]
    assert found.state is RowState.SUCCESS
    assert (
        found.message
        == "stands in 2 batches: batch b: success; batch a: error (the server gives no reason)"
    )


def test_look_alikes_spread_over_batches_are_one_group():
    """Rows that look alike, half in each batch, all fine: success as a group."""
    alike = CallRecord("918000000001", "919876500001", START, END)
    rows = [FileRow(row, alike) for row in (1, 2)]
    shown = {"ends_at": END, "dynamic_label_name": None}
    found = compare(
        rows,
        [
            StatusData("a", [element(1, **shown)]),
            StatusData("b", [element(2, **shown)]),
        ],
    )
    assert {one.match for one in found.verdicts.values()} == {Match.GROUP}


def test_strangers_are_told_with_their_batch():
    """A record of no row of the file."""
    found = compare(ROWS, [StatusData("a", [element(1), element(99)])])
    assert [one.record_id for one in found.unexpected["a"]] == ["id-99"]


def test_the_same_batch_given_twice_counts_once():
    """Asked and saved: one batch."""
    found = compare(ROWS, [StatusData("a", [element(1)]), StatusData("a", [element(1)])])
    assert found.verdicts[1].state is RowState.SUCCESS
    assert found.verdicts[1].message == ""


@pytest.mark.parametrize(
    ("text", "batch"),
    [
        ('{"batch_id": "b-1", "data": [{"id": "x"}]}', "b-1"),
        ('[{"batch_id": "b-1", "data": [{"id": "x"}]}]', "b-1"),
        ('{"data": [{"id": "x"}]}', "answer"),
        ('[{"id": "x"}]', "answer"),
    ],
)
def test_saved_answers_of_each_shape_are_read(tmp_path, text, batch):
    """One answer, a list of answers, an answer without id, a bare list of records."""
    path = tmp_path / "answer.json"
    path.write_text(text)
    assert read_status_file(str(path)) == [StatusData(batch, [{"id": "x"}])]


@pytest.mark.parametrize("text", ["", "not json", "3", '{"data": 5}', '"x"', "{}"])
def test_a_file_that_is_no_answer_is_one_clear_line(tmp_path, text):
    """Anything else is a usage error that names the file."""
    path = tmp_path / "answer.json"
    path.write_text(text)
    with pytest.raises(UsageError, match=r"answer\.json: "):
        read_status_file(str(path))


def test_a_file_that_is_not_there_is_one_clear_line(tmp_path):
    """A missing file is a usage error that names it."""
    with pytest.raises(UsageError, match="can't be read"):
        read_status_file(str(tmp_path / "none.json"))


@pytest.mark.parametrize("hours", [24, 5.5, 0])
def test_a_batch_of_another_day_gives_no_row_an_end(hours):
    """The same people in other windows may be yesterday's batch: pending, never success."""
    rows = [FileRow(row, record(row)) for row in range(1, 9)]
    moved = int(hours * 3_600_000)
    shown = [
        element(row, starts_at=START - moved, ends_at=rows[row - 1].record.ends_at - moved)
        for row in range(1, 9)
    ]
    found = compare(rows, [StatusData("a", shown)])
    states = {one.state for one in found.verdicts.values()}
    assert states == {RowState.ACCEPTED if hours else RowState.SUCCESS}
    assert all(one.message for one in found.verdicts.values() if hours)
    assert not found.unexpected["a"]
