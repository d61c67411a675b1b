"""Validated campaigns of any size, made by numpy in no time, with the spread of real ones."""

from __future__ import annotations

import uuid

import numpy as np
import pyarrow as pa

from bulkcall.ledger import NewRun
from bulkcall.records import Channel, CheckedChunk, Chunk

NOW = 1_800_000_000_000
HOUR = 3_600_000
CHUNK = 100_000
_CELLS = (
    "caller_number",
    "receiver_number",
    "label_id",
    "dynamic_label_name",
    "dynamic_call_reason",
    "starts_at",
    "ends_at",
)


def new_run(run_id: str, channel: Channel = Channel.BATCH) -> NewRun:
    """Give what a run begins with."""
    return NewRun(
        run_id=run_id,
        file="campaign.csv",
        sha256="0" * 64,
        channel=channel,
        columns=_CELLS,
        fields={name: place for place, name in enumerate(_CELLS)},
        account="account",
        base_url="http://127.0.0.1:1",
        out_dir="out",
        started_at=NOW,
    )


def chunk(
    first: int, count: int, random: np.random.Generator, starts_at: int = NOW
) -> CheckedChunk:
    """Give valid rows: 20 callers, any receivers, 40 labels, 60 reasons, one window of 8 hours."""
    rows = np.arange(first, first + count)
    names = pa.array([f"Acme Bank {n}" for n in range(40)])
    labels = pa.array([str(uuid.UUID(int=n)) for n in range(8)])
    reasons = pa.array([f"Your order number {n} is on its way" for n in range(60)])
    records = pa.table(
        {
            "row": rows,
            "line": rows + 1,
            "valid": pa.array(np.ones(count, dtype=bool)),
            "caller_number": 911140000000 + random.integers(0, 20, count),
            "receiver_number": 917000000000 + random.integers(0, 3_000_000_000, count),
            "starts_at": np.full(count, starts_at),
            "ends_at": np.full(count, starts_at + 8 * HOUR),
            "label_id": labels.take(pa.array(random.integers(0, 8, count))),
            "dynamic_label_name": names.take(pa.array(random.integers(0, 40, count))),
            "dynamic_call_reason": reasons.take(pa.array(random.integers(0, 60, count))),
            "identity": random.integers(-(2**62), 2**62, count),
            "field": pa.nulls(count, pa.string()),
            "message": pa.nulls(count, pa.string()),
        }
    )
    names_of_findings = ("row", "line", "field", "code", "value", "message")
    findings = pa.table({name: pa.nulls(0, pa.string()) for name in names_of_findings})
    cells = pa.table(
        {str(place): records.column(name).cast(pa.string()) for place, name in enumerate(_CELLS)}
    )
    return CheckedChunk(Chunk(first, _filled(cells), pa.array(rows + 1)), records, findings)


def _filled(cells: pa.Table) -> pa.Table:
    return pa.table({name: cells.column(name).fill_null("") for name in cells.column_names})


def campaign(rows: int, seed: int, *, starts_at: int = NOW) -> list[CheckedChunk]:
    """Give a campaign of so many rows, in chunks."""
    random = np.random.default_rng(seed)
    return [
        chunk(first, min(CHUNK, rows - first + 1), random, starts_at)
        for first in range(1, rows + 1, CHUNK)
    ]
