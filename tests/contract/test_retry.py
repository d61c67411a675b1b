"""`bulkcall retry`: a new run of what can go again without editing (contract: Commands)."""

from __future__ import annotations

import pytest

from tests.contract.conftest import CALLER, receivers

TIMES = ("--start", "now", "--window", "8h")
GOOD = receivers(4)


def retried(client, *arguments, out="again"):
    """Retry; gives how it ended and its outcomes, if it has any."""
    ended = client.run("retry", *arguments, "--out", out, "--json")
    return ended, client.table(f"{out}/outcomes.csv") if ended.status != 2 else []


def test_failed_rows_go_again_and_the_others_do_not(client, sandbox):
    """404 for some rows: they go again as they were, in a run that names its parent."""
    sandbox.order("status@realtime,times=2,status=404")
    client.campaign(
        [(CALLER, number, "Parcel team", f"note {n}") for n, number in enumerate(GOOD, 1)],
        columns=("caller", "receiver", "label", "extra"),
    )
    first = client.run(
        "run", "campaign.csv", *TIMES, "--channel", "realtime", "--out", "o", "--json"
    )
    assert (first.status, first.json["outcomes"]["failed"]) == (3, 2), first
    before = {row["receiver"]: row for row in client.table("o/outcomes.csv")}
    (client.folder / "campaign.csv").unlink()
    ended, rows = retried(client)
    assert (ended.status, ended.json["outcomes"]["success"], ended.json["rows"]) == (0, 2, 2), ended
    assert ended.json["conserved"]
    assert ended.json["parent"] == first.json["run_id"]
    assert [row["row"] for row in rows] == ["1", "2"]
    for row in rows:
        assert row["channel"] == "realtime"
        assert row["extra"] == before[row["receiver"]]["extra"]
        assert before[row["receiver"]]["row"] == row["retried_row"]
        assert before[row["receiver"]]["outcome"] == "failed"
    records = [
        record
        for entry in sandbox.journal()
        for record in entry.records
        if entry.call == "realtime"
    ]
    assert len({(record.starts_at, record.ends_at) for record in records}) == 1, "the same window"
    listed = client.run("runs", "--json").json["runs"]
    assert [run["parent"] for run in listed] == [first.json["run_id"], None]


def test_an_error_goes_again_unless_its_reason_is_final(client, sandbox):
    """'Failed to push' may pass; 'Not a Truecaller user' may not, and a success is done."""
    sandbox.set(rules="digits")
    try:
        client.campaign(
            [(CALLER, number, "Parcel team") for number in ("9198799901", "9198799904", GOOD[0])]
        )
        first = client.run("run", "campaign.csv", *TIMES, "--out", "o", "--json")
    finally:
        sandbox.set(rules="none")
    assert first.json["outcomes"]["error"] == 2, first
    ended, rows = retried(client, first.json["run_id"])
    assert (ended.status, len(rows)) == (0, 1), ended
    assert rows[0]["receiver"] == "9198799904"
    again, _ = retried(client, first.json["run_id"], out="third")
    assert again.json["outcomes"]["duplicate"] == 1, "the first retry has sent it"


def test_nothing_to_retry_is_said_and_begins_no_run(client, sandbox):
    """All rows are success: exit 2, one line, and the history holds one run."""
    client.campaign([(CALLER, number, "Parcel team") for number in GOOD])
    assert client.run("run", "campaign.csv", *TIMES, "--out", "o").status == 0
    ended, _ = retried(client)
    assert ended.status == 2
    assert "no row can go again without editing" in ended.err
    assert len(client.run("runs", "--json").json["runs"]) == 1
    assert client.run("retry", "no-such-run").status == 2


@pytest.mark.parametrize("channel", ["batch", "realtime"])
def test_a_retry_that_is_stopped_is_resumed_without_any_file(client, sandbox, channel):
    """The server is away in the retry: status 1, and resume sends what is left."""
    sandbox.order("status@realtime,times=0,status=404")
    client.campaign([(CALLER, number, "Parcel team") for number in GOOD])
    first = client.run(
        "run", "campaign.csv", *TIMES, "--channel", "realtime", "--out", "o", "--json"
    )
    assert first.json["outcomes"]["failed"] == 4, first
    (client.folder / "campaign.csv").unlink()
    sandbox.clear_faults()
    sandbox.order(f"forbidden@{'batch_create' if channel == 'batch' else channel},times=0")
    ended, _ = retried(client, "--channel", channel)
    assert (ended.status, ended.json["outcomes"]["unsent"]) == (1, 4), ended
    sandbox.clear_faults()
    resumed = client.run("resume", "--json")
    assert (resumed.status, resumed.json["outcomes"]["success"]) == (0, 4), resumed
    assert resumed.json["run_id"] == ended.json["run_id"]
