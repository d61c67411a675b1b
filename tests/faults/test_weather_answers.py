"""Bad weather in the answers: limits, server errors, bodies that can't be read."""

from __future__ import annotations

import pytest

from bulkcall.errors import CredentialsError, ServerAwayError
from tests.faults.weather_parts import accepted, check_truth, said, send_again, send_rows
from tests.send_parts import BATCH, REALTIME

pytestmark = pytest.mark.integration

CALL = {REALTIME: "realtime", BATCH: "batch_create"}
BOTH = pytest.mark.parametrize("channel", [REALTIME, BATCH])


@BOTH
@pytest.mark.parametrize("form", ["seconds", "date", "absent"])
def test_a_storm_of_429s_costs_no_row_anything(ledger, sandbox, channel, form):
    """Every form of Retry-After: the token pauses, every row is taken once, with one attempt."""
    sandbox.order(f"limit@{CALL[channel]},times=2,after=1,retry_after={form},seconds=1")
    result = send_rows(ledger, sandbox, channel, max_tries=1)
    truth = check_truth(result, sandbox)
    assert result.error is None
    assert result.counts == {accepted(channel): 30}
    assert {row.attempts for row in result.rows.values()} == {1}
    limited = [entry for entry in truth.entries if entry.status == 429]
    assert limited
    assert result.ended.requests == len(truth.entries)
    assert result.ended.retries == len(limited)
    assert result.notes == []


@BOTH
def test_a_storm_of_429s_is_waited_out_on_the_server_s_terms(ledger, sandbox, channel):
    """After the 429 that names a second, the token sends nothing for that second."""
    sandbox.order(f"limit@{CALL[channel]},times=1,after=1,retry_after=seconds,seconds=1")
    result = send_rows(ledger, sandbox, channel)
    entries = check_truth(result, sandbox).entries
    said = next(entry for entry in entries if entry.status == 429)
    later = [e.mono - said.mono for e in entries if e.mono > said.mono + 0.3]
    assert later
    assert min(later) >= 1.0


def test_a_long_pause_is_told(ledger, sandbox):
    """From 3 s on a line says that a token pauses, and that no row is lost by it."""
    sandbox.order("limit@realtime,times=1,after=1,retry_after=seconds,seconds=3")
    result = send_rows(ledger, sandbox, REALTIME)
    check_truth(result, sandbox)
    assert result.counts == {"success": 30}
    (told,) = result.notes
    assert told.startswith("HTTP 429")
    assert told.endswith(": a token pauses for 3 s; no row is lost by it")


@BOTH
def test_503s_are_tried_again_and_cost_no_attempt(ledger, sandbox, channel):
    """503 was not taken: the rows go again, and stand with the one attempt that was."""
    sandbox.order(f"status@{CALL[channel]},times=3,after=1,status=503")
    result = send_rows(ledger, sandbox, channel)
    check_truth(result, sandbox)
    assert result.counts == {accepted(channel): 30}
    assert {row.attempts for row in result.rows.values()} == {1}
    assert result.notes == []


@BOTH
@pytest.mark.parametrize("status", [500, 502, 504])
@pytest.mark.parametrize("applied", [0, 1])
def test_5xx_may_have_been_taken_so_both_attempts_stand(ledger, sandbox, channel, status, applied):
    """500, 502, 504, applied or not: sent again by default, and the row says that it was twice."""
    sandbox.order(f"status@{CALL[channel]},times=1,after=1,status={status},applied={applied}")
    result = send_rows(ledger, sandbox, channel)
    truth = check_truth(result, sandbox)
    assert result.counts == {accepted(channel): 30}
    twice = [row for row in result.rows.values() if row.attempts == 2]
    assert len(twice) == (1 if channel is REALTIME else 10)
    assert all(truth.applied[row.receiver_number] == 1 + applied for row in twice)
    assert result.notes == []


@BOTH
def test_5xx_with_hold_stays_unknown(ledger, sandbox, channel):
    """`--on-unknown hold`: what may have been taken is not sent again, and is called unknown."""
    sandbox.order(f"html@{CALL[channel]},times=1,after=1,applied=1")
    result = send_rows(ledger, sandbox, channel, on_unknown="hold")
    truth = check_truth(result, sandbox)
    lost = 1 if channel is REALTIME else 10
    assert result.counts == {accepted(channel): 30 - lost, "unknown": lost}
    assert max(truth.applied.values()) == 1
    assert said(result, "unknown") == {"HTTP 502 Bad Gateway"}


@BOTH
@pytest.mark.parametrize("kind", ["cut", "empty"])
def test_a_200_that_cannot_be_read_is_flagged_and_never_resent(ledger, sandbox, channel, kind):
    """It was answered, so it may stand: unknown, sent once, even where resending is the rule."""
    sandbox.order(f"{kind}@{CALL[channel]},times=1,after=1,applied=1")
    result = send_rows(ledger, sandbox, channel)
    truth = check_truth(result, sandbox)
    lost = 1 if channel is REALTIME else 10
    assert result.counts == {accepted(channel): 30 - lost, "unknown": lost}
    assert max(truth.applied.values()) == 1
    (message,) = said(result, "unknown")
    assert message.startswith("HTTP 200, but the answer can't be read: ")


@BOTH
def test_a_truncated_answer_claims_nothing(ledger, sandbox, channel):
    """The body ends before its length: as any 200 that can't be read, flagged and sent once."""
    sandbox.order(f"truncated@{CALL[channel]},times=1,after=1")
    result = send_rows(ledger, sandbox, channel)
    truth = check_truth(result, sandbox)
    lost = 1 if channel is REALTIME else 10
    assert result.counts == {accepted(channel): 30 - lost, "unknown": lost}
    assert max(truth.applied.values()) == 1
    (message,) = said(result, "unknown")
    assert message.startswith("HTTP 200, but the answer can't be read: ")
    assert result.notes == []


@BOTH
@pytest.mark.parametrize(
    "case",
    [
        ("forbidden", CredentialsError, "not authorized. please contact your admin."),
        ("html,status=403", ServerAwayError, "a proxy or filter on the way to"),
    ],
)
def test_a_403_stops_the_run_and_costs_no_row(ledger, sandbox, channel, case):
    """The API's own or a filter's page, told apart: nothing failed, the rest is unsent."""
    fault, error, words = case
    kind, _, rest = fault.partition(",")
    sandbox.order(f"{kind}@{CALL[channel]},times=0,after=1,{rest}".rstrip(","))
    result = send_rows(ledger, sandbox, channel)
    check_truth(result, sandbox)
    assert isinstance(result.error, error)
    assert words in str(result.error)
    taken = 1 if channel is REALTIME else 10
    assert result.counts == {accepted(channel): taken, "unsent": 30 - taken}
    assert result.notes == []


def test_a_row_that_a_filter_turns_away_does_not_stop_every_resume(ledger, sandbox):
    """Each page costs the row a try: when they are spent it has failed, and the others go."""
    sandbox.order("html@realtime,times=2,status=403")
    result = send_rows(ledger, sandbox, REALTIME, max_tries=2)
    assert result.counts == {"unsent": 30}
    result = send_again(ledger, sandbox, result.run, max_tries=2)
    assert result.counts == {"failed": 1, "unsent": 29}
    result = send_again(ledger, sandbox, result.run, max_tries=2)
    assert result.counts == {"failed": 1, "success": 29}


@BOTH
def test_slow_answers_are_only_slow(ledger, sandbox, channel):
    """Answers within the time: nothing is sent twice."""
    sandbox.order(f"slow@{CALL[channel]},times=5,ms=300")
    result = send_rows(ledger, sandbox, channel)
    truth = check_truth(result, sandbox)
    assert result.counts == {accepted(channel): 30}
    assert max(truth.applied.values()) == 1
    assert result.notes == []


@BOTH
def test_every_answer_a_502_ends_in_unknown_never_in_failed(ledger, sandbox, channel):
    """Few rows and nothing but 502: tries are spent, and every row is unknown."""
    sandbox.order(f"html@{CALL[channel]},times=0")
    result = send_rows(ledger, sandbox, channel, 10, max_tries=2)
    check_truth(result, sandbox)
    assert result.counts == {"unknown": 10}
    assert {row.attempts for row in result.rows.values()} == {2}
    assert said(result, "unknown") == {"HTTP 502 Bad Gateway"}
    assert result.notes == []


@BOTH
def test_every_answer_a_503_ends_in_failed(ledger, sandbox, channel):
    """Few rows and nothing but 503: tries are spent, and every row is failed, never sent."""
    sandbox.order(f"status@{CALL[channel]},times=0,status=503")
    result = send_rows(ledger, sandbox, channel, 10, max_tries=2)
    check_truth(result, sandbox)
    assert result.counts == {"failed": 10}
    assert {row.attempts for row in result.rows.values()} == {0}
    assert said(result, "failed") == {"HTTP 503 Service Unavailable"}
    assert result.notes == []
