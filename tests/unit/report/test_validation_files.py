"""What `validate --out` writes, without a ledger."""

from __future__ import annotations

import csv
import json

import pyarrow as pa
import pytest

from bulkcall.errors import DiskFullError
from bulkcall.records import CampaignFile, CheckedChunk, Chunk, Field
from bulkcall.report import ValidationReport

FILE = CampaignFile(
    path="campaign.csv",
    sha256="ab" * 32,
    size=1,
    kind="csv",
    columns=("receiver", "error_message", "note"),
    fields={Field.RECEIVER_NUMBER: 0},
    header_line=1,
)


def checked(first, notes, bad):
    """A chunk of rows with these notes; `bad` maps a row to its (field, message) findings."""
    rows = list(range(first, first + len(notes)))
    cells = pa.table([pa.array(["98"] * len(rows)), pa.array(["old"] * len(rows)), pa.array(notes)],
                     names=["0", "1", "2"])  # fmt: skip
    told = [bad.get(row, [(None, None)])[0] for row in rows]
    records = pa.table(
        {
            "row": pa.array(rows, pa.int64()),
            "valid": pa.array([row not in bad for row in rows]),
            "field": pa.array([field for field, _ in told], pa.string()),
            "message": pa.array([message for _, message in told], pa.string()),
            "code": pa.array(["a.code" if message else None for _, message in told], pa.string()),
        }
    )
    found = [(row, *each) for row, findings in bad.items() for each in findings]
    findings = pa.table(
        {
            "row": pa.array([row for row, _, _ in found], pa.int64()),
            "field": pa.array([field for _, field, _ in found], pa.string()),
            "message": pa.array([message for _, _, message in found], pa.string()),
            "code": pa.array(["a.code"] * len(found), pa.string()),
            "value": pa.array([""] * len(found), pa.string()),
        }
    )
    lines = pa.array([row + 1 for row in rows], pa.int64())
    return CheckedChunk(Chunk(first, cells, lines), records, findings)


def test_invalid_rows_and_counts_of_all_chunks(tmp_path):
    """Rows of two chunks, one with two findings; an earlier error_message is replaced."""
    with ValidationReport(tmp_path / "out", FILE) as report:
        report.add(
            checked(1, ["a", "=b"], {2: [("receiver_number", "short"), ("ends_at", "past")]})
        )
        report.add(checked(3, ["c", "d"], {4: [("ends_at", "past")]}))
        files = report.close(duplicates=1)
    with files["rejected.csv"].open(newline="") as file:
        assert list(csv.reader(file)) == [
            ["receiver", "note", "error_field", "error_message", "error_code"],
            ["98", "'=b", "receiver_number; ends_at", "short; past", "a.code"],
            ["98", "d", "ends_at", "past", "a.code"],
        ]
    assert json.loads(files["summary.json"].read_text()) == {
        "rows": 4,
        "valid": 1,
        "invalid": 2,
        "duplicate": 1,
    }
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"rejected.csv", "summary.json"}


def test_left_early_it_leaves_nothing(tmp_path):
    """A file that turns out unreadable halfway writes no half of a report."""
    with ValidationReport(tmp_path, FILE) as report:
        report.add(checked(1, ["a"], {1: [("ends_at", "past")]}))
    assert list(tmp_path.iterdir()) == []

    def fail():
        with ValidationReport(tmp_path, FILE):
            raise ValueError

    with pytest.raises(ValueError, match=r"^$"):
        fail()
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_one_clear_line(tmp_path):
    """What the system says becomes the error that the command line knows."""

    def write():
        with ValidationReport(tmp_path, FILE):
            raise OSError(28, "No space left on device")

    with pytest.raises(DiskFullError, match=r"rejected\.csv: no room left"):
        write()
    assert list(tmp_path.iterdir()) == []
