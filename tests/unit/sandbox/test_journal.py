"""The journal and the figures."""

from __future__ import annotations

import orjson

from bulkcall.sandbox.stats import stats


def test_a_line_has_it_all(desk):
    """A line tells when, who, what, and what it was answered."""
    at = desk()
    at.pass_time(1.5)
    at.realtime()
    assert at.journal() == [
        {
            "n": 1,
            "mono": 1.5,
            "at_ms": 1_700_000_001_500,
            "call": "realtime",
            "version": 2,
            "token": "e3b98a4d",
            "status": 200,
            "applied": True,
            "over": False,
            "fault": "",
            "batch_id": "",
            "word": "success",
            "records": [["919800000001", "919800000002", 1_700_000_001_500, 1_700_003_601_500]],
        }
    ]


def test_the_file_has_the_same_lines(desk, tmp_path):
    """The file has each line before the answer leaves, and outlives a reset."""
    path = tmp_path / "journal.jsonl"
    at = desk(journal=str(path))
    at.realtime()
    at.create([at.record(), at.record()])
    lines = [orjson.loads(line) for line in path.read_bytes().splitlines()]
    assert lines == at.journal()
    assert path.stat().st_mode & 0o777 == 0o600
    at.sandbox.reset()
    assert at.journal() == []
    at.realtime()
    assert len(path.read_bytes().splitlines()) == 3
    at.sandbox.journal.close()


def test_memory_is_bounded(desk):
    """Only the last lines stay in memory; reading on from a number still works."""
    at = desk(journal_memory=3)
    for _ in range(5):
        at.realtime()
    assert [e["n"] for e in at.journal()] == [3, 4, 5]
    assert [e["n"] for e in orjson.loads(at.sandbox.journal.text(4))] == [5]


def test_odd_records_are_written_down(desk):
    """What is no record leaves a line of nothing, not a traceback."""
    at = desk()
    at.create([5, {"caller_number": 7}])
    assert at.journal()[0]["records"] == [[None] * 4, [7, None, None, None]]


def test_figures(desk):
    """The figures count answers, records and what each way of counting would have said."""
    at = desk(realtime_limit=2)
    for _ in range(3):
        at.realtime()
    at.create([at.record(), at.record()])
    figures = stats(at.sandbox)
    realtime = figures["calls"]["realtime"]
    assert figures["requests"] == 4
    assert realtime["statuses"] == {"200": 2, "429": 1}
    assert realtime["applied_records"] == 2
    assert (realtime["limit"], realtime["window"]) == (2, 1.0)
    for way in ("sliding", "fixed", "bucket"):
        assert (realtime[way]["most"], realtime[way]["over"]) == (3, 1)
    assert figures["calls"]["batch_create"]["applied_records"] == 2
    assert figures["batches"] == 1


def test_reset_begins_anew(desk):
    """After a reset no count, batch or token is left."""
    at = desk()
    at.make_token()
    at.create([at.record()])
    at.sandbox.reset()
    figures = stats(at.sandbox)
    assert (figures["requests"], figures["batches"], figures["tokens_created"]) == (0, 0, 0)
    assert at.realtime().status == 200
