"""The report of a run that stands in a real SQLite ledger."""

from __future__ import annotations

import csv
import json

import pyarrow as pa
import pytest

from bulkcall.ledger import (
    BatchAccepted,
    Confirmed,
    Ledger,
    NewRun,
    Placed,
    RunState,
)
from bulkcall.records import Channel, CheckedChunk, Chunk, Match, Outcome, RowState
from bulkcall.report import build_report, publish, summary, write_report

START = 1_763_700_000_000
COLUMNS = ("caller", "receiver", "label", "start", "end", "note")


def chunk(first: int, count: int, bad: set[int]) -> CheckedChunk:
    """Rows `first`… of a campaign; those in `bad` are invalid."""
    rows = list(range(first, first + count))
    valid = [row not in bad for row in rows]
    texts = [
        ["918045000000", f"91981{row:07d}", "Delivery", "s", "e", f"=note {row}"] for row in rows
    ]
    cells = pa.table(
        [pa.array(list(column), pa.string()) for column in zip(*texts, strict=True)],
        names=[str(place) for place in range(len(COLUMNS))],
    )

    def held(values, kind):
        return pa.array(
            [value if ok else None for value, ok in zip(values, valid, strict=True)], kind
        )

    lines = pa.array([row + 1 for row in rows], pa.int64())
    records = pa.table(
        {
            "row": pa.array(rows, pa.int64()),
            "line": lines,
            "valid": pa.array(valid),
            "caller_number": pa.array([918045000000] * count, pa.int64()),
            "receiver_number": held([919810000000 + row for row in rows], pa.int64()),
            "starts_at": held([START] * count, pa.int64()),
            "ends_at": held([START + 3_600_000] * count, pa.int64()),
            "label_id": pa.nulls(count, pa.string()),
            "dynamic_label_name": pa.array(["Delivery"] * count, pa.string()),
            "dynamic_call_reason": pa.nulls(count, pa.string()),
            "identity": held(rows, pa.int64()),
            "field": pa.array([None if ok else "receiver_number" for ok in valid], pa.string()),
            "message": pa.array([None if ok else "too short" for ok in valid], pa.string()),
            "code": pa.array([None if ok else "name.too_short" for ok in valid], pa.string()),
        }
    )
    wrong = [row for row in rows if row in bad]
    findings = pa.table(
        {
            "row": pa.array(wrong, pa.int64()),
            "line": pa.array([row + 1 for row in wrong], pa.int64()),
            "field": pa.array(["receiver_number"] * len(wrong), pa.string()),
            "code": pa.array(["length"] * len(wrong), pa.string()),
            "value": pa.array(["9"] * len(wrong), pa.string()),
            "message": pa.array(["too short"] * len(wrong), pa.string()),
        }
    )
    return CheckedChunk(Chunk(first, cells, lines), records, findings)


@pytest.fixture
def ledger(tmp_path):
    """A ledger with one loaded run of 1,000 rows, every tenth invalid."""
    held = Ledger.open(str(tmp_path / "ledger.db"))
    held.begin_run(
        NewRun(
            run_id="run-1",
            file="campaign.csv",
            sha256="cd" * 32,
            channel=Channel.BATCH,
            columns=COLUMNS,
            fields={},
            account="client",
            base_url="http://127.0.0.1:1",
            out_dir=str(tmp_path / "out"),
            started_at=START,
        )
    )
    bad = set(range(10, 1001, 10))
    for first in range(1, 1001, 250):
        held.add_rows("run-1", chunk(first, 250, bad))
    held.set_state("run-1", RunState.SENDING, at=START)
    yield held
    held.close()


def sent_batch(ledger: Ledger, count: int, batch_id: str) -> list[int]:
    """Send the next rows as one accepted batch; their row numbers."""
    taken = ledger.take_batch(
        "run-1",
        count,
        lambda rows: [Placed(each.row, each.record.ends_at) for each in rows],
        now=START,
        with_doubt=True,
    )
    assert taken is not None
    number, rows, _ = taken
    ledger.record("run-1", [BatchAccepted(number, batch_id, START + 50, 200)], requests=1)
    return [each.row for each in rows]


def test_the_files_agree_with_the_ledger_and_each_other(ledger, tmp_path):
    """A run with every kind of end: counts, rows and files tell one story."""
    rows = sent_batch(ledger, 500, "b-1")
    events = [
        Confirmed(row, START + 9000, RowState.SUCCESS, Match.STAMP, record_id=f"rec-{row}")
        for row in rows[:490]
    ]
    events += [
        Confirmed(row, START + 9000, RowState.ERROR, Match.STAMP, message="Failed to push")
        for row in rows[490:]
    ]
    ledger.record("run-1", events)
    sent_batch(ledger, 100, "b-2")
    ledger.set_state("run-1", RunState.STOPPED, at=START + 60_000, reason="server away")
    out = tmp_path / "out"
    report = build_report(ledger, "run-1")
    files = write_report(ledger, report, out)
    assert report.conserved
    assert report.outcomes[Outcome.SUCCESS] == 490
    with files["outcomes.csv"].open(newline="") as file:
        lines = list(csv.DictReader(file))
    assert [int(line["row"]) for line in lines] == list(range(1, 1001))
    told = json.loads(files["summary.json"].read_text())
    assert told == json.loads(json.dumps(summary(report)))
    for outcome, count in told["outcomes"].items():
        assert sum(line["outcome"] == outcome for line in lines) == count
    assert told["outcomes"]["pending"] == 100
    assert told["outcomes"]["unsent"] == 300
    assert lines[0]["note"] == "'=note 1"
    assert lines[0]["record_id"] == "rec-1"
    assert lines[0]["sent_at"].endswith("Z")
    with files["rejected.csv"].open(newline="") as file:
        rejected = list(csv.DictReader(file))
    assert len(rejected) == 110 == report.rejected
    assert list(rejected[0]) == [*COLUMNS, "error_field", "error_message", "error_code"]


def test_a_report_written_again_says_the_same(ledger, tmp_path):
    """Writing twice changes nothing but the files' own dates."""
    sent_batch(ledger, 300, "b-1")
    names = ("outcomes.csv", "rejected.csv", "summary.json", "summary.md", "report.html")
    files = publish(ledger, "run-1", tmp_path / "out").files
    first = {name: files[name].read_bytes() for name in names}
    again = publish(ledger, "run-1", tmp_path / "out").files
    assert {name: again[name].read_bytes() for name in names} == first


def test_a_run_of_which_nothing_was_sent_has_a_report(ledger, tmp_path):
    """A dry run ends with the same files: all rows unsent or invalid."""
    report = publish(ledger, "run-1", tmp_path / "out").report
    assert report.outcomes[Outcome.UNSENT] == 900
    assert report.outcomes[Outcome.INVALID] == 100
    assert report.throughput is None
    assert sum(report.outcomes.values()) == report.rows
