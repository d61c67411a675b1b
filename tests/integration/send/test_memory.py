"""A run's memory: what is confirmed is let go."""

from __future__ import annotations

import csv
import gc
import weakref
from collections import Counter

import pytest

import bulkcall
from bulkcall.progress import NullProgress
from bulkcall.sandbox.process import running
from bulkcall.settings import Secret, Settings

pytestmark = pytest.mark.integration

FEW, MANY = 300, 2700
ALLOWED = 0.1
"""Objects of one type that a row more may leave behind; ten for a batch of 100 rows."""


class Census(NullProgress):
    """Counts the live objects by type when all rows are confirmed, before anything is torn down."""

    def __init__(self):
        self.objects = Counter()

    def end(self, stage):
        """Count at the end of reconciliation."""
        if stage == "reconcile":
            gc.collect()
            # pandas lets dead references to views gather and clears them a few hundred at a time.
            self.objects = Counter(
                type(one).__qualname__
                for one in gc.get_objects()
                if not (type(one) is weakref.ref and one() is None)
            )


def census(sandbox, folder, rows):
    """Run so many rows on the batch channel, and count what is alive at the end."""
    folder.mkdir()
    path = folder / "campaign.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["caller", "receiver", "label"])
        writer.writerows(
            ["911140000000", f"98765{number:05d}", "Parcel team"] for number in range(rows)
        )
    watch = Census()
    result = bulkcall.run(
        path,
        settings=Settings(
            base_url=sandbox.base_url,
            client_account_id=sandbox.client_account_id,
            key_id=Secret(sandbox.key_id),
            api_key=Secret(sandbox.api_key),
            ledger=str(folder / "ledger.sqlite3"),
            batch_size=100,
            batch_per_minute=60_000.0,
            status_per_minute=60_000.0,
        ),
        out=folder / "out",
        start="now",
        window="8h",
        progress=watch,
    )
    assert result.exit_status == 0
    return watch.objects


def test_no_object_stays_for_a_confirmed_row(tmp_path, monkeypatch):
    """Nine times as many rows leave no more objects behind, of whatever type."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    server = {"batch_limit": 0, "status_limit": 0, "token_limit": 0}
    with running(rules="none", processing_min_ms=0, processing_max_ms=20, **server) as sandbox:
        census(sandbox, tmp_path / "warm-up", 40)
        few = census(sandbox, tmp_path / "few", FEW)
        many = census(sandbox, tmp_path / "many", MANY)
    grown = {name: count - few[name] for name, count in many.items()}
    kept = {name: more for name, more in grown.items() if more > ALLOWED * (MANY - FEW)}
    assert kept == {}
