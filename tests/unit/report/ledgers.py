"""A ledger that holds one run in Arrow tables, for tests of the report."""

from __future__ import annotations

from collections import Counter

import pyarrow as pa

from bulkcall.codes import api_code
from bulkcall.ledger.model import Batch, RunInfo, RunState
from bulkcall.records import Channel, OnUnknown, Outcome

START = 1_763_700_000_000  # 2025-11-21T04:40:00Z

_SCHEMA = pa.schema(
    [
        ("row", pa.int64()),
        ("outcome", pa.string()),
        ("message", pa.string()),
        ("field", pa.string()),
        ("channel", pa.string()),
        ("batch_id", pa.string()),
        ("record_id", pa.string()),
        ("match", pa.string()),
        ("attempts", pa.int64()),
        ("http_status", pa.int64()),
        ("sent_at", pa.int64()),
        ("confirmed_at", pa.int64()),
        ("caller_number", pa.int64()),
        ("receiver_number", pa.int64()),
        ("label_id", pa.string()),
        ("dynamic_label_name", pa.string()),
        ("dynamic_call_reason", pa.string()),
        ("starts_at", pa.int64()),
        ("ends_at", pa.int64()),
        ("code", pa.string()),
    ]
)
_FINDINGS = pa.schema(
    [("row", pa.int64()), ("line", pa.int64())]
    + [(name, pa.string()) for name in ("field", "code", "value", "message")]
)


def result(outcome: str, **other) -> dict:
    """One row's result, as the ledger would give it; `row` is filled in by the fake."""
    went = outcome in {"success", "error", "refused", "missing", "pending", "unknown"}
    return {
        "outcome": outcome,
        "message": "",
        "field": "",
        "channel": "batch",
        "batch_id": "b-1" if went else "",
        "record_id": "",
        "match": "stamp" if outcome in {"success", "error"} else "",
        "attempts": int(went),
        "http_status": 200 if went else None,
        "sent_at": START if went else None,
        "confirmed_at": START + 61_007 if outcome in {"success", "error"} else None,
        "caller_number": 918045000000,
        "receiver_number": 919810000001,
        "dynamic_label_name": "Delivery",
        "code": api_code(other.get("message", "")) if outcome == "error" else "",
        **other,
    }


class FakeLedger:
    """The reading half of a ledger."""

    def __init__(self, columns, cells, results, *, findings=(), unexpected=(), batches=(), **run):
        """`cells`: lists of texts, one a row; `results`: dicts as `result` makes them."""
        self.columns = tuple(columns)
        self._cells = [list(row) for row in cells]
        self._results = [{"row": row, **each} for row, each in enumerate(results, 1)]
        self._findings = list(findings)
        self._unexpected = list(unexpected)
        self._batches = list(batches)
        self._run = run
        self.chunk = 3

    def run(self, run_id=None):
        """The one run."""
        return run_info(**{"columns": self.columns, "rows": len(self._cells), **self._run})

    def run_with_rows(self, run_id=None):
        """Give the run, which is not purged."""
        return self.run(run_id)

    def runs(self, limit=50):
        """This run alone."""
        return [self.run()]

    def counts(self, run_id):
        """All eleven words."""
        counted = Counter(each["outcome"] for each in self._results)
        return {outcome: counted[outcome.value] for outcome in Outcome}

    def cells(self, run_id):
        """Chunks of `chunk` rows."""
        for start in range(0, len(self._cells), self.chunk):
            rows = self._cells[start : start + self.chunk]
            columns = [pa.array(list(each), pa.string()) for each in zip(*rows, strict=True)]
            names = [str(place) for place in range(len(columns))]
            yield start + 1, pa.Table.from_arrays(columns, names)

    def outcomes(self, run_id, size=50_000):
        """Tables of at most `size` rows, never as long as the chunks."""
        for start in range(0, len(self._results), min(size, 4)):
            rows = self._results[start : start + min(size, 4)]
            yield pa.Table.from_pylist(rows, schema=_SCHEMA)

    def finding_tables(self, run_id):
        """Findings as given, two a table."""
        for start in range(0, len(self._findings), 2):
            yield pa.Table.from_pylist(self._findings[start : start + 2], schema=_FINDINGS)

    def unexpected(self, run_id):
        """Strangers as given."""
        return self._unexpected

    def batches(self, run_id):
        """Batches as given."""
        return self._batches


def run_info(**other):
    """A finished batch run."""
    return RunInfo(
        **{
            "run_no": 1,
            "run_id": "20251121-044000-k3f9",
            "file": "campaign.csv",
            "sha256": "ab" * 32,
            "channel": Channel.BATCH,
            "columns": (),
            "fields": {},
            "account": "client-1",
            "base_url": "http://127.0.0.1:9999",
            "out_dir": "",
            "own_times": True,
            "on_unknown": OnUnknown.RESEND,
            "resend": False,
            "canary": 0,
            "dry_run": False,
            "profile": "",
            "file_facts": {"kind": "csv", "encoding": "utf-8", "delimiter": ","},
            "state": RunState.FINISHED,
            "reason": "",
            "stop_cause": None,
            "rows": 0,
            "requests": 1,
            "retries": 0,
            "started_at": START,
            "finished_at": START + 90_500,
            **other,
        }
    )


def batch(number: int, **other) -> Batch:
    """An accepted batch whose status is final."""
    return Batch(
        **{
            "batch": number,
            "batch_id": f"b-{number}",
            "size": 500,
            "state": "final",
            "created_at": START + number * 1000,
            "accepted_at": START + number * 1000 + 80,
            "http_status": 200,
            "polls": 2,
            "polled_at": START + number * 1000 + 9000,
            **other,
        }
    )
