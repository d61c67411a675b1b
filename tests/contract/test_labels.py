"""The account's labels: listed, kept for a while, and held against a file's label ids."""

from __future__ import annotations

import pytest

from tests.contract.conftest import CALLER, receivers

TIMES = ("--start", "now", "--window", "8h")
KNOWN = "7d1c1f0a-52b6-4a4e-8c62-4f1f6a0c9b11"
DELETED = "00dead00-0000-4000-8000-000000000000"
UNKNOWN = "11111111-2222-4333-8444-555555555555"


def listings(sandbox):
    """How often the server was asked for labels."""
    return sum(entry.call == "labels" for entry in sandbox.journal())


def campaign(client, *label_ids):
    """Write a campaign of one row for each label id."""
    numbers = receivers(len(label_ids))
    client.campaign(
        [(CALLER, number, label) for number, label in zip(numbers, label_ids, strict=True)],
        columns=("caller", "receiver", "label_id"),
    )


@pytest.mark.parametrize("shape", ["bare", "data", "labels"])
def test_labels_lists_those_that_can_be_used(client, sandbox, shape):
    """Id, name and category; deleted ones are left out; no e-mail address anywhere."""
    sandbox.set(label_shape=shape)
    listed = client.run("labels", "--json", "--refresh")
    sandbox.set(label_shape="bare")
    assert listed.status == 0, listed
    assert {"id": KNOWN, "name": "Parcel Express", "category": "Delivery"} in listed.json["labels"]
    assert DELETED not in listed.out
    shown = client.run("labels")
    assert KNOWN in shown.out
    assert "Parcel Express" in shown.out
    assert listings(sandbox) == 1, "the second was kept"
    for path in (client.folder.parent / "home").rglob("*"):
        assert not path.is_file() or b"someone@example.com" not in path.read_bytes()


def test_a_run_says_which_rows_name_no_label_and_goes_on(client, sandbox):
    """`label_check` warn, the default: asked once, said in the result, everything is sent."""
    campaign(client, KNOWN, UNKNOWN, DELETED, UNKNOWN)
    ended = client.run("run", "campaign.csv", *TIMES, "--out", "o", "--json")
    assert (ended.status, ended.json["outcomes"]["success"]) == (0, 4), ended
    assert listings(sandbox) == 1
    [told] = [note for note in ended.json["notes"] if "label_id" in note]
    assert f"3 rows name a label_id that this account does not have: {UNKNOWN} in rows 2, 4" in told
    assert f"{DELETED} in row 3" in told
    page = (client.folder / "o/report.html").read_text(encoding="utf-8")
    assert f"Parcel Express ({KNOWN})" in page, "a known label's name stands beside its id"


def test_refuse_sends_nothing(client, sandbox):
    """Exit 2, no record was sent, and the same file goes once it is right."""
    campaign(client, KNOWN, UNKNOWN)
    environ = {"BULKCALL_LABEL_CHECK": "refuse"}
    ended = client.run("run", "campaign.csv", *TIMES, "--out", "o", environ=environ)
    assert ended.status == 2, ended
    assert "1 row names a label_id" in ended.err
    assert not [entry for entry in sandbox.journal() if entry.records]
    campaign(client, KNOWN, KNOWN.upper())
    ended = client.run("run", "campaign.csv", *TIMES, "--out", "o", "--json", environ=environ)
    assert (ended.status, ended.json["outcomes"]["success"]) == (0, 2), ended


def test_a_listing_that_can_not_be_had_stops_only_who_refuses(client, sandbox):
    """Warn: said, and the run goes on. Refuse: status 1, nothing sent, resumable."""
    sandbox.order("status@labels,times=0,status=404")
    campaign(client, KNOWN)
    environ = {"BULKCALL_LABEL_CHECK": "refuse"}
    ended = client.run("run", "campaign.csv", *TIMES, "--out", "o", "--json", environ=environ)
    assert (ended.status, ended.json["outcomes"]["unsent"]) == (1, 1), ended
    campaign(client, KNOWN, KNOWN)
    ended = client.run("run", "campaign.csv", *TIMES, "--out", "p", "--json")
    assert (ended.status, ended.json["outcomes"]["success"]) == (0, 2), ended
    assert any("label ids were not checked" in note for note in ended.json["notes"])


def test_off_and_files_without_ids_ask_nothing(client, sandbox):
    """No request where none is wanted, or no row names an id."""
    campaign(client, UNKNOWN)
    off = {"BULKCALL_LABEL_CHECK": "off"}
    assert client.run("run", "campaign.csv", *TIMES, "--out", "o", environ=off).status == 0
    client.campaign([(CALLER, receivers(9)[8], "Parcel team")])
    assert client.run("run", "campaign.csv", *TIMES, "--out", "p").status == 0
    assert listings(sandbox) == 0


@pytest.mark.parametrize("command", ["validate", "plan"])
def test_validate_and_plan_say_it_too(client, sandbox, command):
    """`--check-labels`: the rows that name an unknown label, in words and as JSON."""
    campaign(client, UNKNOWN, KNOWN)
    ended = client.run(command, "campaign.csv", *TIMES, "--check-labels", "--json")
    assert ended.status == 0, ended
    assert ended.json["unknown_labels"] == [{"label_id": UNKNOWN, "count": 1, "rows": [1]}]
    plain = client.run(command, "campaign.csv", *TIMES, "--json")
    assert plain.json["unknown_labels"] == []
    assert listings(sandbox) == 1
