"""Write a campaign file of so many rows: 5 % bad in mixed ways, a tenth of the numbers messy.

python benchmarks/validate/generate.py ROWS FILE [SHAPE]

Shapes: `few` (the default: labels and reasons repeat), `templated` (an order number in each
reason), `distinct` (callers, receivers, reasons and seconds all differ, 1,000 labels), `messy` (no
number is plain digits), `bad` (30 % of the receivers are wrong), `wide` (40 columns that nobody
uses).

The same rows and shape give the same file. Times lie three days ahead of the day it is written, so
that the only windows already past are the bad ones.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import xlsxwriter

BAD = 0.05
CHUNK = 500_000
WIDE = 40
NAMES = [
    "Acme Bank",
    "Acme Courier",
    "Delivery Team",
    "Your Loan Desk",
    "आपका पार्सल",
    "Café Clinic",
]
REASONS = [
    "Your parcel arrives today between ten and twelve",
    "Your loan application has been approved",
    "The delivery partner is calling about your order",
    "Please confirm the delivery of your new card",
    "आपका ऑर्डर आज पहुँच रहा है",
    "Reminder of your appointment tomorrow morning",
]
FIELDS = [
    "caller_number",
    "receiver_number",
    "label_id",
    "dynamic_label_name",
    "dynamic_call_reason",
    "starts_at",
    "ends_at",
]


def main(rows: int, path: Path, shape: str = "few") -> None:
    """Write the file in chunks; a workbook if it is named so."""
    rng = np.random.default_rng(20260403)
    names = [*FIELDS, *(f"extra {n}" for n in range(WIDE if shape == "wide" else 0))]
    schema = pa.schema([(name, pa.string()) for name in names])
    day = datetime.now(UTC).date() + timedelta(days=3)
    if path.suffix == ".xlsx":
        write_workbook(path, chunk(rng, rows, np.datetime64(day), shape))
        return
    options = pacsv.WriteOptions(quoting_style="none")
    with pacsv.CSVWriter(path, schema, write_options=options) as writer:
        for first in range(0, rows, CHUNK):
            writer.write_table(chunk(rng, min(CHUNK, rows - first), np.datetime64(day), shape))


def write_workbook(path: Path, table: pa.Table) -> None:
    """Write all cells as text."""
    with xlsxwriter.Workbook(path, {"constant_memory": True, "strings_to_numbers": False}) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, FIELDS)
        columns = [table[name].to_pylist() for name in FIELDS]
        for at, row in enumerate(zip(*columns, strict=True), 1):
            for column, text in enumerate(row):
                sheet.write_string(at, column, text)


def chunk(rng: np.random.Generator, rows: int, day: np.datetime64, shape: str) -> pa.Table:
    """Make some rows of a shape."""
    national = (90 + rng.choice([0, 1, 3, 4, 6, 7, 8, 9], rows)) * 10**8 + rng.integers(
        0, 10**8, rows
    )
    # 98 and 97 only where the number goes without its country code: others are valid elsewhere too
    safe = 98 * 10**8 + national % 10**8
    plain = 0.0 if shape == "messy" else 0.90
    form = rng.choice(6, rows, p=[plain, *(np.array([3, 2, 2, 2, 1]) / 10 * (1 - plain))])
    digits = _text(np.where(form >= 3, safe, national))
    head, tail = pc.utf8_slice_codeunits(digits, 0, 5), pc.utf8_slice_codeunits(digits, 5)
    receivers = _choose(
        form,
        [
            _joined("91", digits),
            _joined("+91 ", head, " ", tail),
            _joined("+91-", head, "-", tail),
            _joined("0", digits),
            digits,
            _joined("0091", digits),
        ],
    )
    callers = _text(91 * 10**10 + 98 * 10**8 + rng.integers(0, 10**8, 20)).take(
        pa.array(rng.integers(0, 20, rows))
    )
    ids = [str(UUID(bytes=rng.bytes(16), version=4)) for _ in range(12)]
    start = (
        day + rng.integers(0, 14, rows) + rng.integers(0, 12 * 60, rows).astype("timedelta64[m]")
    )
    end = start + np.timedelta64(8, "h")
    columns = {
        "caller_number": callers,
        "receiver_number": receivers,
        "label_id": pa.array(ids).take(pa.array(rng.integers(0, 12, rows))),
        "dynamic_label_name": pa.array(NAMES).take(pa.array(rng.integers(0, len(NAMES), rows))),
        "dynamic_call_reason": pa.array(REASONS).take(
            pa.array(rng.integers(0, len(REASONS), rows))
        ),
        "starts_at": _iso(start),
        "ends_at": _iso(end),
    }
    if shape in {"templated", "distinct"}:
        orders = _text(10**6 + rng.permutation(rows))
        columns["dynamic_call_reason"] = _joined(columns["dynamic_call_reason"], " order ", orders)
    if shape == "distinct":
        labels = pa.array([f"Label number {n}" for n in range(1000)])
        columns["dynamic_label_name"] = labels.take(pa.array(rng.integers(0, 1000, rows)))
        columns["caller_number"] = _text(91 * 10**10 + 98 * 10**8 + rng.permutation(rows))
        seconds = rng.integers(0, 86_400, rows).astype("timedelta64[s]")
        start, end = start + seconds, end + seconds
        columns |= {"starts_at": _iso(start), "ends_at": _iso(end)}
    bad = np.where(rng.random(rows) < BAD, rng.integers(0, 10, rows), -1)
    if shape == "bad":
        bad = np.where(rng.random(rows) < 0.30, rng.integers(0, 3, rows), -1)
    past = _iso(start - np.timedelta64(365, "D"))
    for number, (name, value) in enumerate(
        [
            ("receiver_number", "9.19877E+11"),
            ("receiver_number", pc.utf8_slice_codeunits(digits, 0, 7)),
            ("receiver_number", ""),
            ("starts_at", "03/04/2026 10:00"),
            ("ends_at", columns["starts_at"]),
            ("ends_at", past),
            ("label_id", "parcel-label-7"),
            ("dynamic_label_name", "AB"),
            ("dynamic_call_reason", "Call now! Only today & tomorrow"),
            ("dynamic_call_reason", "Hello"),
        ]
    ):
        columns[name] = pc.if_else(pa.array(bad == number), value, columns[name])
    columns["starts_at"] = pc.if_else(pa.array(bad == 5), past, columns["starts_at"])
    extra = {f"extra {n}": orders_like(rng, rows) for n in range(WIDE if shape == "wide" else 0)}
    return pa.table({name: columns[name] for name in FIELDS} | extra)


def orders_like(rng: np.random.Generator, rows: int) -> pa.Array:
    """Make a column that nobody uses."""
    return _joined("order ", _text(rng.integers(0, 10**6, rows)))


def _text(numbers: np.ndarray) -> pa.Array:
    return pa.array(numbers.astype(np.int64)).cast(pa.string())


def _joined(*parts: str | pa.Array) -> pa.Array:
    return pc.binary_join_element_wise(*parts, "")


def _choose(which: np.ndarray, options: list[pa.Array]) -> pa.Array:
    return pc.choose(pa.array(which.astype(np.int64)), *options)


def _iso(moments: np.ndarray) -> pa.Array:
    text = pc.strftime(pa.array(moments.astype("datetime64[s]")), "%Y-%m-%dT%H:%M:%S")
    return _joined(text, "+05:30")


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]), *sys.argv[3:4])
