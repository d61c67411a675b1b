"""Many small runs one after the other, as an inbox starts them, each in a process of its own."""

from __future__ import annotations

import os
from itertools import pairwise

import pytest

from tests.contract.conftest import CALLER, receivers

pytestmark = pytest.mark.integration

RUNS = 15
TIMES = ("--start", "now", "--window", "8h")
GUARD = 0.9
"""Two processes' requests are at least that share of the even spacing apart."""


def test_fifteen_runs_make_one_token_and_stay_under_the_limits(client, sandbox):
    """One creation where the API allows ten, and no 429 under the limits of one token."""
    per_minute = 120
    sandbox.set(batch_limit=per_minute, status_limit=per_minute)
    limits = {
        "BULKCALL_BATCH_PER_MINUTE": str(per_minute),
        "BULKCALL_STATUS_PER_MINUTE": str(per_minute),
    }
    for number in range(RUNS):
        client.campaign([(CALLER, receivers(1, first=number)[0], "Parcel team")])
        ended = client.run("run", "campaign.csv", *TIMES, "-q", environ=limits)
        assert ended.status == 0, ended.err
    journal = sandbox.journal()
    assert [entry.status for entry in journal if entry.call == "token"] == [200]
    assert {entry.status for entry in journal} == {200}
    sent = [entry.mono for entry in journal if entry.call == "batch_create"]
    assert len(sent) == RUNS
    assert min(b - a for a, b in pairwise(sent)) >= GUARD * 60 / per_minute


def test_a_token_outlives_a_process_that_was_killed(client, sandbox):
    """A run that is killed leaves its token to the resume."""
    sandbox.order("hang@batch_create")
    client.campaign([(CALLER, receivers(1)[0], "Parcel team")])
    process = client.start("run", "campaign.csv", *TIMES)
    with process:
        while not any(entry.call == "token" for entry in sandbox.journal()):
            os.sched_yield()
        while sandbox.stats() and not list((client.folder.parent / "home").rglob("*.token")):
            os.sched_yield()
        kept = next((client.folder.parent / "home").rglob("*.token"))
        while kept.stat().st_size == 0:
            os.sched_yield()
        process.kill()
    sandbox.clear_faults()
    assert client.run("resume").status == 0
    assert sum(entry.call == "token" for entry in sandbox.journal()) == 1


def test_a_server_that_forgot_the_token_costs_one_request(client, sandbox):
    """The sandbox begins anew at the same address: one 401, one new token, all rows sent."""
    client.campaign([(CALLER, receivers(1)[0], "Parcel team")])
    assert client.run("run", "campaign.csv", *TIMES).status == 0
    sandbox.revoke()
    assert client.run("run", "campaign.csv", *TIMES, "--resend").status == 0
    statuses = [e.status for e in sandbox.journal() if e.call == "batch_create"]
    assert statuses == [200, 401, 200]
