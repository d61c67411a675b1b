"""Answers with status 200 that can't be read: few rows are lost to them, and the run stops."""

from __future__ import annotations

import pytest

from bulkcall.errors import UnreadableError
from bulkcall.records import OnUnknown
from bulkcall.run.context import RunContext
from bulkcall.run.deliver import deliver as deliver_rows
from tests.faults.weather_parts import accepted, check_truth, send_rows, settings
from tests.send_parts import BATCH, REALTIME, Notes, begin, counts

pytestmark = pytest.mark.integration

CALL = {REALTIME: "realtime", BATCH: "batch_create"}
BOTH = pytest.mark.parametrize("channel", [REALTIME, BATCH])
MOST = {REALTIME: 8 + 8, BATCH: 2 * 50 + 4}
"""Rows that are `unknown` at most: the answers that it takes and what was in flight by then."""


@BOTH
def test_a_maintenance_page_stops_the_run_at_once(ledger, sandbox, channel):
    """Every answer a page with 200, from the first: one request or few rows, the rest unsent."""
    sandbox.order(f"html@{CALL[channel]},times=0,status=200")
    result = send_rows(ledger, sandbox, channel, 1000, batch_size=50)
    check_truth(result, sandbox)
    assert isinstance(result.error, UnreadableError)
    assert "it is a page of HTML" in str(result.error)
    lost = 8 if channel is REALTIME else 50 + 3
    assert result.counts == {"unknown": lost, "unsent": 1000 - lost}
    assert f"{lost} rows were answered so" in str(result.error)


@BOTH
@pytest.mark.parametrize("kind", ["html", "empty"])
def test_it_stops_the_run_after_a_long_good_stretch_as_well(ledger, sandbox, channel, kind):
    """Good answers first: the window slides, and no more rows are lost than from the start."""
    good = 200 if channel is REALTIME else 6
    sandbox.order(f"{kind}@{CALL[channel]},times=0,status=200,after={good}")
    result = send_rows(ledger, sandbox, channel, 1000, batch_size=50)
    check_truth(result, sandbox)
    assert isinstance(result.error, UnreadableError)
    assert result.counts[accepted(channel)] == (200 if channel is REALTIME else 300)
    assert 0 < result.counts["unknown"] <= MOST[channel]
    assert sum(result.counts.values()) == 1000
    assert (
        result.counts["unsent"]
        == 1000 - result.counts["unknown"] - result.counts[accepted(channel)]
    )


@BOTH
def test_a_page_that_goes_away_again_costs_a_few_rows(ledger, sandbox, channel):
    """Three pages, then the server is itself again: the run goes on to its end."""
    sandbox.order(f"html@{CALL[channel]},times=3,status=200,after=2")
    result = send_rows(ledger, sandbox, channel, 200)
    check_truth(result, sandbox)
    assert result.error is None
    lost = result.counts["unknown"]
    assert lost <= (3 if channel is REALTIME else 10 + 2 + 10)
    assert result.counts == {accepted(channel): 200 - lost, "unknown": lost}


def test_batch_status_that_can_not_be_read_stops_the_run(ledger, sandbox):
    """Accepted batches whose status is a page: stopped, resumable, rows pending; then confirmed."""
    sandbox.order("html@batch_status,times=0,status=200")
    run = begin(ledger, 60, BATCH, base_url=sandbox.base_url)

    def deliver(wait):
        given = settings(sandbox, status_per_minute=1200.0, reconcile_timeout=wait)
        context = RunContext(settings=given, ledger=ledger, progress=Notes())
        deliver_rows(context, run, OnUnknown.RESEND)

    with pytest.raises(UnreadableError, match="about batches can't be read"):
        deliver(2.0)
    stood = counts(ledger, run)
    assert set(stood) <= {"pending", "unsent"}
    sandbox.clear_faults()
    deliver(30.0)
    assert counts(ledger, run) == {"success": 60}
