"""`--json`, the exit status and the files of a run say the same, however the run ended."""

from __future__ import annotations

import json
from collections import Counter

import pytest
from python_calamine import load_workbook

from bulkcall.records import Outcome
from tests.contract.conftest import CALLER, receivers

TIMES = ("--start", "now", "--window", "8h", "--out", "o", "--json")
FINISHED = (0, 3)
FINAL = ("Not a Truecaller user", "OS not supported", "App version not supported")


def rows(count, first=0):
    """Give valid rows."""
    return [(CALLER, number, "Parcel team") for number in receivers(count, first)]


GOOD = rows(4)
MIXED = [
    *rows(3),
    *rows(1),
    (CALLER, "12", "Parcel team"),
    *[(CALLER, f"98765999{last:02d}", "Parcel team") for last in (4, 6, 9, 11)],
]


def told(place, ended, *, finished=True):
    """Hold all that a command said and wrote against each other; give how rows ended.

    `finished`: whether the run came to an end of its own, or of a signal's, that could be noted.
    """
    said, out = ended.json, place.folder / "o"
    assert said["exit_status"] == ended.status, ended.err
    summary = json.loads((out / "summary.json").read_text())
    assert {name: said[name] for name in summary} == summary
    assert list(summary["outcomes"]) == [word.value for word in Outcome]
    results = place.table("o/outcomes.csv")
    assert [int(row["row"]) for row in results] == list(range(1, summary["rows"] + 1))
    counts = Counter(row["outcome"] for row in results)
    assert {word: count for word, count in summary["outcomes"].items() if count} == counts
    assert summary["conserved"] is True
    assert [row["outcome"] for row in sheet(out / "report.xlsx")] == [
        row["outcome"] for row in results
    ]
    saved = [row for row in results if can_be_saved(row)]
    rejected = place.table("o/rejected.csv")
    assert [row["receiver"] for row in rejected] == [row["receiver"] for row in saved]
    assert said["verdict"] in (out / "summary.md").read_text().replace("\\", "")
    assert set(said["files"]) == {path.name for path in out.iterdir()}
    assert (ended.status == 0) == (counts["success"] == summary["rows"])
    stopped = ended.status not in FINISHED
    assert (said["error"] is not None) == (said["resume"] is not None) == stopped
    assert (summary["finished_at"] is not None) == finished
    assert not finished or summary["started_at"] <= summary["finished_at"]
    return counts


def can_be_saved(row):
    """Tell by the contract's words whether a row belongs into rejected.csv."""
    kinds = ("invalid", "refused", "failed")
    return row["outcome"] in kinds or (row["outcome"] == "error" and row["message"] not in FINAL)


def sheet(path):
    """Give the rows of the sheet with all rows, as dicts."""
    book = load_workbook(str(path))
    head, *lines = book.get_sheet_by_name("All rows").to_python()
    return [dict(zip(head, line, strict=True)) for line in lines]


def told_again(place, ended, *, finished=True):
    """Hold what the commands that only look say against what the run said."""
    run_id = ended.json["run_id"]
    status = place.run("status", run_id, "--json").json
    listed = place.run("runs", "--json").json["runs"]
    for found in (status, next(run for run in listed if run["run_id"] == run_id)):
        for name in ("rows", "outcomes", "requests", "retries", "channel", "sha256"):
            assert found[name] == ended.json[name], name
    again = place.run("report", run_id, "--json")
    assert told(place, again, finished=finished) == Counter(
        {word: count for word, count in ended.json["outcomes"].items() if count}
    )


@pytest.mark.parametrize("channel", ["batch", "realtime"])
@pytest.mark.parametrize(("given", "status"), [(GOOD, 0), (MIXED, 3)], ids=["good", "mixed"])
def test_a_finished_run_says_one_thing(client, sandbox, channel, given, status):
    """Good rows and bad ones, on both channels: JSON, status, files and history agree."""
    sandbox.set(rules="digits")
    client.environ["BULKCALL_RECONCILE_TIMEOUT"] = "3"
    client.write("bulkcall.toml", "max_tries = 2\n")
    client.campaign(given)
    ended = client.run("run", "campaign.csv", *TIMES, "--channel", channel)
    assert ended.status == status
    told(client, ended)
    told_again(client, ended)


@pytest.mark.parametrize(
    ("flags", "environ"),
    [
        (("--dry-run",), {}),
        (("--max-invalid", "0"), {}),
        ((), {"BULKCALL_API_KEY": "00000000-0000-4000-8000-000000000000"}),
        ((), {"BULKCALL_BASE_URL": "http://127.0.0.1:9", "BULKCALL_FIRST_CONTACT_TIMEOUT": "1"}),
    ],
    ids=["dry run", "withheld", "credentials", "away"],
)
def test_a_run_that_sent_nothing_says_one_thing(client, flags, environ):
    """Not meant to send, not allowed to, or not able to: JSON, status, files and history agree."""
    client.environ |= environ
    client.campaign([*GOOD, (CALLER, "12", "Parcel team")])
    ended = client.run("run", "campaign.csv", *TIMES, *flags)
    assert told(client, ended) == {"unsent": 4, "invalid": 1}
    told_again(client, ended)


def test_a_purged_run_says_so_and_keeps_its_report(client):
    """Its counts stay; what needs its rows names the day, and leaves the written report alone."""
    client.campaign(GOOD)
    ended = client.run("run", "campaign.csv", *TIMES)
    run_id = ended.json["run_id"]
    written = {path: path.read_bytes() for path in (client.folder / "o").iterdir()}
    assert client.run("purge", "--older-than", "0h", "--json").json == {"runs": 1, "rows": 4}
    day = ended.json["started_at"][:4]
    for command in ("report", "reconcile", "resume"):
        refused = client.run(command, run_id, "--json")
        assert refused.status == refused.json["exit_status"] == 2
        assert f"rows of run {run_id} were purged on {day}-" in refused.json["error"]
    assert {path: path.read_bytes() for path in (client.folder / "o").iterdir()} == written
    status = client.run("status", run_id, "--json")
    assert (status.status, status.json["outcomes"]) == (0, ended.json["outcomes"])
    assert client.run("runs", "--json").json["runs"][0]["reason"] == "its rows were purged"
