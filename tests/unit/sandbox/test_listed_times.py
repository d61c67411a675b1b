"""The habits of time: what batch status shows of the times that were sent."""

from __future__ import annotations

import pytest

from bulkcall.sandbox.options import options_from

START = 1_764_300_000_744
END = START + 3_600_000


@pytest.mark.parametrize(
    ("options", "starts_at", "ends_at"),
    [
        ({}, START, END),
        ({"times": "cut"}, START - 744, END - 744),
        ({"times": "rounded"}, START + 256, END + 256),
        ({"times": "cut", "time_unit_ms": 60_000}, 1_764_300_000_000, 1_764_303_600_000),
        ({"start_shift_ms": -5, "end_shift_ms": 19_800_000}, START - 5, END + 19_800_000),
        ({"times": "span"}, START, START + 32 * 3_600_000),
        ({"time_form": "seconds"}, START // 1000, END // 1000),
        ({"time_form": "text"}, str(START), str(END)),
        ({"time_form": "iso"}, "2025-11-28T03:20:00.744Z", "2025-11-28T04:20:00.744Z"),
        ({"times": "absent"}, None, None),
    ],
    ids=lambda value: "-".join(map(str, value.values())) if isinstance(value, dict) else "",
)
def test_habits(desk, options, starts_at, ends_at):
    """Each habit shows the times as it says, of all records alike."""
    at = desk()
    at.sandbox.options = options_from(options, at.sandbox.options)
    (element,) = at.run_batch([at.record(starts_at=START, ends_at=END)])
    assert element.get("starts_at") == starts_at
    assert element.get("ends_at") == ends_at


def test_unrelated_times(desk):
    """Unrelated times differ from record to record, and stay the same from answer to answer."""
    at = desk(times="unrelated")
    at.run_batch([at.record() for _ in range(20)])
    batch_id = at.journal()[0]["batch_id"]
    shown = [(e["starts_at"], e["ends_at"]) for e in at.listed(batch_id)]
    assert len(set(shown)) == 20
    assert shown == [(e["starts_at"], e["ends_at"]) for e in at.listed(batch_id)]
