"""Parquet campaign files: the content tells the kind, typed cells have their own text."""

from __future__ import annotations

import datetime as dt
import io
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bulkcall.errors import CampaignFileError, UsageError
from bulkcall.records import RowRule

INDIA = dt.timezone(dt.timedelta(hours=5, minutes=30))
NO_TIMES = frozenset()


def parquet(**columns):
    """Write columns; a value is a list or an Arrow array."""
    out = io.BytesIO()
    pq.write_table(pa.table(columns), out)
    return out.getvalue()


def test_typed_cells_have_their_own_text(load):
    """Whole numbers as digits, dates and times as ISO 8601, nothing as empty."""
    day, time = dt.date(2026, 3, 31), dt.datetime.fromisoformat("2026-03-31T09:10:00")
    loaded = load(
        parquet(
            caller=pa.array([919876543210, 919876543210], pa.int64()),
            receiver=pa.array([9811122233.0, None], pa.float64()),
            label=["Crédit", None],
            start=pa.array([time, None], pa.timestamp("ns")),
            end=pa.array([time, None], pa.timestamp("ms", tz="Asia/Kolkata")),
            day=pa.array([day, None], pa.date32()),
            paid=[True, None],
            sum=pa.array([Decimal("12.50"), Decimal("3.00")], pa.decimal128(9, 2)),
            code=pa.array(["007", "x"], pa.string()).dictionary_encode(),
            raw=pa.array([b"bytes", None], pa.binary()),
        ),
        name="list.csv",
        supplied=NO_TIMES,
    )
    assert loaded.file.kind == "parquet"
    assert loaded.rows[0] == (
        "919876543210", "9811122233", "Crédit", "2026-03-31T09:10:00", "2026-03-31T14:40:00+05:30",
        "2026-03-31", "TRUE", "12.50", "007", "bytes",
    )  # fmt: skip
    assert loaded.rows[1] == ("919876543210", "", "", "", "", "", "", "3", "x", "")
    assert loaded.lines == [2, 3]


def test_a_date_in_a_time_column_is_its_midnight(load):
    """As in a workbook."""
    day = pa.array([dt.date(2026, 3, 31)], pa.date32())
    loaded = load(parquet(caller=["1"], receiver=["2"], label=["A"], start=day, end=day),
                  supplied=NO_TIMES)  # fmt: skip
    assert loaded.rows == [("1", "2", "A", "2026-03-31T00:00:00", "2026-03-31T00:00:00")]


def test_lists_and_records_that_nobody_uses_refuse_no_file(load):
    """In a column that is used they make their rows invalid."""
    data = parquet(
        caller=["1", "1"], receiver=["2", "3"], label=["A", "B"],
        tags=[["x"], []], address=[{"city": "Pune"}, None], raw=[b"\xff", b"ok"],
    )  # fmt: skip
    assert [row[:3] for row in load(data).rows] == [("1", "2", "A"), ("1", "3", "B")]
    assert not load(data).faults
    used = load(data, columns={"dynamic_call_reason": "tags"})
    assert {row: fault.rule for row, fault in used.faults.items()} == {
        1: RowRule.CELL_UNREADABLE,
        2: RowRule.CELL_UNREADABLE,
    }


def test_a_damaged_parquet_file_is_one_clear_line(load):
    """Cut off, or not Parquet behind its first bytes."""
    data = parquet(caller=["1"], receiver=["2"], label=["A"])
    for bad in (data[:-20], b"PAR1" + bytes(200) + b"PAR1", data[:60] + bytes(40) + data[100:]):
        with pytest.raises(
            CampaignFileError, match=r"Parquet file is damaged|can.t be read"
        ) as caught:
            load(bad)
        assert "\n" not in str(caught.value)


def test_a_sheet_of_parquet_is_wrong_usage(load):
    """It has none."""
    with pytest.raises(UsageError, match="--sheet is for workbooks"):
        load(parquet(caller=["1"], receiver=["2"], label=["A"]), sheet="A")


def test_many_rows_are_all_read(load):
    """More than one batch."""
    count = 45_000
    loaded = load(
        parquet(caller=["1"] * count, receiver=list(map(str, range(count))), label=["A"] * count)
    )
    assert [row[1] for row in loaded.rows] == list(map(str, range(count)))
    assert loaded.lines[-1] == count + 1
