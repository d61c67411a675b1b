"""Who works on a run, what is left of a dead process, and rows held rather than sent again."""

from __future__ import annotations

import signal
from collections import Counter

import pytest

from tests.faults.kills.forms import long

CALLS = {"batch": "Api.create_batch", "realtime": "Api.send_record"}


@pytest.mark.parametrize("channel", [long("batch"), "realtime"])
def test_a_second_process_is_told_who_holds_the_run(place, channel):
    """It leaves with 1 and sends nothing; once the holder is killed, the run can be resumed."""
    holder = place.start(*place.begin(channel), at=f"after {CALLS[channel]} 2 pause")
    assert holder.wait_for(lambda: len(place.entries()) > 1), holder.err
    run_id = next(
        line.split()[0] for line in place.run("runs").out.splitlines() if line[:2] == "20"
    )
    for command in (("resume", run_id), ("reconcile", run_id)):
        second = place.run(*command)
        assert second.status == 1, second.err
        assert f"being worked on by process {holder.pid} on " in second.err
    assert holder.poll() is None
    holder.send(signal.SIGKILL)
    assert place.killed(holder, f"{channel}, holding the run")
    place.ended_well(channel)


@pytest.mark.parametrize("channel", ["batch", long("realtime")])
def test_on_unknown_hold_sends_nothing_twice(place, channel):
    """With `--on-unknown hold` what was going out stays unknown; no record is applied twice."""
    process = place.start(
        *place.begin(channel, "--on-unknown", "hold"), at=f"after {CALLS[channel]} 3 kill"
    )
    assert place.killed(process, f"{channel}, holding the unknown")
    place.to_the_end(channel)
    found = place.judged()
    assert found.twice == 0
    said = Counter(
        (row["outcome"], expected)
        for row, expected in zip(place.outcomes(), place.campaign.expected, strict=True)
        if row["outcome"] != expected
    )
    assert said, "nothing was on its way when the process died"
    assert {outcome for outcome, _ in said} == {"unknown"}
