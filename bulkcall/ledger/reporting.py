"""What a report, a trace and a person ask of the ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa

from bulkcall.codes import FORMER_RULES, row_code
from bulkcall.errors import UsageError
from bulkcall.ledger import receiver_index
from bulkcall.ledger.codec import unpacked
from bulkcall.ledger.model import Trace, TracedRow
from bulkcall.ledger.schema import row_number, row_range
from bulkcall.records import CallRecord, Channel, RowState

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bulkcall.ledger.store import Transaction

FINDINGS = pa.schema(
    [("row", pa.int64()), ("line", pa.int64())]
    + [(name, pa.string()) for name in ("field", "code", "value", "message")]
)
_OUTCOMES = """
    SELECT r.id, r.state, r.message, r.field, b.batch_id, r.record_id, r.matched, r.attempts,
        r.http_status, r.sent_at, r.confirmed_at, r.caller, r.receiver, w.label_id, w.name,
        w.reason, r.starts_at, r.ends_at, r.code
    FROM rows r
    LEFT JOIN batches b ON b.batch = r.batch
    LEFT JOIN wordings w ON w.id = r.wording
    WHERE r.id > ? AND r.id <= ? ORDER BY r.id LIMIT ?
"""
_NUMBERS = (
    "attempts",
    "http_status",
    "sent_at",
    "confirmed_at",
    "caller_number",
    "receiver_number",
)
_TEXTS = ("label_id", "dynamic_label_name", "dynamic_call_reason")
_TRACE = """
    SELECT r.id, r.state, r.message, b.batch_id, r.record_id, r.attempts, r.http_status, r.sent_at,
        r.confirmed_at, r.caller, r.receiver, w.label_id, w.name, w.reason, r.starts_at, r.ends_at,
        u.run_id, u.channel
    FROM rows r
    JOIN runs u ON u.run_no = r.run_no
    LEFT JOIN batches b ON b.batch = r.batch
    LEFT JOIN wordings w ON w.id = r.wording
"""
_PHONE_DIGITS = 18
_WORDS = pa.array(
    [RowState(n).outcome.value if n in set(RowState) else "" for n in range(max(RowState) + 1)]
)


def outcomes(
    transaction: Transaction, run_no: int, channel: Channel, size: int
) -> Iterator[pa.Table]:
    """Return the rows' outcomes in row order, `size` rows a table."""
    key, last = row_range(run_no)
    while True:
        found = transaction.all(_OUTCOMES, key, last, size)
        if not found:
            return
        key = found[-1][0]
        yield _outcomes_table(found, channel)


def _outcomes_table(found: list[tuple[Any, ...]], channel: Channel) -> pa.Table:
    columns = list(zip(*found, strict=True))
    table: dict[str, pa.Array] = {
        "row": pa.array([row_number(key) for key in columns[0]], pa.int64()),
        "outcome": _WORDS.take(pa.array(columns[1], pa.int64())),
        "message": _text(columns[2]),
        "field": _text(columns[3]),
        "channel": pa.array([str(channel)] * len(found), pa.string()),
        "batch_id": _text(columns[4]),
        "record_id": _text(columns[5]),
        "match": _text(columns[6]),
    }
    for name, column in zip(_NUMBERS, columns[7:13], strict=True):
        table[name] = pa.array(column, pa.int64())
    for name, column in zip(_TEXTS, columns[13:16], strict=True):
        table[name] = pa.array(column, pa.string())
    table["starts_at"] = pa.array(columns[16], pa.int64())
    table["ends_at"] = pa.array(columns[17], pa.int64())
    table["code"] = pa.array(
        [
            row_code(RowState(state), status, code)
            for state, status, code in zip(columns[1], columns[8], columns[18], strict=True)
        ],
        pa.string(),
    )
    return pa.table(table)


def _text(column: tuple[str | None, ...]) -> pa.Array:
    return pa.array(column, pa.string()).fill_null("")


def cells(transaction: Transaction, run_no: int) -> Iterator[tuple[int, pa.Table]]:
    """Return (first row, cells) in row order, as loaded."""
    first, last = row_range(run_no)
    keys = transaction.all(
        "SELECT id FROM chunks WHERE id BETWEEN ? AND ? ORDER BY id", first, last
    )
    for (key,) in keys:
        blob = transaction.value("SELECT cells FROM chunks WHERE id = ?", key)
        yield row_number(key), unpacked(blob).drop_columns(["line"])


def finding_tables(transaction: Transaction, run_no: int) -> Iterator[pa.Table]:
    """Return the findings of invalid rows in row order, one table for each chunk that has some."""
    first, last = row_range(run_no)
    keys = transaction.all(
        "SELECT id FROM chunks WHERE id BETWEEN ? AND ? AND finding_count > 0 ORDER BY id",
        first,
        last,
    )
    for (key,) in keys:
        table = unpacked(transaction.value("SELECT findings FROM chunks WHERE id = ?", key))
        if "code" not in table.column_names:
            table = _with_codes(table)
        yield table.select(FINDINGS.names).cast(FINDINGS)


def _with_codes(table: pa.Table) -> pa.Table:
    """Return findings that an earlier version wrote, under names of its own, with their codes."""
    codes = [
        FORMER_RULES.get(f"{field}.{rule}") or FORMER_RULES.get(rule, rule)
        for field, rule in zip(
            table.column("field").to_pylist(), table.column("rule").to_pylist(), strict=True
        )
    ]
    return table.append_column("code", pa.array(codes, pa.string()))


def findings(transaction: Transaction, run_no: int, limit: int | None) -> pa.Table:
    """Return the findings of invalid rows in row order, at most `limit`."""
    tables = [FINDINGS.empty_table()]
    found = 0
    for table in finding_tables(transaction, run_no):
        if limit is not None and found >= limit:
            break
        tables.append(table)
        found += table.num_rows
    joined = pa.concat_tables(tables)
    return joined if limit is None else joined.slice(0, limit)


def trace(transaction: Transaction, number: str, limit: int | None) -> Trace:
    """Return the newest rows, in all runs, with this caller or receiver number (digits)."""
    digits = number.strip().removeprefix("+")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= _PHONE_DIGITS):
        raise UsageError(f"{number} is no phone number; write digits with the country code")
    wanted = int(digits)
    keys = sorted(receiver_index.keys_of_receiver(transaction, wanted), reverse=True)
    both = _count_of_caller(transaction, keys, wanted)
    chunks = transaction.all(
        "SELECT c.id, c.id + c.row_count, k.row_count"
        " FROM callers k JOIN chunks c ON c.id = k.first WHERE k.caller = ? ORDER BY c.id DESC",
        wanted,
    )
    total = len(keys) + sum(count for _, _, count in chunks) - both
    most = total if limit is None else limit
    newest = keys[:most]
    found = transaction.keyed(_TRACE + " WHERE r.id IN_KEYS", newest) if newest else []
    found += _newest_of_caller(transaction, chunks, wanted, most)
    distinct = {row[0]: row for row in found}
    rows = [_traced(distinct[key]) for key in sorted(distinct, reverse=True)[:most]]
    return Trace(rows, total)


def _count_of_caller(transaction: Transaction, keys: list[int], caller: int) -> int:
    if not keys:
        return 0
    sql = "SELECT count(*) FROM rows WHERE caller = ? AND id IN_KEYS"
    return int(transaction.keyed(sql, keys, caller)[0][0])


def _newest_of_caller(
    transaction: Transaction, chunks: list[tuple[Any, ...]], caller: int, most: int
) -> list[tuple[Any, ...]]:
    """Return a caller's newest rows; `chunks` are those that hold some, newest first."""
    found: list[tuple[Any, ...]] = []
    for first, after, _ in chunks:
        if len(found) >= most:
            break
        found += transaction.all(
            _TRACE + " WHERE r.id >= ? AND r.id < ? AND r.caller = ? ORDER BY r.id DESC LIMIT ?",
            first,
            after,
            caller,
            most - len(found),
        )
    return found


def _traced(row: tuple[Any, ...]) -> TracedRow:
    return TracedRow(
        run_id=row[16],
        row=row_number(row[0]),
        record=CallRecord(
            caller_number="" if row[9] is None else str(row[9]),
            receiver_number="" if row[10] is None else str(row[10]),
            starts_at=row[14] or 0,
            ends_at=row[15] or 0,
            label_id=row[11],
            dynamic_label_name=row[12],
            dynamic_call_reason=row[13],
        ),
        outcome=RowState(row[1]).outcome.value,
        message=row[2] or "",
        channel=Channel(row[17]),
        batch_id=row[3] or "",
        record_id=row[4] or "",
        attempts=row[5],
        http_status=row[6],
        sent_at=row[7],
        confirmed_at=row[8],
    )
