"""Equal rows (contract, Equal rows), and the identity that recognises a record in a later run."""

from __future__ import annotations

import random

import numpy as np
import pytest

from bulkcall.records import Field
from bulkcall.validate import DuplicateFinder, ValidateOptions, Validator
from bulkcall.validate.duplicates import _ENTRY, _repeats
from tests.unit.validate.conftest import GOOD, NOW_MS, campaign_file, chunk_of

C, R, L, N, W, S, E = Field

IDENTITIES = [-7150012443140725265, -3631622468379669920, -7150012443140725265]


def repeats(*checked, in_memory=500_000):
    """Find the equal rows of these chunks: (row, first row) pairs."""
    finder = DuplicateFinder(in_memory)
    for chunk in checked:
        finder.add(chunk)
    rows, first_rows = finder.finish()
    assert rows.dtype == first_rows.dtype == np.int64
    return list(zip(rows.tolist(), first_rows.tolist(), strict=True))


def test_equal_rows_are_compared_as_finished_records(check):
    """+91 98… and 098… are one number, a spreadsheet date and ISO one time, spaces are trimmed."""
    checked = check(
        {},
        {C: "098765 43210", R: "9876543211", S: "46115.4166666667", N: " Acme Courier"},
        {L: GOOD[L].upper()},
        {R: "9876543212"},
        {},
    )
    assert repeats(checked) == [(2, 1), (3, 1), (5, 1)]


@pytest.mark.parametrize(
    "change",
    [
        {C: "9876543299"},
        {R: "9876543299"},
        {L: ""},
        {L: "123e4567-e89b-12d3-a456-426614174001"},
        {N: "acme courier"},
        {W: ""},
        {W: "Your parcel arrives later"},
        {S: "2026-04-03T10:00:00.001+05:30"},
        {E: "2026-04-03T18:00:00.001+05:30"},
    ],
)
def test_rows_that_differ_in_one_field_are_not_equal(check, change):
    """Every field of the record counts."""
    assert repeats(check({}, change)) == []


def test_caller_and_receiver_are_not_interchangeable(check):
    """The same two numbers the other way round are another call."""
    assert repeats(check({}, {C: GOOD[R], R: GOOD[C]})) == []


def test_a_name_is_not_taken_for_a_reason(check):
    """The same text in another field is another record."""
    text = "Your parcel today"
    assert repeats(check({N: text, W: ""}, {N: "", W: text})) == []


def test_invalid_rows_are_not_compared(check):
    """Contract: '`invalid` rows are not compared'."""
    assert repeats(check({N: "x"}, {N: "x"})) == []


def test_other_columns_don_t_count():
    """Contract: 'other columns don't count'."""
    fields = tuple(Field)
    chunk = chunk_of([GOOD, GOOD], fields)
    cells = chunk.cells.append_column("7", [["order 1", "order 2"]])
    chunk = type(chunk)(1, cells, chunk.lines)
    assert repeats(Validator(campaign_file(), ValidateOptions(now_ms=NOW_MS)).check(chunk)) == [
        (2, 1)
    ]


def test_no_rows_at_all_have_no_repeats():
    """An empty file, and one whose rows are all invalid."""
    assert repeats() == []


@pytest.mark.parametrize("in_memory", [10, 500_000])
def test_repeats_are_found_across_chunks_and_on_disk(in_memory):
    """With entries spilled to disk the answer is what a dictionary would give."""
    rnd = random.Random(7)
    validator = Validator(campaign_file(), ValidateOptions(now_ms=NOW_MS))
    seen: dict[str, int] = {}
    expected, chunks = [], []
    for first_row in range(1, 601, 60):
        numbers = [f"98765{rnd.randrange(300):05d}" for _ in range(60)]
        chunks.append(
            validator.check(chunk_of([{**GOOD, R: each} for each in numbers], first_row=first_row))
        )
        for row, number in enumerate(numbers, start=first_row):
            first = seen.setdefault(number, row)
            if first != row:
                expected.append((row, first))
    assert repeats(*chunks, in_memory=in_memory) == expected


def test_identity_is_the_same_in_every_process_and_version(check):
    """The numbers stand in ledgers on users' disks: these must never change."""
    records = check({}, {L: "", W: ""}, {S: "2026-04-03T11:00+05:30"}).records
    identities = records["identity"].to_pylist()
    assert identities[0] == identities[2], "the times are no part of it"
    assert identities == IDENTITIES


def test_records_that_share_one_word_of_their_hash_are_told_apart():
    """Equal means equal in all 128 bits, wherever the rows stand."""
    entries = np.array([(7, 1, 1), (7, 2, 2), (7, 1, 3), (8, 1, 4), (7, 2, 5)], dtype=_ENTRY)
    rows, first_rows = _repeats(entries)
    assert sorted(zip(rows.tolist(), first_rows.tolist(), strict=True)) == [(3, 1), (5, 2)]
