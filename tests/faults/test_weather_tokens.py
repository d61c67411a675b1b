"""Bad weather around tokens: revoked, expired, unreadable, and a token call that fails."""

from __future__ import annotations

import re

import httpx
import pytest

from bulkcall.errors import CredentialsError, ServerAwayError
from bulkcall.settings import Secret
from tests.faults.weather_parts import accepted, check_truth, send_rows
from tests.send_parts import BATCH, REALTIME

pytestmark = pytest.mark.integration

CALL = {REALTIME: "realtime", BATCH: "batch_create"}
BOTH = pytest.mark.parametrize("channel", [REALTIME, BATCH])


def created(sandbox):
    """How many tokens the server has made."""
    return sandbox.stats()["tokens_created"]


@BOTH
@pytest.mark.parametrize("kind", ["revoked", "bad_token"])
def test_a_token_that_dies_in_mid_run_is_replaced_once(ledger, sandbox, channel, kind):
    """401, or the 500 that means a bad token: one new token, no row loses a try, all go."""
    sandbox.order(f"{kind}@{CALL[channel]},times=1,after=1")
    result = send_rows(ledger, sandbox, channel, max_tries=1)
    check_truth(result, sandbox)
    assert result.counts == {accepted(channel): 30}
    assert {row.attempts for row in result.rows.values()} == {1}
    assert created(sandbox) == 2
    assert result.notes == []


@BOTH
def test_a_token_that_expires_early_is_replaced(ledger, sandbox, channel):
    """The server's token life is shorter than documented: 401s are met with new tokens."""
    sandbox.set(token_life=1.0)
    result = send_rows(
        ledger, sandbox, channel, 25, realtime_per_second=10.0, batch_per_minute=100.0
    )
    check_truth(result, sandbox)
    assert result.counts == {accepted(channel): 25}
    assert {row.attempts for row in result.rows.values()} == {1}
    assert 2 <= created(sandbox) <= 10
    assert result.notes == []


@BOTH
def test_a_token_call_that_is_down_for_a_while(ledger, sandbox, channel):
    """503s from the token call: no row is touched, and sending begins when there is a token."""
    sandbox.order("status@token,times=3,status=503")
    result = send_rows(ledger, sandbox, channel, first_contact_timeout=20.0)
    check_truth(result, sandbox)
    assert result.error is None
    assert result.counts == {accepted(channel): 30}
    assert {row.attempts for row in result.rows.values()} == {1}
    away, back = result.notes
    assert away.startswith("the server seems away (no token: HTTP 503")
    assert back.startswith("the server is back after ")


@BOTH
def test_a_token_call_that_stays_down(ledger, sandbox, channel):
    """No token at all: the run stops, resumable, with nothing sent and no try spent."""
    sandbox.order("status@token,times=0,status=503")
    result = send_rows(ledger, sandbox, channel, first_contact_timeout=1.0)
    assert isinstance(result.error, ServerAwayError)
    assert "has been away for" in str(result.error)
    assert "(no token: HTTP 503" in str(result.error)
    assert result.counts == {"unsent": 30}
    assert result.ended.requests == 0


@BOTH
def test_a_token_call_over_its_limit_is_waited_for(ledger, sandbox, channel):
    """429 with Retry-After from the token call: nothing is lost, the run goes on after it."""
    sandbox.order("limit@token,times=1,seconds=1")
    result = send_rows(ledger, sandbox, channel)
    check_truth(result, sandbox)
    assert result.counts == {accepted(channel): 30}
    assert result.notes == []


def test_a_token_call_may_be_over_its_limit_for_longer_than_a_first_contact_takes(ledger, sandbox):
    """It is there and says when to come again; so it is waited for, and a line says so."""
    sandbox.order("limit@token,times=1,seconds=4")
    result = send_rows(ledger, sandbox, REALTIME, first_contact_timeout=0.5)
    check_truth(result, sandbox)
    assert result.error is None
    assert result.counts == {"success": 30}
    assert {row.attempts for row in result.rows.values()} == {1}
    (told,) = result.notes
    # 4 s from the order on: how many of them are left is the machine's affair.
    said = r"the token call is over its limit: a token pauses for [1-4] s; no row is lost by it"
    assert re.fullmatch(said, told)


@BOTH
def test_a_token_that_dies_when_ten_were_created_leaves_its_rows_to_the_others(
    ledger, sandbox, channel
):
    """No eleventh within half an hour: that token pauses, and no row waits for it."""
    sandbox.order(f"revoked@{CALL[channel]},times=1,after=30")
    result = send_rows(ledger, sandbox, channel, 90, tokens=10, batch_size=2)
    check_truth(result, sandbox)
    assert result.error is None
    assert result.counts == {accepted(channel): 90}
    assert {row.attempts for row in result.rows.values()} == {1}
    (told,) = result.notes
    assert told.startswith("10 tokens were created in the last 30 minutes, all that the API allows")
    assert ": a token pauses for " in told
    assert created(sandbox) == 10


@BOTH
def test_a_key_that_is_not_accepted(ledger, sandbox, channel):
    """Wrong API key: one line, nothing sent, every row still unsent."""
    result = send_rows(ledger, sandbox, channel, api_key=Secret("00000000-0000-0000"))
    assert isinstance(result.error, CredentialsError)
    for setting in ("BULKCALL_CLIENT_ACCOUNT_ID", "BULKCALL_KEY_ID", "BULKCALL_API_KEY"):
        assert setting in str(result.error)
    assert result.counts == {"unsent": 30}
    assert result.ended.requests == 0


@BOTH
def test_a_ready_token_that_is_no_good_ends_the_run(ledger, sandbox, channel):
    """`BULKCALL_TOKEN` has no replacement: nothing was sent, and every row is unsent."""
    result = send_rows(ledger, sandbox, channel, token=Secret("a.bad.token"))
    assert isinstance(result.error, CredentialsError)
    assert "BULKCALL_TOKEN" in str(result.error)
    assert result.counts == {"unsent": 30}


@BOTH
def test_a_ready_token_that_is_revoked_in_mid_run_ends_the_run(ledger, sandbox, channel):
    """What was taken stands, the rest is unsent, and the line says what to set."""
    answer = httpx.post(
        f"{sandbox.base_url}/clients/{sandbox.client_account_id}/token",
        json={"key_id": sandbox.key_id, "api_key": sandbox.api_key},
        headers={"X-Public-Access": "allow"},
        trust_env=False,
    )
    sandbox.order(f"revoked@{CALL[channel]},times=1,after=1")
    token = Secret(answer.json()["token"])
    result = send_rows(ledger, sandbox, channel, 300, token=token)
    check_truth(result, sandbox)
    assert isinstance(result.error, CredentialsError)
    assert "does not accept the token in BULKCALL_TOKEN any more" in str(result.error)
    assert "set a new one, or a key pair" in str(result.error)
    assert result.counts.keys() == {accepted(channel), "unsent"}
    assert sum(result.counts.values()) == 300
