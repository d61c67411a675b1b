"""What an earlier run sent does not go again (contract: Outcomes, Equal rows, Commands)."""

from __future__ import annotations

import csv
import json
import time

import pytest

from tests.contract.conftest import CALLER, receivers

TIMES = ("--start", "now", "--window", "8h")
AGAIN = (
    "100% of the valid rows (3 of 3) were already sent in an earlier run and are left out: was "
    "the right file given? --resend sends them again"
)


def rows(count, first=0):
    """Give rows of a campaign file."""
    return [(CALLER, number, "Parcel team") for number in receivers(count, first)]


def sent(sandbox):
    """Count the records that went out."""
    calls = {"batch_create", "realtime"}
    return sum(len(entry.records) for entry in sandbox.journal() if entry.call in calls)


def words(ended):
    """Give the counts that are not zero."""
    return {word: count for word, count in ended.json["outcomes"].items() if count}


def test_the_same_list_in_one_morning_goes_out_once_and_tomorrow_again(client, sandbox):
    """Same windows overlap: `duplicate`. --resend: again. A window that does not overlap: again."""
    client.campaign(rows(3))
    first = client.run("run", "campaign.csv", *TIMES, "--json")
    assert words(first) == {"success": 3}
    again = client.run("run", "campaign.csv", *TIMES, "--json", "--out", "again")
    assert (again.status, words(again)) == (3, {"duplicate": 3})
    assert again.json["notes"] == [AGAIN]
    assert sent(sandbox) == 3
    told = client.table("again/outcomes.csv")[0]["message"]
    assert first.json["run_id"] in told
    # Another file with the same records and another column, on the other channel.
    client.campaign(
        [(*row, n) for n, row in enumerate(rows(3))], "b.csv", ("caller", "to", "label", "n")
    )
    other = client.run(
        "run", "b.csv", *TIMES, "--json", "--channel", "realtime", "--map", "receiver_number=to"
    )
    assert words(other) == {"duplicate": 3}
    resent = client.run("run", "campaign.csv", *TIMES, "--resend", "--json")
    assert (resent.status, words(resent)) == (0, {"success": 3})
    assert sent(sandbox) == 6
    tomorrow = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 86400))
    later = client.run("run", "campaign.csv", "--start", tomorrow, "--window", "8h", "--json")
    assert (later.status, words(later)) == (0, {"success": 3})
    assert sent(sandbox) == 9
    changed = client.run("run", "campaign.csv", "--start", "now", "--window", "20h", "--json")
    assert words(changed) == {"duplicate": 3}


def test_rows_with_times_of_their_own_repeat_only_with_the_same_times(client, sandbox):
    """Own times: another window is another record, also where the two overlap."""
    now = int(time.time())
    head = ("caller", "receiver", "label", "start", "end")
    client.campaign([(*rows(1)[0], now, now + 7200)], columns=head)
    assert words(client.run("run", "campaign.csv", "--json")) == {"success": 1}
    assert words(client.run("run", "campaign.csv", "--json")) == {"duplicate": 1}
    client.campaign([(*rows(1)[0], now, now + 7260)], columns=head)
    assert words(client.run("run", "campaign.csv", "--json")) == {"success": 1}
    assert sent(sandbox) == 2


@pytest.mark.parametrize("ending", ["99904", "99908", "99909"])
def test_what_was_turned_down_may_go_again(client, sandbox, ending):
    """Error, refused and failed rows are no reason for `duplicate`."""
    sandbox.set(rules="digits")
    client.write("bulkcall.toml", "max_tries = 1\n")
    client.campaign([(CALLER, f"98765{ending}", "Parcel team")])
    first = client.run("run", "campaign.csv", *TIMES, "--json")
    assert set(words(first)) <= {"error", "refused", "failed"}
    sandbox.set(rules="none")
    again = client.run("run", "campaign.csv", *TIMES, "--json")
    assert (again.status, words(again)) == (0, {"success": 1}), again


@pytest.mark.parametrize(
    ("ending", "word"), [("99906", "missing"), ("99907", "pending"), ("99911", "unknown")]
)
def test_what_may_stand_at_the_server_does_not_go_again(client, sandbox, ending, word):
    """Missing, pending and unknown rows of an earlier run make a `duplicate`."""
    sandbox.set(rules="digits")
    good = 0 if word == "unknown" else 1
    client.campaign([(CALLER, f"98765{ending}", "Parcel team"), *rows(good)])
    wait = ("--reconcile-timeout", "4")
    first = client.run("run", "campaign.csv", *TIMES, "--json", *wait)
    assert first.json["outcomes"][word] == 1
    before = sent(sandbox)
    again = client.run("run", "campaign.csv", *TIMES, "--json", *wait)
    assert words(again) == {"duplicate": 1 + good}
    assert sent(sandbox) == before


def test_equal_rows_of_one_file(client, sandbox):
    """Equal as finished records: `duplicate`, others don't count; --allow-duplicates sends."""
    number = receivers(1)[0]
    client.campaign(
        [
            (CALLER, number, "Parcel team", "a"),
            ("+91 11 4000 0000", f"0{number}", " Parcel team ", "b"),
            (CALLER, number, "Parcel teams", "c"),
            (CALLER, "12", "Parcel team", "d"),
            (CALLER, "12", "Parcel team", "d"),
        ],
        columns=("caller", "receiver", "label", "n"),
    )
    checked = client.run("validate", "campaign.csv", *TIMES, "--json")
    assert [checked.json[w] for w in ("rows", "valid", "invalid", "duplicate")] == [5, 2, 2, 1]
    ended = client.run("run", "campaign.csv", *TIMES, "--json", "--out", "o")
    assert words(ended) == {"success": 2, "invalid": 2, "duplicate": 1}
    assert client.table("o/outcomes.csv")[1]["outcome"] == "duplicate"
    both = client.run("run", "campaign.csv", *TIMES, "--json", "--allow-duplicates", "--resend")
    assert words(both) == {"success": 3, "invalid": 2}
    assert sent(sandbox) == 5


def test_dry_run_and_max_invalid_send_nothing(client, sandbox):
    """--dry-run, or more invalid rows than --max-invalid: no request; a limit that is met: sent."""
    client.campaign([*rows(3), (CALLER, "12", "Parcel team")])
    for flags in (("--dry-run",), ("--max-invalid", "0"), ("--max-invalid", "24%")):
        ended = client.run("run", "campaign.csv", *TIMES, "--json", *flags)
        assert words(ended) == {"unsent": 3, "invalid": 1}, flags
        assert ended.status == 3, ended
        assert ended.json["conserved"]
    assert sandbox.journal() == []
    for flags in (("--max-invalid", "1"), ("--max-invalid", "25%", "--resend")):
        assert words(client.run("run", "campaign.csv", *TIMES, "--json", *flags))["success"] == 3


def test_canary_goes_first_and_alone(client, sandbox):
    """--canary N: N rows, their confirmation, then the rest; a bad canary keeps the rest home."""
    client.campaign(rows(6))
    ended = client.run("run", "campaign.csv", *TIMES, "--json", "--canary", "2")
    assert (ended.status, words(ended)) == (0, {"success": 6})
    creates = [len(e.records) for e in sandbox.journal() if e.call == "batch_create"]
    assert creates == [2, 4]
    calls = [e.call for e in sandbox.journal() if e.call.startswith("batch")]
    assert calls[0] == "batch_create"
    assert calls.index("batch_status") < calls.index("batch_create", 1)
    sandbox.set(rules="digits")
    bad = [(CALLER, "9876599904", "Parcel team"), *rows(5, 20)]
    client.campaign(bad)
    ended = client.run("run", "campaign.csv", *TIMES, "--json", "--canary", "1", "--out", "o")
    assert words(ended) == {"error": 1, "unsent": 5}, ended
    assert ended.status == 1
    assert ended.json["resume"]


@pytest.mark.parametrize("channel", ["batch", "realtime"])
def test_a_resume_after_a_failed_canary_sends_the_rest(client, sandbox, channel):
    """A person has seen the canary fail and names the run: the rest goes, whatever stops it then.

    The first resume meets a server that is away, so what the run stopped for is then another
    thing; the second still does not go back to the canary.
    """
    sandbox.set(rules="digits")
    client.campaign([(CALLER, "9876599904", "Parcel team"), *rows(5, 20)])
    flags = ("--canary", "1", "--channel", channel, "--json")
    ended = client.run("run", "campaign.csv", *TIMES, *flags)
    assert (ended.status, words(ended)) == (1, {"error": 1, "unsent": 5}), ended
    run_id = ended.json["run_id"]
    assert client.run("status", run_id, "--json").json["stop_cause"] == "canary"
    client.write("bulkcall.toml", "first_contact_timeout = 0.5\n")
    bare = client.run("resume", "--json")
    assert bare.status == 2, bare
    assert f"bulkcall resume {run_id}" in bare.json["error"]
    sandbox.away(5)
    away = client.run("resume", run_id, "--json")
    assert (away.status, words(away)) == (1, {"error": 1, "unsent": 5}), away
    assert client.run("status", run_id, "--json").json["stop_cause"] == "server_away"
    client.write("bulkcall.toml", "first_contact_timeout = 60\n")  # it comes back by itself
    resumed = client.run("resume", "--json")
    assert (resumed.status, words(resumed)) == (3, {"error": 1, "success": 5}), resumed


def test_reconciling_after_a_failed_canary_changes_nothing_about_why_it_stopped(client, sandbox):
    """`reconcile` sends nothing, so the run is still one that its canary stopped."""
    sandbox.set(rules="digits")
    client.campaign([(CALLER, "9876599904", "Parcel team"), *rows(2, 20)])
    ended = client.run("run", "campaign.csv", *TIMES, "--canary", "1", "--json")
    run_id = ended.json["run_id"]
    before = client.run("status", run_id, "--json").json
    client.run("reconcile", run_id)
    after = client.run("status", run_id, "--json").json
    assert (after["state"], after["stop_cause"]) == ("stopped", "canary")
    assert after["reason"] == before["reason"]
    assert words(client.run("resume", run_id, "--json")) == {"error": 1, "success": 2}


def test_expired_before_its_turn(client, sandbox):
    """ends_at passes while the server keeps us waiting: `expired`, never sent."""
    end = int(time.time() * 1000) + 3500
    head = ("caller", "receiver", "label", "start", "end")
    client.campaign(
        [(*rows(1)[0], end - 60_000, end), (*rows(2)[1], end, end + 10**7)], columns=head
    )
    sandbox.order("limit@batch_create,seconds=5")
    ended = client.run("run", "campaign.csv", "--json", "--out", "o", "--batch-size", "1")
    assert words(ended) == {"expired": 1, "success": 1}, ended
    outcomes = client.table("o/outcomes.csv")
    assert outcomes[0]["outcome"] == "expired"
    assert (outcomes[0]["attempts"], outcomes[0]["sent_at"]) == ("0", "")
    applied = [r.receiver_number for e in sandbox.journal() if e.applied for r in e.records]
    assert applied == ["91" + receivers(2)[1]]
    assert client.table("o/rejected.csv") == []
    # Past when it is loaded: invalid.
    ended = client.run("run", "campaign.csv", "--json", "--out", "o")
    assert words(ended) == {"invalid": 1, "duplicate": 1}


def test_summary_counts_agree_everywhere(client):
    """The JSON on standard output and summary.json of a default folder are the same run."""
    client.campaign(rows(2))
    ended = client.run("run", "campaign.csv", *TIMES, "--json")
    folder = client.folder / "bulkcall-runs" / ended.json["run_id"]
    summary = json.loads((folder / "summary.json").read_text())
    assert summary.items() <= ended.json.items()
    with (folder / "outcomes.csv").open(newline="") as file:
        assert len(list(csv.DictReader(file))) == 2
