"""A few nights of the simulated month, the month itself, and whether its audit would notice."""

from __future__ import annotations

import pytest

from tests.soak.audit import audit
from tests.soak.month import Month
from tests.soak.world import world

pytestmark = pytest.mark.integration


def spoilt(path, old, new):
    """Change a file for the length of an audit; gives what puts it right."""
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    return lambda: path.write_text(text)


def moved(path, to):
    """Move a file for the length of an audit."""
    path.rename(to)
    return lambda: to.rename(path)


def untold(messages):
    """Forget what people were told."""
    kept = list(messages)
    messages.clear()
    return lambda: messages.extend(kept)


def test_a_few_nights(tmp_path):
    """Slow and damaged files, kills and weather: every row is accounted for, and people were told.

    Then the same nights are audited with something wrong, and each of it is noticed.
    """
    with world(tmp_path) as place:
        month = Month(place, nights=3, seed=3, scale=60)
        came = month.live()
        assert came.wrong == []
        assert came.figures["rows"] > 100
        entries = place.journal()
        [csv] = place.folder.glob("done/*/night-00.csv")
        outcomes = csv.parent / "outcomes.csv"
        [broken] = place.folder.glob("failed/*/broken-*")
        for spoil in (
            lambda: spoilt(outcomes, ",success,", ",failed,"),
            lambda: spoilt(outcomes, "Parcel team", "Parcel teem"),
            lambda: spoilt(csv.parent / "summary.json", '"conserved": true', '"conserved": false'),
            lambda: moved(outcomes, outcomes.with_name("lost")),
            lambda: moved(csv.parent / "summary.json", csv.parent / "lost"),
            lambda: moved(csv, tmp_path / "lost"),
            lambda: moved(csv, place.folder / "left.csv"),
            lambda: moved(broken, tmp_path / "lost"),
            lambda: untold(place.messages),
        ):
            mend = spoil()
            try:
                noticed = audit(place, month.producer, entries)[1]
            except FileNotFoundError:
                noticed = ["no report"]
            mend()
            assert noticed
        twice = [*entries, *(entry for entry in entries if entry.applied)]
        assert "applied 2 times, 1 shown" in str(audit(place, month.producer, twice)[1])
        assert audit(place, month.producer, entries)[1] == []


@pytest.mark.slow
def test_a_week_on_a_server_that_changes(tmp_path):
    """Habits of time, masks, shapes, batch ids and version change in mid-run: nothing is wrong."""
    with world(tmp_path) as place:
        came = Month(place, nights=7, seed=11, scale=60, changing=True).live()
    assert came.wrong == []
    assert came.figures["changes of the server"] > 7


@pytest.mark.slow
def test_a_month(tmp_path):
    """The whole of it, with other dice than `make soak`."""
    with world(tmp_path) as place:
        came = Month(place, nights=30, seed=7, scale=600).live()
    assert came.wrong == []
    assert came.figures["SIGKILL"] > 10
    assert came.figures["shown with more than one attempt"]
