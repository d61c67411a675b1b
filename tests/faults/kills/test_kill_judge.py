"""The judge of the kill tests sees what it is there to see."""

from __future__ import annotations

import csv
import json

import pytest


@pytest.fixture
def told(place):
    """A run through a lost answer: a batch was applied twice, and the report says so."""
    place.sandbox.order("reset@batch_create,applied=1")
    process = place.run(*place.begin("batch"))
    assert process.status == 3, process.err
    return place


def rewritten(place, change):
    """Judge the report after `change(rows)`."""
    path = place.out / "outcomes.csv"
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    names = list(rows[0])
    change(rows)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, names)
        writer.writeheader()
        writer.writerows(rows)
    return place.found().broken


def twice(rows):
    """Give the rows that were sent twice."""
    return [row for row in rows if row["attempts"] == "2"]


CHANGES = {
    "a row is left out": ("lost", lambda rows: rows.pop(3)),
    "a row stands twice": ("lost", lambda rows: rows.insert(3, rows[3])),
    "a row's text is changed": ("lost", lambda rows: rows[5].update(note="")),
    "an error is called success": (
        "unearned",
        lambda rows: next(r for r in rows if r["outcome"] == "error").update(outcome="success"),
    ),
    "success in another batch": ("unearned", lambda rows: rows[0].update(batch_id="other")),
    "an applied row is called unsent": (
        "unaccounted",
        lambda rows: rows[0].update(outcome="unsent"),
    ),
    "twice is shown as once": ("unseen", lambda rows: twice(rows)[0].update(attempts="1")),
    "once is shown as nine times": ("exaggerated", lambda rows: rows[0].update(attempts="9")),
}


def test_the_judge(told):
    """The report as it is breaks no promise; each change to it breaks the one that it should."""
    found = told.found()
    assert not found.broken
    assert found.twice > 0
    whole = (told.out / "outcomes.csv").read_bytes()
    for name, (promise, change) in CHANGES.items():
        assert promise in rewritten(told, change), name
        (told.out / "outcomes.csv").write_bytes(whole)
    summary = json.loads((told.out / "summary.json").read_text())
    summary["outcomes"]["success"] -= 1
    (told.out / "summary.json").write_text(json.dumps(summary))
    assert "not_conserved" in told.found().broken
