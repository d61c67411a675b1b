"""What commands say is so: flags by their names, no ledger out of nothing, no unseen report."""

from __future__ import annotations

import shlex

import pytest

from tests.contract.conftest import CALLER, receivers

TIMES = ("--start", "now", "--window", "8h")


def rows(count):
    """Rows of a campaign file."""
    return [(CALLER, number, "Parcel team") for number in receivers(count)]


def test_a_wrong_mapping_is_named_by_the_flag_that_was_typed(place):
    """`--map`, never `--columns`, which nobody can type."""
    place.campaign(rows(1))
    ended = place.run("validate", "campaign.csv", *TIMES, "--map", "receiver=Mobile")
    assert ended.status == 2
    assert "--map: no field 'receiver' (did you mean 'receiver_number'?)" in ended.err


@pytest.mark.parametrize("command", [("runs",), ("status",), ("trace", "9876500001"), ("resume",)])
@pytest.mark.parametrize("ledger", ["typo.db", "campaign.csv/ledger.db", "no/such/folder/l.db"])
def test_a_ledger_that_is_not_there_is_not_made_to_be_looked_at(place, command, ledger):
    """A slip in its name is wrong usage, not 'no runs yet', and leaves no file behind."""
    place.campaign(rows(1))
    ended = place.run(*command, "--ledger", ledger)
    assert ended.status == 2, ended
    assert "there is no ledger at" in ended.err
    assert sorted(path.name for path in place.folder.iterdir()) == ["campaign.csv"]


def test_status_names_a_report_that_is_there_or_the_command_that_writes_it(client):
    """And that command writes it."""
    client.campaign(rows(2))
    run_id = client.run("run", "campaign.csv", *TIMES, "--json", "--out", "o").json["run_id"]
    assert "Report  o/report.html" in client.run("status").out
    (client.folder / "o/report.html").unlink()
    told = client.run("status", run_id).out
    line = next(line for line in told.splitlines() if line.startswith("Report"))
    words = shlex.split(line.partition("to write it: ")[2])
    assert words[:2] == ["bulkcall", "report"]
    assert client.run(*words[1:]).status == 0
    assert (client.folder / "o/report.html").is_file()


def test_a_canary_larger_than_the_file_speaks_of_the_rows_that_there_are(client, sandbox):
    """Not of the first 900 rows of a file of five."""
    sandbox.set(rules="digits")
    client.campaign([(CALLER, "9876599904", "Parcel team")])
    ended = client.run("run", "campaign.csv", *TIMES, "--canary", "900", "--json")
    assert ended.status == 1, ended
    assert "900" not in ended.json["error"]
    assert "(1 error)" in ended.json["error"]


def test_every_next_step_of_a_run_is_a_command_that_works(client, sandbox):
    """What the terminal and --json offer is taken as it stands, and goes through."""
    sandbox.set(rules="digits")
    campaign = [(CALLER, "9876599904", "Parcel team"), (CALLER, "98", "Parcel team"), *rows(2)]
    client.campaign(campaign, columns=("caller", "My Mobile", "label"))
    flags = ("--map", "receiver_number=My Mobile", *TIMES, "--ledger", "my ledger.db")
    ended = client.run("run", "campaign.csv", *flags, "--out", "my out", "--json")
    assert ended.status == 3, ended
    steps = {step["command"] for step in ended.json["next_steps"] if step["command"]}
    assert steps
    shown = client.run("report", "--ledger", "my ledger.db").out
    typed = {line.strip() for line in shown.splitlines() if line.startswith("    bulkcall ")}
    assert typed
    for command in sorted(steps | typed):
        again = client.run(*shlex.split(command)[1:])
        # What nobody has fixed is still invalid; nothing is wrong usage.
        assert again.status in {0, 3}, (command, again)


def test_a_dry_run_and_an_interrupted_one_say_how_to_send_the_rest(client):
    """The dry run's next step is the run."""
    client.campaign(rows(2))
    ended = client.run("run", "campaign.csv", *TIMES, "--dry-run", "--json")
    assert ended.json["verdict"].startswith("Dry run: nothing sent; 2 rows would be sent.")
    [step] = ended.json["next_steps"]
    assert client.run(*shlex.split(step["command"])[1:]).status == 0


def test_a_file_of_duplicates_is_no_failure_and_can_be_sent_all_the_same(client):
    """Status 3 as the contract has it, but the words and the next step are its own."""
    client.campaign(rows(2))
    client.run("run", "campaign.csv", *TIMES)
    ended = client.run("run", "campaign.csv", *TIMES, "--json")
    assert ended.status == 3
    assert ended.json["verdict"] == "All 2 rows are duplicates: nothing to send."
    [step] = ended.json["next_steps"]
    again = client.run(*shlex.split(step["command"])[1:], "--json")
    assert (again.status, again.json["outcomes"]["success"]) == (0, 2), again
