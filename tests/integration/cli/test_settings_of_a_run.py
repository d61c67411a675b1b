"""What bulkcall.toml says of a run holds where no flag does."""

from __future__ import annotations

import re
import sqlite3
from datetime import UTC, datetime, timedelta

import pytest

from tests.contract.conftest import CALLER, receivers

pytestmark = pytest.mark.integration

TIMES = ("--start", "now", "--window", "8h")


def rows(count, first=0):
    """Give rows of a campaign file."""
    return [(CALLER, number, "Parcel team") for number in receivers(count, first)]


def sent(sandbox):
    """Count the records that the server was sent."""
    return sum(len(e.records) for e in sandbox.journal() if e.call == "batch_create")


def hours_away():
    """Hours of which now is no part, whatever the time is."""
    now = datetime.now(UTC)
    begin, end = now + timedelta(hours=2), now + timedelta(hours=3)
    return f'not_before = "{begin:%H:%M}"\nnot_after = "{end:%H:%M}"\nquiet_timezone = "UTC"\n'


def test_max_invalid_holds_without_a_flag_and_a_flag_stands_over_it(client, sandbox):
    """One invalid row of three is more than 10 %: nothing is sent, until a flag allows it."""
    client.campaign([*rows(2), (CALLER, "12", "Parcel team")])
    client.write("bulkcall.toml", 'max_invalid = "10%"')
    ended = client.run("run", "campaign.csv", *TIMES, "--json")
    assert ended.status == 3
    assert ended.json["outcomes"]["unsent"] == 2
    assert sandbox.journal() == []
    assert client.run("run", "campaign.csv", *TIMES, "--max-invalid", "1").status == 3
    assert sent(sandbox) == 2


def test_out_names_the_folder_of_each_run(client):
    """{file}, {date} and {run_id} are filled in."""
    client.campaign(rows(2), name="north.campaign.csv")
    client.write("bulkcall.toml", 'out = "reports/{date}/{file}-{run_id}"\ntimezone = "UTC"')
    ended = client.run("run", "north.campaign.csv", *TIMES, "--json")
    found = list(client.folder.glob("reports/*/*/outcomes.csv"))
    assert len(found) == 1
    day, name = found[0].parts[-3:-1]
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", day)
    assert name == f"north-{ended.json['run_id']}"


def test_show_numbers_shows_them_in_the_report_alone(client):
    """Masked by default, whole where the setting says so."""
    client.campaign(rows(2))
    client.run("run", "campaign.csv", *TIMES, "--out", "masked")
    client.write("bulkcall.toml", "show_numbers = true")
    client.run("run", "campaign.csv", *TIMES, "--out", "shown", "--resend")
    assert CALLER not in (client.folder / "masked/report.html").read_text()
    assert CALLER in (client.folder / "shown/report.html").read_text()


def test_outside_its_hours_a_run_can_stop_and_be_resumed(client, sandbox):
    """Exit 4 with the reason and nothing sent; a resume with other hours sends it all."""
    client.campaign(rows(3))
    client.write("bulkcall.toml", hours_away() + 'outside_hours = "stop"')
    ended = client.run("run", "campaign.csv", *TIMES, "--json")
    assert ended.status == 4
    assert ended.json["error"].startswith("outside hours (")
    assert ended.json["outcomes"]["unsent"] == 3
    assert sent(sandbox) == 0
    ended = client.run("resume", "--not-before", "00:00", "--not-after", "24:00", "--json")
    assert (ended.status, ended.json["outcomes"]["success"]) == (0, 3)


def age(client, days):
    """Let every run in the ledger have been so many days ago."""
    found = next((client.folder.parent / "home").rglob("ledger.db"))
    connection = sqlite3.connect(found)
    with connection:
        connection.execute(
            "UPDATE runs SET started_at = started_at - ?, finished_at = finished_at - ?",
            (days * 86_400_000,) * 2,
        )
    connection.close()


def test_keep_days_purges_old_runs_after_a_new_one(client):
    """A run of ten days ago loses its rows; the one just ended keeps them."""
    client.campaign(rows(2))
    client.run("run", "campaign.csv", *TIMES)
    age(client, 10)
    client.campaign(rows(2, first=10), name="second.csv")
    client.write("bulkcall.toml", "keep_days = 7")
    ended = client.run("run", "second.csv", *TIMES)
    assert "removed the rows of runs that ended more than 7 days ago: 1" in ended.err
    assert client.run("trace", receivers(1)[0], "--json").json["rows"] == []
    assert len(client.run("trace", receivers(1, first=10)[0], "--json").json["rows"]) == 1


def test_purge_takes_what_is_older(client):
    """`bulkcall purge` says how much it took; counts stay in the history."""
    client.campaign(rows(2))
    client.run("run", "campaign.csv", *TIMES)
    assert client.run("purge", "--older-than", "90d", "--json").json == {"runs": 0, "rows": 0}
    age(client, 91)
    assert client.run("purge", "--older-than", "90d", "--json").json == {"runs": 1, "rows": 2}
    assert client.run("runs", "--json").json["runs"][0]["outcomes"]["success"] == 2
    assert client.run("purge", "--older-than", "soon").status == 2


def test_max_invalid_holds_for_a_run_that_died_while_loading(tmp_path, monkeypatch):
    """A resume that loads the file anew minds what the run was begun with, and sends nothing."""
    import bulkcall
    from bulkcall.ledger import Ledger
    from bulkcall.settings import Secret, Settings

    monkeypatch.chdir(tmp_path)
    file = tmp_path / "campaign.csv"
    file.write_text(f"caller,receiver,label\n{CALLER},12,Parcel team\n{CALLER},9876500001,Parcel\n")
    settings = Settings(
        base_url="http://127.0.0.1:9",
        client_account_id="acc",
        token=Secret("t"),
        timezone="Asia/Kolkata",
        ledger=str(tmp_path / "ledger.db"),
        max_invalid="0",
    )
    with monkeypatch.context() as patch:
        patch.setattr(Ledger, "mark_repeats", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            bulkcall.run(file, settings=settings, start="now", window="8h")
    result = bulkcall.resume(settings=settings)
    assert any("more than --max-invalid 0 allows" in note for note in result.notes)
    assert result.report.outcomes["unsent"] == 1
    assert result.report.run.requests == 0
