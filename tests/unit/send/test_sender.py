"""The sender on both channels, with a real ledger and limiters, and a scripted API."""

from __future__ import annotations

import asyncio

import pytest

from bulkcall.api import BadRequest, ClientError, NoAnswer, RateLimited, Unavailable, Unreachable
from bulkcall.clock import SystemClock
from bulkcall.errors import CredentialsError, DiskFullError, ServerAwayError, TurnedDownError
from bulkcall.progress import StopToken
from bulkcall.records import OnUnknown
from bulkcall.send import send
from bulkcall.send.timing import DEFAULT_TIMING, Timing
from tests.send_parts import (
    BATCH,
    REALTIME,
    Notes,
    ScriptedApi,
    begin,
    counts,
    outcomes,
    settings,
)

QUICK = Timing(row_backoff=(0.001, 0.01), probe_backoff=(0.05, 0.1))


def go(
    ledger,
    run,
    api,
    *,
    stop=None,
    limit=None,
    on_unknown=OnUnknown.RESEND,
    timing=DEFAULT_TIMING,
    **changes,
):
    """Send, and give what was noted."""
    notes = Notes()
    asyncio.run(
        send(
            ledger,
            run,
            api,
            settings(**changes),
            clock=SystemClock(),
            progress=notes,
            stop=stop or StopToken(),
            limit=limit,
            on_unknown=on_unknown,
            timing=timing,
        )
    )
    return notes


def test_realtime_sends_every_row_once(ledger):
    """Each row goes out in one request and is a success by the server's own word."""
    run, api = begin(ledger, 50, REALTIME), ScriptedApi()
    notes = go(ledger, run, api)
    assert counts(ledger, run) == {"success": 50}
    assert len(api.requests) == 50
    assert set(api.applied.values()) == {1}
    assert notes.advanced["send"] == notes.totals["send"] == 50
    assert ledger.run(run.run_id).requests == 50
    assert ledger.run(run.run_id).retries == 0


def test_batches_are_full_and_accepted(ledger):
    """1,200 rows make three batches, the last one smaller; they are pending until confirmed."""
    run, api = begin(ledger, 1200, BATCH), ScriptedApi()
    go(ledger, run, api)
    assert counts(ledger, run) == {"pending": 1200}
    assert sorted(len(records) for records in api.requests) == [200, 500, 500]
    for records in api.requests:
        assert len({record.ends_at for record in records}) == len(records)


def test_earliest_start_goes_first_and_file_order_among_equals(ledger):
    """Rows leave by starts_at, then by row number, whatever their order in the file."""
    start = 2_000_000_000_000
    starts = [start + 3000, start, start + 3000, start + 1000, start]
    run = begin(ledger, 5, REALTIME, starts=starts, ends=[start + 9_000_000] * 5)
    api = ScriptedApi(per_second=20)
    go(ledger, run, api)
    sent = [records[0].receiver_number for records in api.requests]
    assert sent == [f"9198100000{row}0" for row in (2, 5, 4, 1, 3)]


def test_a_429_costs_no_try_and_nothing_is_lost(ledger):
    """Every third request is over the limit: all rows still end as success, with one attempt."""
    run = begin(ledger, 40, REALTIME)
    api = ScriptedApi(lambda records, n: RateLimited("slow down") if n % 3 == 0 else None)
    go(ledger, run, api, max_tries=1)
    assert counts(ledger, run) == {"success": 40}
    assert {row.attempts for row in outcomes(ledger, run).values()} == {1}
    ended = ledger.run(run.run_id)
    assert ended.requests == len(api.requests) > 40
    assert ended.retries == len(api.requests) - 40


def test_a_batch_with_one_bad_record_is_split_until_it_stands_alone(ledger):
    """400 to the batch: the bad row ends refused with the server's words, all others go."""
    run = begin(ledger, 100, BATCH)
    bad = "919810000370"

    def decide(records, number):
        if any(record.receiver_number == bad for record in records):
            return BadRequest("Request body is invalid", field="receiver_number")
        return None

    api = ScriptedApi(decide)
    go(ledger, run, api)
    assert counts(ledger, run) == {"pending": 99, "refused": 1}
    row = outcomes(ledger, run)[37]
    assert (row.outcome, row.field) == ("refused", "receiver_number")
    assert len(api.requests) <= 15
    assert set(api.applied.values()) == {1}


def test_every_record_bad_ends_with_every_row_refused(ledger):
    """Splitting ends at single rows even if none of them is good."""
    run = begin(ledger, 33, BATCH)
    go(ledger, run, ScriptedApi(lambda records, n: BadRequest("no", field="ends_at")))
    assert counts(ledger, run) == {"refused": 33}


@pytest.mark.parametrize("channel", [REALTIME, BATCH])
def test_unavailable_spends_tries_and_then_fails(ledger, channel):
    """A row that always gets a 503 ends as failed with no attempt; the others go."""
    run = begin(ledger, 3, channel)
    bad = "919810000020"

    def decide(records, number):
        return Unavailable("busy") if records[-1].receiver_number == bad else None

    api = ScriptedApi(decide)
    go(ledger, run, api, timing=QUICK, batch_size=1, max_tries=3)
    found = outcomes(ledger, run)
    assert (found[2].outcome, found[2].attempts, found[2].http_status) == ("failed", 0, 503)
    assert sum(1 for records in api.requests if records[0].receiver_number == bad) == 3
    assert {found[1].outcome, found[3].outcome} == {"success" if channel is REALTIME else "pending"}


@pytest.mark.parametrize(
    ("on_unknown", "expected", "attempts"), [("resend", "success", 2), ("hold", "unknown", 1)]
)
def test_what_may_have_been_taken_is_resent_or_held(ledger, on_unknown, expected, attempts):
    """No answer: by default the row goes again and counts both attempts; with hold it stays."""
    run = begin(ledger, 1, REALTIME)
    api = ScriptedApi(lambda records, n: NoAnswer("timed out") if n == 1 else None)
    api.slots[0].realtime.pause(0)
    go(ledger, run, api, on_unknown=OnUnknown(on_unknown), first_contact_timeout=30.0)
    row = outcomes(ledger, run)[1]
    assert (row.outcome, row.attempts) == (expected, attempts)


def test_other_4xx_fails_at_once(ledger):
    """403 and its like are final: failed, no attempt, no second request."""
    run = begin(ledger, 2, REALTIME)
    api = ScriptedApi(lambda records, n: ClientError("forbidden", http_status=403))
    go(ledger, run, api)
    assert counts(ledger, run) == {"failed": 2}
    assert len(api.requests) == 2


def test_413_splits_a_batch(ledger):
    """A batch that is too large goes in halves."""
    run = begin(ledger, 8, BATCH)
    api = ScriptedApi(
        lambda records, n: ClientError("large", http_status=413) if len(records) > 2 else None
    )
    go(ledger, run, api)
    assert counts(ledger, run) == {"pending": 8}


def test_limit_sends_so_many_rows_and_their_retries(ledger):
    """The canary's limit counts rows, not requests."""
    run = begin(ledger, 30, REALTIME)
    api = ScriptedApi(lambda records, n: RateLimited("slow") if n in (2, 3) else None)
    go(ledger, run, api, limit=5)
    assert counts(ledger, run) == {"success": 5, "unsent": 25}
    assert {row for row, each in outcomes(ledger, run).items() if each.outcome == "success"} == {
        1,
        2,
        3,
        4,
        5,
    }


def test_stop_finishes_what_is_in_flight_and_gives_back_the_rest(ledger):
    """After a stop request no row is left as going out, and none is lost."""
    run, stop = begin(ledger, 2000, REALTIME), StopToken()

    def decide(records, number):
        if number == 20:
            stop.request("signal")

    api = ScriptedApi(decide)
    go(ledger, run, api, stop=stop)
    found = counts(ledger, run)
    assert found["success"] == len(api.requests) < 2000
    assert found == {"success": found["success"], "unsent": 2000 - found["success"]}
    go(ledger, run, api)
    assert counts(ledger, run) == {"success": 2000}
    assert set(api.applied.values()) == {1}


def test_expired_rows_are_never_sent(ledger):
    """Rows whose ends_at has passed end as expired, on either side of good ones."""
    now = SystemClock().now_ms()
    ends = [now - 1, now + 3_600_000, now - 5000]
    run = begin(ledger, 3, REALTIME, starts=[now - 10_000] * 3, ends=ends)
    api = ScriptedApi()
    notes = go(ledger, run, api)
    assert counts(ledger, run) == {"success": 1, "expired": 2}
    assert len(api.requests) == 1
    assert notes.advanced["send"] == 3


def test_a_server_that_never_answers_ends_the_run_with_nothing_spent(ledger):
    """Connection refused from the first: the run stops, the rows stay unsent, no try is spent."""
    run = begin(ledger, 3, REALTIME)
    api = ScriptedApi(lambda records, n: Unreachable("connection refused", requests=0))
    with pytest.raises(ServerAwayError, match="never answered"):
        go(ledger, run, api, first_contact_timeout=0.2)
    assert counts(ledger, run) == {"unsent": 3}
    assert ledger.run(run.run_id).requests == 0


@pytest.mark.parametrize("welcomed", [False, True])
def test_a_token_of_an_earlier_process_is_no_sign_of_the_server(ledger, welcomed):
    """Only a token that was given in this run grants the longer patience."""
    run = begin(ledger, 3, REALTIME)
    refused = Unreachable("connection refused")
    api = ScriptedApi(lambda records, n: refused, welcomed=welcomed)
    patience = {"first_contact_timeout": 30.0, "away_timeout": 0.2}
    if not welcomed:
        patience = {"first_contact_timeout": 0.2, "away_timeout": 30.0}
    with pytest.raises(ServerAwayError) as told:
        go(ledger, run, api, **patience)
    assert ("never answered" in str(told.value)) is not welcomed
    assert counts(ledger, run) == {"unsent": 3}


def test_a_server_that_comes_back_is_noticed(ledger):
    """Away for some requests, then back: every row is a success and both lines were said."""
    run = begin(ledger, 100, REALTIME)
    api = ScriptedApi(
        lambda records, n: Unreachable("refused", requests=0) if 20 <= n < 35 else None
    )
    notes = go(ledger, run, api, timing=QUICK, away_timeout=30.0)
    assert counts(ledger, run) == {"success": 100}
    assert any("seems away" in line for line in notes.notes)
    assert any("is back" in line for line in notes.notes)


def test_most_rows_turned_down_for_one_reason_stops_early(ledger):
    """Refused for the same reason again and again: stop, and leave the rest unsent."""
    run = begin(ledger, 2000, REALTIME)
    api = ScriptedApi(
        lambda records, n: BadRequest("label_id is not of this client"), per_second=500
    )
    with pytest.raises(TurnedDownError, match="label_id is not of this client"):
        go(ledger, run, api, turned_down_count=50)
    assert 50 <= counts(ledger, run)["refused"] < 2000


def test_an_unforeseen_error_stops_the_run_and_loses_no_result(ledger):
    """A bug in one request ends the run with that error; the others' results are written."""
    run = begin(ledger, 30, REALTIME)
    api = ScriptedApi(lambda records, n: ZeroDivisionError("oops") if n == 5 else None)
    with pytest.raises(ZeroDivisionError):
        go(ledger, run, api)
    found = counts(ledger, run)
    assert found["unknown"] == 1
    assert found["success"] == sum(api.applied.values())


def test_credentials_stop_the_run_at_once(ledger):
    """Rows that met bad credentials were not taken and wait; the error comes out."""
    run = begin(ledger, 300, REALTIME)
    api = ScriptedApi(lambda records, n: CredentialsError("bad key") if n > 3 else None)
    with pytest.raises(CredentialsError):
        go(ledger, run, api)
    assert counts(ledger, run) == {"success": 3, "unsent": 297}


def test_a_ledger_that_fails_stops_sending(ledger, monkeypatch):
    """When results can't be written, the run ends with that error and sends no more."""
    run, api = begin(ledger, 3000, REALTIME), ScriptedApi(per_second=2000)
    record = ledger.record
    calls = []

    def full(*args, **named):
        calls.append(1)
        if len(calls) > 1:
            raise DiskFullError("no room left for the ledger")
        record(*args, **named)

    monkeypatch.setattr(ledger, "record", full)
    with pytest.raises(DiskFullError):
        go(ledger, run, api)
    assert len(api.requests) < 3000


def test_cancelling_leaves_what_is_in_flight_in_doubt(ledger):
    """At the second signal rows in flight stay as going out; those not sent are given back."""
    run = begin(ledger, 500, REALTIME)

    async def hang():
        await asyncio.sleep(60)

    api = ScriptedApi(lambda records, n: hang() if n > 10 else None, per_second=200)

    async def cancelled():
        task = asyncio.create_task(
            send(
                ledger,
                run,
                api,
                settings(),
                clock=SystemClock(),
                progress=Notes(),
                stop=StopToken(),
            )
        )
        while len(api.requests) < 12:  # noqa: ASYNC110 - nothing to wait for but the count
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancelled())
    found = counts(ledger, run)
    assert found["success"] == 10
    assert found["unknown"] == len(api.requests) - 10
    assert found["unsent"] == 500 - len(api.requests)


@pytest.mark.parametrize(("channel", "accepted"), [(REALTIME, "success"), (BATCH, "pending")])
def test_a_row_that_expires_while_it_waits_for_its_turn_is_not_sent(ledger, channel, accepted):
    """Taken, and past when its turn comes: it does not go, and costs its neighbours nothing."""
    now = SystemClock().now_ms()
    ends = [now + 3_600_000, now + 500, now + 3_600_000]
    run = begin(ledger, 3, channel, starts=[now - 10_000] * 3, ends=ends)
    api = ScriptedApi()
    api.slots[0].realtime.pause(0.6)
    api.slots[0].batch.pause(0.6)
    go(ledger, run, api)
    assert counts(ledger, run) == {accepted: 2, "expired": 1}
    assert set(api.applied) == {"919810000010", "919810000030"}
    found = outcomes(ledger, run)
    assert [found[row].attempts for row in (1, 2, 3)] == [1, 0, 1]


def test_hints_that_prove_wrong_are_not_followed_for_ever(ledger):
    """A server whose 400 always names the same place: the bad rows still come to stand alone."""
    run = begin(ledger, 64, BATCH)
    bad = {"919810000500", "919810000510"}

    def decide(records, number):
        if any(record.receiver_number in bad for record in records):
            return BadRequest("record 1 is invalid")
        return None

    api = ScriptedApi(decide)
    go(ledger, run, api)
    assert counts(ledger, run) == {"pending": 62, "refused": 2}
    assert len(api.requests) < 40


def test_a_doubtful_batch_goes_again_as_a_new_batch(ledger):
    """No answer to a batch: the same rows go as a new one; both are on record."""
    run = begin(ledger, 30, BATCH)
    api = ScriptedApi(lambda records, n: NoAnswer("reset") if n == 2 else None)
    go(ledger, run, api, timing=QUICK, batch_size=10)
    found = outcomes(ledger, run)
    assert counts(ledger, run) == {"pending": 30}
    assert sorted(row.attempts for row in found.values()) == [1] * 20 + [2] * 10
    assert [batch.state for batch in ledger.batches(run.run_id)].count("doubtful") == 1
    assert len(ledger.batches(run.run_id)) == len(api.requests) == 4
    assert ledger.run(run.run_id).retries == 1


def test_a_batch_probe_is_one_row(ledger):
    """While the server seems away, one row asks at a time; then full batches go on."""
    run = begin(ledger, 100, BATCH)
    api = ScriptedApi(
        lambda records, n: Unreachable("refused", requests=0) if 2 <= n < 10 else None,
        batch_per_minute=3000,
    )
    notes = go(ledger, run, api, timing=QUICK, batch_size=10, away_timeout=30.0)
    assert counts(ledger, run) == {"pending": 100}
    assert any("is back" in line for line in notes.notes)
    assert [records for records in api.requests[1:10] if len(records) == 1] != []
    assert {row.attempts for row in outcomes(ledger, run).values()} == {1}


def test_a_canary_on_the_batch_channel(ledger):
    """`limit` rows in as few batches as they need, then the rest."""
    run, api = begin(ledger, 100, BATCH), ScriptedApi()
    go(ledger, run, api, limit=30, batch_size=20)
    assert counts(ledger, run) == {"pending": 30, "unsent": 70}
    assert [len(records) for records in api.requests] == [20, 10]
    go(ledger, run, api, batch_size=20)
    assert counts(ledger, run) == {"pending": 100}


def test_a_long_pause_is_told(ledger):
    """A token that pauses for long says so, once in a while, and gives back what was ready."""
    run = begin(ledger, 40, REALTIME)
    api = ScriptedApi(per_second=200)

    def decide(records, number):
        if number in (10, 11, 12):
            api.slots[0].realtime.pause(0.4)
            return RateLimited("HTTP 429")
        return None

    api.decide = decide
    notes = go(ledger, run, api, timing=Timing(pause_worth_noting=0.1, token_patience=0.1))
    assert counts(ledger, run) == {"success": 40}
    assert [line for line in notes.notes if "HTTP 429: a token pauses" in line] == notes.notes
    assert len(notes.notes) == 1


def test_a_campaign_of_bad_batches_stops_long_before_every_row_was_tried_alone(ledger):
    """3,000 rows, all refused for one reason: some hundreds of requests, not six thousand."""
    run = begin(ledger, 3000, BATCH)
    api = ScriptedApi(lambda records, n: BadRequest("no such label", field="label_id"), tokens=2)
    with pytest.raises(TurnedDownError, match="label_id no such label"):
        go(ledger, run, api)
    assert len(api.requests) < 600
    assert sum(counts(ledger, run).values()) == 3000
