"""Runs and checked chunks for tests of the ledger, made without loading or validating a file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa

from bulkcall.ledger import NewRun, Placed
from bulkcall.records import Channel, CheckedChunk, Chunk

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bulkcall.ledger import Ledger, ReadyRow

NOW = 1_800_000_000_000
HOUR = 3_600_000
CALLER = 911140000000
RECEIVER = 919800000000
ACCOUNT = "account-1"
BASE_URL = "http://127.0.0.1:1"

_NUMBERS = ("caller_number", "receiver_number", "starts_at", "ends_at", "identity")
_TEXTS = ("label_id", "dynamic_label_name", "dynamic_call_reason", "field", "message")


def new_run(run_id: str = "run-1", **changes: Any) -> NewRun:
    """Give what a run begins with."""
    facts: dict[str, Any] = {
        "run_id": run_id,
        "file": "campaign.csv",
        "sha256": "0" * 64,
        "channel": Channel.BATCH,
        "columns": ("caller", "receiver"),
        "fields": {"caller_number": 0, "receiver_number": 1},
        "account": ACCOUNT,
        "base_url": BASE_URL,
        "out_dir": "out",
        "started_at": NOW,
    }
    return NewRun(**{**facts, **changes})


def valid(row: int, **changes: Any) -> dict[str, Any]:
    """Give a valid row; its identity follows from all but its times, as validation's does."""
    facts: dict[str, Any] = {
        "row": row,
        "valid": True,
        "caller_number": CALLER,
        "receiver_number": RECEIVER + row,
        "starts_at": NOW,
        "ends_at": NOW + HOUR,
        "label_id": None,
        "dynamic_label_name": "Acme Bank",
        "dynamic_call_reason": None,
        "field": None,
        "message": None,
    }
    facts.update(changes)
    content = [facts[name] for name in ("caller_number", "receiver_number", *_TEXTS[:3])]
    facts.setdefault("identity", hash(tuple(content)) or 1)
    return facts


def invalid(row: int, **changes: Any) -> dict[str, Any]:
    """Give a row that failed validation and of which only the caller could be read."""
    facts = {"valid": False, "receiver_number": None, "starts_at": None, "ends_at": None}
    facts |= {"identity": None, "field": "receiver_number", "message": "is no phone number"}
    return valid(row, **{**facts, **changes})


def checked(rows: Sequence[dict[str, Any]]) -> CheckedChunk:
    """Give consecutive rows as validation hands them over."""
    numbers = [facts["row"] for facts in rows]
    lines = pa.array([number + 1 for number in numbers], pa.int64())
    columns: dict[str, pa.Array] = {"row": pa.array(numbers, pa.int64()), "line": lines}
    columns["valid"] = pa.array([facts["valid"] for facts in rows], pa.bool_())
    for name in _NUMBERS:
        columns[name] = pa.array([facts[name] for facts in rows], pa.int64())
    for name in _TEXTS:
        columns[name] = pa.array([facts[name] for facts in rows], pa.string())
    columns["code"] = pa.nulls(len(rows), pa.string())
    bad = [facts for facts in rows if not facts["valid"]]
    findings = {
        "row": pa.array([facts["row"] for facts in bad], pa.int64()),
        "line": pa.array([facts["row"] + 1 for facts in bad], pa.int64()),
        "field": pa.array([facts["field"] for facts in bad], pa.string()),
        "code": pa.array(["number"] * len(bad), pa.string()),
        "value": pa.array(["12"] * len(bad), pa.string()),
        "message": pa.array([facts["message"] for facts in bad], pa.string()),
    }
    cells = pa.table(
        {
            "0": pa.array([str(facts["caller_number"]) for facts in rows], pa.string()),
            "1": pa.array([f" {facts['receiver_number']}" for facts in rows], pa.string()),
        }
    )
    chunk = Chunk(first_row=numbers[0] if numbers else 1, cells=cells, lines=lines)
    return CheckedChunk(chunk, pa.table(columns), pa.table(findings))


def loaded(ledger: Ledger, run_id: str, rows: Sequence[dict[str, Any]], **changes: Any) -> None:
    """Begin a run and write its rows down as one chunk."""
    ledger.begin_run(new_run(run_id, **changes))
    ledger.add_rows(run_id, checked(rows))


def take_batch(
    ledger: Ledger, run_id: str, limit: int = 500, now: int = NOW, **options: Any
) -> tuple[int, list[ReadyRow]]:
    """Take all that is offered as one batch, stamped as the rows say."""

    def all_of(rows: Sequence[ReadyRow]) -> list[Placed]:
        return [Placed(row.row, row.record.ends_at) for row in rows]

    taken = ledger.take_batch(run_id, limit, all_of, now=now, with_doubt=True, **options)
    assert taken is not None
    return taken[0], taken[1]


def outcome_rows(ledger: Ledger, run_id: str) -> dict[int, dict[str, Any]]:
    """Give each row's outcome as a dictionary, by row."""
    tables = list(ledger.outcomes(run_id))
    return {row["row"]: row for table in tables for row in table.to_pylist()}


def told(ledger: Ledger, run_id: str) -> dict[str, int]:
    """Give the counts that are not zero, by the outcome's word."""
    return {str(word): count for word, count in ledger.counts(run_id).items() if count}
