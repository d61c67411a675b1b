"""The contract against a server that the sandbox's authors never saw (api.md to the letter)."""

from __future__ import annotations

import json
import time
from email.utils import formatdate

import pytest

from tests.contract.conftest import CALLER, receivers
from tests.contract.other_server import API_KEY, KEY_ID, Answer, part

TIMES = ("--start", "now", "--window", "8h")
PAGE = b"<html><body>Bad gateway</body></html>"


def go(stranger, rows, *more, columns=("caller", "receiver", "label")):
    """Run a campaign of these rows; gives how it ended and outcomes.csv, wherever that went."""
    stranger.campaign(rows, columns=columns)
    ended = stranger.run("run", "campaign.csv", *TIMES, "--out", "o", "--json", *more)
    assert ended.out.count("\n") == 1, ended
    out = stranger.folder / ended.json["out"]  # beside `o`, where an earlier run's report is in it
    summary = json.loads((out / "summary.json").read_text())
    assert summary["conserved"] is True
    assert sum(summary["outcomes"].values()) == summary["rows"] == len(rows)
    return ended, stranger.table(out / "outcomes.csv")


def rows(count, first=0):
    """Give rows of a campaign file."""
    return [(CALLER, number, "Parcel team") for number in receivers(count, first)]


def words(outcomes, column="outcome"):
    """Give one column."""
    return [row[column] for row in outcomes]


@pytest.mark.parametrize(
    ("mask", "match"),
    [
        (str, "number"),
        (part, "stamp"),
        (lambda _: "************", "stamp"),
        (lambda _: "", "stamp"),
    ],
)
def test_every_row_finds_its_result_whatever_is_masked(stranger, other, mask, match):
    """Reversed order, odd batch ids and creation times: each row is `success` by the right way."""
    other.mask = mask
    ended, outcomes = go(stranger, rows(7))
    assert ended.status == 0, ended.err
    assert words(outcomes) == ["success"] * 7
    allowed = {match, "number"} if mask is part else {match}
    assert set(words(outcomes, "match")) <= allowed
    assert words(outcomes, "batch_id") == ["0" * 19 + "1"] * 7
    [batch] = other.batches.values()
    by_receiver = {r["receiver_number"]: other.element(r, i)["id"] for i, r in enumerate(batch)}
    assert words(outcomes, "record_id") == [by_receiver["91" + r["receiver"]] for r in outcomes]


def test_a_listing_that_is_null_then_partial_then_not_final(stranger, other):
    """Data may be null, absent, partial or not final at first: the wait goes on to the end."""

    def listing(_, elements, polls):
        for element in elements:
            if polls < 5:
                element["status_info"] = {"status": "IN_PROGRESS"}
        return [None, [], elements[:1], elements, elements][min(polls, 5) - 1]

    other.listing = listing
    ended, outcomes = go(stranger, rows(3), "--reconcile-timeout", "20")
    assert (ended.status, words(outcomes)) == (0, ["success"] * 3), ended


def test_an_unknown_word_is_not_final_and_told_as_it_came(stranger, other):
    """A status that is neither success nor error: `pending`, with the word."""
    other.fate = lambda _: {"status": "quarantined"}
    ended, outcomes = go(stranger, rows(2), "--reconcile-timeout", "1")
    assert (ended.status, words(outcomes)) == (3, ["pending"] * 2)
    assert all("quarantined" in row["message"] for row in outcomes)


def test_errors_go_to_the_right_rows(stranger, other):
    """Each failed record's message stands at its row; only what can be saved is in rejected.csv."""
    fates = {
        "1": {"status": "error", "message": "Not a Truecaller user"},
        "2": {"status": "error", "message": "Failed to push"},
    }
    other.fate = lambda r: fates[r["receiver_number"][-1]]
    ended, outcomes = go(stranger, rows(6))
    assert (ended.status, words(outcomes)) == (3, ["error"] * 6)
    assert words(outcomes, "message") == ["Not a Truecaller user", "Failed to push"] * 3
    assert words(outcomes, "match") == ["stamp"] * 6
    rejected = stranger.table("o/rejected.csv")
    assert [row["receiver"] for row in rejected] == receivers(6)[1::2]
    assert words(rejected, "error_message") == ["Failed to push"] * 3


@pytest.mark.parametrize("channel", ["batch", "realtime"])
def test_429_in_every_form_loses_nothing(stranger, other, channel):
    """Retry-After as seconds, as a date, absent or nonsense: a pause, no attempt, no loss."""
    date = formatdate(usegmt=True)
    other.order(
        channel,
        Answer(429, b"", {"Retry-After": "0"}),
        Answer(429, PAGE, {"Retry-After": date, "Content-Type": "text/html"}),
        Answer(429, {"slug": "too-many"}, {"Retry-After": "soon"}),
    )
    ended, outcomes = go(stranger, rows(1), "--channel", channel)
    assert (ended.status, words(outcomes)) == (0, ["success"]), ended
    assert words(outcomes, "attempts") == ["1"]
    assert (ended.json["requests"], ended.json["retries"]) == (4, 3)


@pytest.mark.parametrize("channel", ["batch", "realtime"])
@pytest.mark.parametrize(
    "body", [b"", PAGE, b'{"batch_id": "1', b"[]", b"null", b'{"ok": true}', b'"done"']
)
def test_unknown_for_an_unreadable_200_which_is_not_sent_again(stranger, other, channel, body):
    """A 200 whose body can't be read: `unknown`, flagged, sent exactly once."""
    other.order(channel, Answer(200, body, applied=True))
    ended, outcomes = go(stranger, rows(1), "--channel", channel)
    assert (ended.status, words(outcomes)) == (3, ["unknown"]), ended
    assert len(other.calls(channel)) == 1
    assert (outcomes[0]["attempts"], outcomes[0]["http_status"]) == ("1", "200")
    assert outcomes[0]["message"]
    assert outcomes[0]["sent_at"]
    assert not outcomes[0]["confirmed_at"]


@pytest.mark.parametrize("answer", [Answer(drop=True, applied=True), Answer(502, PAGE)])
def test_no_answer_is_sent_again_by_default_and_held_on_request(stranger, other, answer):
    """--on-unknown resend: success at the second try, attempts 2. hold: `unknown`, sent once."""
    other.order("batch", answer)
    ended, outcomes = go(stranger, rows(2))
    assert (ended.status, words(outcomes), words(outcomes, "attempts")) == (
        0,
        ["success"] * 2,
        ["2"] * 2,
    ), ended
    assert (ended.json["requests"], ended.json["retries"]) == (2, 1)
    other.order("batch", answer)
    before = len(other.calls("batch"))
    ended, outcomes = go(stranger, rows(2, 10), "--on-unknown", "hold")
    assert (ended.status, words(outcomes)) == (3, ["unknown"] * 2)
    assert len(other.calls("batch")) == before + 1
    other.order("realtime", answer)
    ended, outcomes = go(stranger, rows(1, 20), "--channel", "realtime")
    assert (words(outcomes), words(outcomes, "attempts")) == (["success"], ["2"])


def test_a_400_for_a_whole_batch_is_isolated(stranger, other):
    """One bad record refuses a batch: it alone is `refused`, the others go; field may be absent."""
    bad = {"91" + receivers(9)[4]}
    told = "Request body is invalid: receiver_number is odd"
    refuse = Answer(400, {"status_info": {"status": "error", "message": told}})
    apply = other._apply
    other._apply = lambda seen: (
        refuse if any(r["receiver_number"] in bad for r in seen.records) else apply(seen)
    )
    ended, outcomes = go(stranger, rows(9))
    assert words(outcomes) == ["success"] * 4 + ["refused"] + ["success"] * 4, ended
    assert (ended.status, outcomes[4]["message"], outcomes[4]["field"]) == (3, told, "")
    assert outcomes[4]["http_status"] == "400"
    assert [r["error_message"] for r in stranger.table("o/rejected.csv")] == [told]


@pytest.mark.parametrize("channel", ["batch", "realtime"])
@pytest.mark.parametrize(
    ("body", "told"),
    [
        (
            {"slug": "forbidden-error", "message": "not authorized. please contact your admin."},
            "not authorized. please contact your admin.",
        ),
        (PAGE, "proxy or filter"),
    ],
)
def test_a_403_stops_the_run_and_the_rest_goes_later(stranger, other, channel, body, told):
    """The API's own word or a filter's page, told apart: status 1, nothing lost, resumable."""
    other.order(channel, Answer(403, body))
    ended, outcomes = go(stranger, rows(3), "--channel", channel)
    assert (ended.status, words(outcomes)) == (1, ["unsent"] * 3), ended
    assert told in ended.err
    resumed = stranger.run("resume", "--json")
    assert (resumed.status, resumed.json["outcomes"]["success"]) == (0, 3), resumed


def test_real_time_words(stranger, other):
    """200 success; 200 with another status: `error`; 400: `refused`; 404: `failed`."""
    fate = {"status": "declined", "message": "Not today"}
    other.fate = lambda r: fate if r["receiver_number"][-1] == "2" else {"status": "success"}
    field = {"status_info": {"status": "error", "field": "ends_at", "message": "too old"}}
    other.order("realtime", Answer(400, field), Answer(404, PAGE))
    ended, outcomes = go(stranger, rows(4), "--channel", "realtime")
    assert sorted(words(outcomes)) == ["error", "failed", "refused", "success"], ended
    found = {row["outcome"]: row for row in outcomes}
    assert (found["refused"]["field"], found["refused"]["message"]) == ("ends_at", "too old")
    assert found["error"]["message"] == "Not today"
    assert (found["failed"]["http_status"], found["failed"]["attempts"]) == ("404", "0")
    assert found["failed"]["sent_at"] == found["failed"]["confirmed_at"] == ""
    assert found["success"]["http_status"] == "200"
    assert found["success"]["confirmed_at"] >= found["success"]["sent_at"] != ""
    assert {row["match"] for row in outcomes} == {""}
    assert {row["channel"] for row in outcomes} == {"realtime"}
    kept = {row["error_message"] for row in stranger.table("o/rejected.csv")}
    assert {"Not today", "too old"} <= kept
    assert len(kept) == 3


def test_missing_and_unexpected(stranger, other):
    """Left out of a final listing: `missing`. Listed but never sent: `unexpected`, no row's."""
    alien = {"caller_number": "911149999999", "receiver_number": "919999900000"}

    def listing(_, elements, polls):
        return [
            *elements[:-1],
            {**elements[0], **alien, "id": "alien", "starts_at": 1, "ends_at": 2},
        ]

    other.mask = str
    other.listing = listing
    ended, outcomes = go(stranger, rows(3), "--reconcile-timeout", "4")
    assert words(outcomes) == ["missing", "success", "success"], ended
    assert [record["id"] for record in ended.json["unexpected"]] == ["alien"]
    other.listing = lambda _, elements, polls: elements
    again = stranger.run("reconcile", "--json")
    assert (again.status, again.json["outcomes"]["success"]) == (0, 3), again


def test_a_record_listed_twice(stranger, other):
    """Listed twice alike: once is enough."""
    other.mask = str
    other.listing = lambda _, elements, polls: elements + elements
    ended, outcomes = go(stranger, rows(2))
    assert (ended.status, words(outcomes)) == (0, ["success"] * 2), ended
    assert ended.json["unexpected"] == []


def test_tokens_that_die_count_once(stranger, other):
    """A 401 in mid-run and a 500 that says bad token: a new token, and no row suffers."""
    parse = {"slug": "internal-server-error", "message": "500/50011 - Failed to parse token"}
    dead = {"slug": "authorization-error", "message": "please login again"}
    stranger.environ["BULKCALL_BATCH_SIZE"] = "1"
    answers = [Answer(500, parse), Answer(401, dead)]
    apply, used = other._apply, dict.fromkeys(range(99), 0)

    def mortal(seen):
        """Let the first two tokens die at their third batch."""
        if seen.call == "batch":
            place = other.tokens.index(seen.headers["authorization"].removeprefix("Bearer "))
            used[place] += 1
            if place < 2 and used[place] > 2:
                return answers[place]
        return apply(seen)

    other._apply = mortal
    ended, outcomes = go(stranger, rows(8))
    assert (ended.status, words(outcomes)) == (0, ["success"] * 8), ended
    assert set(words(outcomes, "attempts")) == {"1"}
    assert len(other.tokens) == 3


def test_no_secret_is_ever_written_or_shown(stranger, other):
    """Key id, key and tokens stand in no file, no output, no log, whatever level."""
    other.order("batch", Answer(500, {"message": f"key {API_KEY} is odd"}))
    ended, _ = go(stranger, rows(2), "-vv", "--log-format", "json")
    assert ended.status == 0
    said = [ended.out, ended.err]
    for command in (
        ("runs", "-vv"),
        ("status", "-vv"),
        ("trace", receivers(1)[0], "-vv", "--json"),
    ):
        done = stranger.run(*command)
        said += [done.out, done.err]
    written = [p for p in stranger.folder.parent.rglob("*") if p.is_file()]
    assert any(p.suffix == ".db" for p in written)
    for secret in (KEY_ID, API_KEY, *other.tokens):
        assert not any(secret in text for text in said)
        for path in written:
            assert secret.encode() not in path.read_bytes(), path


def test_a_ready_token_needs_no_key_pair(stranger, other):
    """BULKCALL_TOKEN goes out as it is, and no token is created."""
    ready = "ready.made.token"
    other.tokens.append(ready)
    del stranger.environ["BULKCALL_KEY_ID"], stranger.environ["BULKCALL_API_KEY"]
    stranger.environ["BULKCALL_TOKEN"] = ready
    ended, _ = go(stranger, rows(1))
    assert ended.status == 0
    assert other.calls("token") == []


def test_order_by_starts_at(stranger, other):
    """What starts first goes first, whatever the file's order."""
    now = int(time.time()) + 600
    lines = [
        (*row, now + 60 * k, now + 9000) for row, k in zip(rows(6), (5, 1, 4, 0, 3, 2), strict=True)
    ]
    stranger.campaign(lines, columns=("caller", "receiver", "label", "start", "end"))
    ended = stranger.run("run", "campaign.csv", "--batch-size", "2", "--json", "--out", "o")
    assert ended.status == 0, ended
    went = [record["starts_at"] for seen in other.calls("batch") for record in seen.records]
    assert went == sorted(went)
    for record in (r for seen in other.calls("batch") for r in seen.records):
        assert (now + 9000) * 1000 - 1000 <= record["ends_at"] <= (now + 9000) * 1000
    outcomes = stranger.table("o/outcomes.csv")
    assert words(outcomes, "row") == list("123456")


def test_without_stamps_alike_rows_are_a_group_or_are_not_told_apart(stranger, other):
    """Stamp = false: records alike under masking. All ended alike: `group`; else never guessed."""
    stranger.write("bulkcall.toml", "stamp = false\n")
    ended, outcomes = go(stranger, rows(12))
    assert (ended.status, words(outcomes, "match")) == (0, ["group"] * 12), ended
    sent = [r["ends_at"] - r["starts_at"] for seen in other.calls("batch") for r in seen.records]
    assert sent == [8 * 3600 * 1000] * 12
    other.fate = lambda r: {"status": "success" if r["receiver_number"][-1] == "1" else "error"}
    ended, outcomes = go(stranger, rows(12, 20), "--reconcile-timeout", "1")
    assert ended.status == 3
    assert "success" not in words(outcomes)
    assert set(words(outcomes, "match")) == {""}
    assert set(words(outcomes)) <= {"pending", "unknown"}
