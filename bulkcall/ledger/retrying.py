"""The rows of a run that can go again as they are, for a run that tries them again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa

from bulkcall.codes import CODES, row_code
from bulkcall.ledger.codec import unpacked
from bulkcall.ledger.schema import row_number, row_range
from bulkcall.records import RowState

if TYPE_CHECKING:
    from bulkcall.ledger.store import Transaction

_ROWS = f"""
    SELECT r.id, r.state, r.http_status, r.code, r.caller, r.receiver, r.starts_at, r.ends_at,
        r.identity, w.label_id, w.name, w.reason
    FROM rows r LEFT JOIN wordings w ON w.id = r.wording
    WHERE r.id BETWEEN ? AND ? AND r.state IN ({RowState.FAILED:d}, {RowState.ERROR:d})
    ORDER BY r.id
"""
_NUMBERS = ("caller_number", "receiver_number", "starts_at", "ends_at", "identity")
_TEXTS = ("label_id", "dynamic_label_name", "dynamic_call_reason")


def chunks(transaction: Transaction, run_no: int) -> list[tuple[Any, ...]]:
    """Return (key of its first row, rows) of each chunk of a run, in row order."""
    return transaction.all(
        "SELECT id, row_count FROM chunks WHERE id BETWEEN ? AND ? ORDER BY id", *row_range(run_no)
    )


def retryable(
    transaction: Transaction, key: int, row_count: int, now: int
) -> tuple[pa.Table, pa.Table, int]:
    """Return a chunk's rows that can go again: their records, their cells; and how many are late.

    Records have the columns of `CheckedChunk.records` that say what is sent, `row` as in this run.
    Cells have the column `line` as well. A late row could go again, but its `ends_at` has passed.
    """
    found = [
        row
        for row in transaction.all(_ROWS, key, key + row_count - 1)
        if not _final(row_code(RowState(row[1]), row[2], row[3]))
    ]
    open_rows = [row for row in found if row[7] > now]
    columns = list(zip(*open_rows, strict=True)) or [()] * 12
    numbers = pa.array([row_number(each) for each in columns[0]], pa.int64())
    records = {"row": numbers}
    for name, column in zip(_NUMBERS, columns[4:9], strict=True):
        records[name] = pa.array(column, pa.int64())
    for name, column in zip(_TEXTS, columns[9:12], strict=True):
        records[name] = pa.array(column, pa.string())
    cells = pa.table({})
    if open_rows:
        blob = transaction.value("SELECT cells FROM chunks WHERE id = ?", key)
        cells = unpacked(blob).take(pa.array([row[0] - key for row in open_rows]))
    return pa.table(records), cells, len(found) - len(open_rows)


def _final(code: str) -> bool:
    return code in CODES and CODES[code].final
