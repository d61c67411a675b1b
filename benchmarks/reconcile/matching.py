"""Matching, in records a processor second, beside a plain pandas merge of the same frames.

    python benchmarks/reconcile/matching.py [batches]

Batches of 500, each listing shuffled; processor time, the median of five rounds. `whole`: numbers
shown; `masked`: hidden, told apart by stamp; `partly`: first two and last four digits; `alike`:
hidden, no stamps, so that every row looks like 49 others. `read` is a raw answer's way through the
pandera model.
"""

from __future__ import annotations

import random
import statistics
import sys
import time
from dataclasses import dataclass

import pandas as pd

from bulkcall.reconcile.matching import match
from bulkcall.reconcile.schema import read_listing
from bulkcall.reconcile.status_record import StatusRecord
from bulkcall.records import CallRecord, RowState

SIZE = 500
ROUNDS = 5
START = 1_763_700_000_000


@dataclass(frozen=True, slots=True)
class Row:
    """A row as sent."""

    row: int
    record: CallRecord


def batch(number: int, kind: str) -> tuple[list[Row], list[StatusRecord]]:
    """Make one batch and its listing."""
    rows = [
        Row(
            number * SIZE + place,
            CallRecord(
                f"9180{place % 7:08}",
                f"91{9_000_000_000 + number * SIZE + place}",
                START,
                START + 3_600_000 - (0 if kind == "alike" else place),
                "6b0c0f5e-3f0e-4a53-9e2f-0d8f6a8f3c11",
                "Name of a label",
                f"Your parcel comes today {place % 10 if kind == 'alike' else ''}".strip(),
            ),
        )
        for place in range(SIZE)
    ]
    listed = [
        StatusRecord(
            f"id-{row.row}",
            shown(row.record.caller_number, kind),
            shown(row.record.receiver_number, kind),
            kind == "whole",
            row.record.starts_at,
            row.record.ends_at,
            row.record.label_id or "",
            row.record.dynamic_label_name or "",
            row.record.dynamic_call_reason or "",
            "success",
            RowState.SUCCESS,
        )
        for row in rows
    ]
    random.shuffle(listed)
    return rows, listed


def shown(number: str, kind: str) -> str:
    """Mask a number as the kind says."""
    if kind == "whole":
        return number
    return f"{number[:2]}******{number[-4:]}" if kind == "partly" else "*" * 12


def peer(batches: list[tuple[pd.DataFrame, pd.DataFrame]], keys: list[str]) -> float:
    """Time a merge by key of the same rows and records, without any judgement."""
    began = time.process_time()
    for rows, listed in batches:
        rows.merge(listed, on=keys, how="outer", indicator=True)
    return time.process_time() - began


def main() -> None:
    """Print a line for each kind."""
    random.seed(7)
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    for kind in ("whole", "masked", "partly", "alike"):
        batches = [batch(number, kind) for number in range(count)]
        frames = [
            (
                pd.DataFrame([row.record for row in rows]),
                pd.DataFrame(listed, columns=list(StatusRecord._fields)),
            )
            for rows, listed in batches
        ]
        keys = ["caller_number", "receiver_number"] if kind == "whole" else ["ends_at"]
        ours, theirs = [], []
        for _ in range(ROUNDS):
            began = time.process_time()
            for rows, listed in batches:
                match(rows, listed)
            ours.append(time.process_time() - began)
            if kind != "alike":
                theirs.append(peer(frames, keys))
        rate = count * SIZE / statistics.median(ours)
        ratio = statistics.median(theirs) / statistics.median(ours) if theirs else float("nan")
        print(f"{kind:7} {rate:10,.0f} records/s   {ratio:4.1f} times a pandas merge")
    raw = [
        {
            "id": record.record_id,
            "caller_number": record.caller_number,
            "receiver_number": record.receiver_number,
            "label_id": record.label_id,
            "dynamic_label_name": record.dynamic_label_name,
            "dynamic_call_reason": record.dynamic_call_reason,
            "starts_at": record.starts_at,
            "ends_at": record.ends_at,
            "status_info": {"status": "success"},
            "created_at": "2025-07-23T09:07:32.21Z",
        }
        for record in batches[0][1]
    ]
    read_listing(raw)
    began = time.process_time()
    for _ in range(20):
        read_listing(raw)
    print(f"read    {20 * SIZE / (time.process_time() - began):10,.0f} records/s")


if __name__ == "__main__":
    main()
