"""Killed while the campaign file is loaded: nothing was sent, and the file is loaded again."""

from __future__ import annotations

import pytest

from tests.faults.kills.forms import long

POINTS = [
    "after Ledger.add_rows",
    long("before Ledger.add_rows"),
    long("after Ledger.mark_duplicates"),
]


def killed_loading(place, where="after Ledger.add_rows"):
    """Kill a run while it loads; nothing has left the machine."""
    process = place.start(*place.begin("batch"), at=f"{where} 1 kill")
    assert place.killed(process, f"batch, loading, {where}"), process.err
    assert not place.entries()


@pytest.mark.parametrize("where", POINTS)
def test_resume_loads_the_file_again(place, where):
    """Also where loading it again is killed, before and after the old rows were dropped."""
    killed_loading(place, where)
    for when in ("before", "after"):
        process = place.start("resume", "--json", at=f"{when} Ledger.drop_rows 1 kill")
        assert place.killed(process, f"batch, loading again, {when} Ledger.drop_rows")
    assert not place.entries()
    place.ended_well("batch")


def test_a_changed_file_is_told(place):
    """The same name with another content is another file: exit 2, nothing sent."""
    killed_loading(place)
    path = place.work / "campaign.csv"
    path.write_text(path.read_text().replace("Parcel team", "Another team"))
    process = place.run("resume", "--json")
    assert process.status == 2, process.err
    assert "campaign.csv has changed since" in process.err
    assert "nothing was sent" in process.err
    assert not place.entries()
    assert place.run("resume").status == 2  # that run is over
    place.campaign.write(path)
    assert place.run(*place.begin("batch")).status == 3
    place.ended_well("batch")


def test_a_file_that_is_gone_is_told(place):
    """Without the file it can't be loaded: exit 2, its name, nothing sent; put back, it goes on."""
    killed_loading(place)
    path = place.work / "campaign.csv"
    path.unlink()
    process = place.run("resume", "--json")
    assert process.status == 2, process.err
    assert "campaign.csv" in process.err
    assert not place.entries()
    place.campaign.write(path)
    assert place.run("resume").status == 3
    place.ended_well("batch")


def test_once_loaded_the_file_is_not_needed(place):
    """Killed after loading, the run goes on without the campaign file."""
    process = place.start(*place.begin("batch"), at="before Ledger.take_batch 1 kill")
    assert place.killed(process, "batch, before Ledger.take_batch")
    (place.work / "campaign.csv").unlink()
    place.ended_well("batch")
