"""A report never overwrites its campaign file or another run's report."""

from __future__ import annotations

import json

import pytest

from tests.contract.conftest import CALLER, receivers

TIMES = ("--start", "now", "--window", "8h")


def rows(count, first=0):
    """Give rows of a campaign file."""
    return [(CALLER, number, "Parcel team") for number in receivers(count, first)]


@pytest.mark.parametrize("command", ["run", "validate"])
@pytest.mark.parametrize("name", ["rejected.csv", "outcomes.csv", "compared.csv"])
def test_a_report_does_not_overwrite_its_own_input(client, sandbox, command, name):
    """`run rejected.csv --out .`: status 2, one line, nothing sent, the file as it was."""
    path = client.campaign(rows(2), name=name)
    before = path.read_bytes()
    sent = len(sandbox.journal())
    ended = client.run(command, name, *TIMES, "--out", ".")
    assert ended.status == 2, ended
    assert "campaign file itself" in ended.err
    assert path.read_bytes() == before
    assert len(sandbox.journal()) == sent
    assert client.run(command, name, *TIMES, "--out", "elsewhere").status == 0


def test_a_report_does_not_replace_another_runs(client, sandbox):
    """A second run's is put beside it; a validation or another run's report is refused."""
    client.campaign(rows(2))
    client.campaign(rows(2, 10), name="other.csv")
    first = client.run("run", "campaign.csv", *TIMES, "--out", "o", "--json")
    assert first.status == 0, first
    before = (client.folder / "o" / "outcomes.csv").read_bytes()
    sent = len(sandbox.journal())
    ended = client.run("validate", "other.csv", *TIMES, "--out", "o")
    assert ended.status == 2, ended
    assert first.json["run_id"] in ended.err
    assert len(sandbox.journal()) == sent
    second = client.run("run", "other.csv", *TIMES, "--out", "o", "--json")
    assert second.status == 0, second
    assert second.json["out"] == str(client.folder / "o-2")
    assert "o holds the report of another run" in second.err
    for command in ("report", "reconcile"):
        ended = client.run(command, second.json["run_id"], "--out", "o")
        assert ended.status == 2, ended
    assert (client.folder / "o" / "outcomes.csv").read_bytes() == before
    again = client.run("report", first.json["run_id"], "--out", "o")
    assert again.status == 0, again


def test_templates_that_fall_together_get_folders_beside_each_other(client):
    """The setting `out` names no run: the second report goes into `name-2`, and both are whole."""
    client.write("bulkcall.toml", 'out = "reports/{file}"')
    (client.folder / "north").mkdir()
    client.campaign(rows(2))
    client.campaign(rows(3, 10), name="north/campaign.csv")
    for name in ("campaign.csv", "north/campaign.csv"):
        assert client.run("run", name, *TIMES).status == 0
    found = [
        json.loads((client.folder / "reports" / folder / "summary.json").read_text())
        for folder in ("campaign", "campaign-2")
    ]
    assert [summary["rows"] for summary in found] == [2, 3]
    assert client.run("report", found[0]["run_id"]).status == 0
    again = json.loads((client.folder / "reports/campaign/summary.json").read_text())
    assert again["run_id"] == found[0]["run_id"]
