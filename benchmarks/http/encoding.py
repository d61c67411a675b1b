"""What encoding a batch of 500 costs, beside orjson alone and the ways that were not taken.

    python benchmarks/http/encoding.py

Records as the ledger hands them over, to the bytes of a request's body; the shortest of many turns
taken in rotation. `orjson alone` is given the finished dicts, so it holds no work but its own.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import orjson

from bulkcall.api.requests import batch_body
from bulkcall.records import CallRecord

if TYPE_CHECKING:
    from collections.abc import Callable

SIZE = 500
TURNS = 200
REPEATS = 10
NOW = 1_763_700_000_000
LABEL = "7f5d9a9e-8c3f-4c7a-9a3a-0d8f3a1f2b11"
OPTIONAL = ("label_id", "dynamic_label_name", "dynamic_call_reason")


def records(kind: str) -> list[CallRecord]:
    """Make a batch."""
    made = []
    for n in range(SIZE):
        own = f" {n}" if kind == "texts of their own" else ""
        texts = (None, f"Parcel delivery{own}", None)
        if kind != "a name":
            texts = (LABEL, f"Parcel delivery{own}", f"Your parcel{own} comes today")
        receiver = str(919_000_000_000 + n)
        made.append(CallRecord("918045000000", receiver, NOW, NOW + 28_800_000 - n, *texts))
    return made


def form(record: CallRecord) -> dict[str, object]:
    """Make a record's dict, absent fields left out."""
    found: dict[str, object] = {
        "caller_number": record.caller_number,
        "receiver_number": record.receiver_number,
        "starts_at": record.starts_at,
        "ends_at": record.ends_at,
    }
    for name in OPTIONAL:
        value = getattr(record, name)
        if value is not None:
            found[name] = value
    return found


def dict_and_orjson(batch: list[CallRecord]) -> bytes:
    """Make a dict a record, then orjson."""
    return orjson.dumps({"call_records": [form(record) for record in batch]})


def by_hand(batch: list[CallRecord]) -> bytes:
    """Format text, the encoded texts remembered."""
    tails: dict[tuple[object, ...], str] = {}
    parts = []
    for one in batch:
        key = (one.label_id, one.dynamic_label_name, one.dynamic_call_reason)
        tail = tails.get(key)
        if tail is None:
            present = {name: value for name, value in zip(OPTIONAL, key, strict=True) if value}
            tail = tails[key] = orjson.dumps(present).decode()[1:-1]
        parts.append(
            f'{{"caller_number":"{one.caller_number}","receiver_number":"{one.receiver_number}",'
            f'{tail},"starts_at":{one.starts_at},"ends_at":{one.ends_at}}}'
        )
    return ('{"call_records":[' + ",".join(parts) + "]}").encode()


def shortest(ways: dict[str, Callable[[], bytes]]) -> dict[str, float]:
    """Time each way in turn; the shortest time in microseconds."""
    best = dict.fromkeys(ways, float("inf"))
    for _ in range(TURNS):
        for name, way in ways.items():
            began = time.perf_counter()
            for _ in range(REPEATS):
                way()
            best[name] = min(best[name], (time.perf_counter() - began) / REPEATS * 1e6)
    return best


def main() -> None:
    """Print the table."""
    print("| the batch has | orjson alone, µs | bulkcall | dict and orjson | text by hand |")
    print("|---|---|---|---|---|")
    for kind in ("a name", "label, name, reason", "texts of their own"):
        batch = records(kind)
        ready = {"call_records": [form(record) for record in batch]}
        ways = {
            "orjson": lambda ready=ready: orjson.dumps(ready),
            "bulkcall": lambda batch=batch: batch_body(batch),
            "dict": lambda batch=batch: dict_and_orjson(batch),
            "hand": lambda batch=batch: by_hand(batch),
        }
        for name, way in ways.items():
            if orjson.loads(way()) != ready:
                raise SystemExit(f"{name} does not say what it should")
        took = shortest(ways)
        base = took.pop("orjson")
        ratios = " | ".join(f"{one / base:.2f} times" for one in took.values())
        print(f"| {kind} | {base:.0f} | {ratios} |")


if __name__ == "__main__":
    main()
