"""A ledger is one ledger under all its names, and is missed when it goes (contract: Settings)."""

from __future__ import annotations

import os
import shutil
import time

import pytest

from tests.contract.conftest import CALLER, receivers

pytestmark = pytest.mark.alone
TIMES = ("--start", "now", "--window", "8h")


@pytest.fixture
def live(client, sandbox):
    """Start a run of forty rows on a ledger in the working folder, a row at a time."""
    sandbox.set(latency_ms=150)
    client.environ["BULKCALL_BATCH_SIZE"] = "2"
    client.campaign([(CALLER, number, "Parcel team") for number in receivers(40)])
    process = client.start(
        "run", "campaign.csv", *TIMES, "--ledger", "own/ledger.db", "--out", "o", "--json"
    )
    while len(creates(sandbox)) < 2:
        assert process.poll() is None, process.communicate()
        time.sleep(0.02)
    yield process
    process.kill()
    process.communicate()
    sandbox.set(latency_ms=0)


def creates(sandbox):
    """Give the batches that the server took."""
    return [entry for entry in sandbox.journal() if entry.call == "batch_create"]


def test_a_live_run_is_taken_over_under_no_name(client, sandbox, live):
    """Resume by a symbolic link, a hard link, a relative path and /proc: held; each row once."""
    sandbox.set(latency_ms=3_000)
    own = client.folder / "own" / "ledger.db"
    (client.folder / "s.db").symlink_to(own)
    (client.folder / "h.db").hardlink_to(own)
    (client.folder / "f").symlink_to(own.parent)
    names = ("s.db", "h.db", "f/ledger.db", "./own/../own/ledger.db", f"sqlite:///{own}")
    for name in (*names, "/proc/self/cwd/own/ledger.db"):
        ended = client.run("resume", "--ledger", name)
        assert ended.status == 1, (name, ended)
        assert f"being worked on by process {live.pid} " in ended.err
    sandbox.set(latency_ms=0)
    _, err = live.communicate(timeout=120)
    assert live.returncode == 0, err
    took = [r.receiver_number for e in sandbox.journal() if e.applied for r in e.records]
    assert sorted(took) == sorted("91" + number for number in receivers(40))


@pytest.mark.parametrize("how", ["deleted", "replaced", "moved"])
def test_a_ledger_that_goes_stops_its_run(client, sandbox, live, how):
    """Status 1, a line that says so, a report of what was sent, and no further batch."""
    own = client.folder / "own"
    if how == "deleted":
        shutil.rmtree(own)
    elif how == "moved":
        own.rename(client.folder / "elsewhere")
    else:
        shutil.copy(own / "ledger.db", own / "copy.db")
        os.replace(own / "copy.db", own / "ledger.db")  # noqa: PTH105 - as mv does
    before = len(creates(sandbox))
    _, err = live.communicate(timeout=120)
    assert live.returncode == 1, err
    assert "was deleted, moved or replaced while it was in use" in err
    assert len(creates(sandbox)) <= before + 4  # those in flight, and kept ready
    rows = client.table("o/outcomes.csv")
    assert len(rows) == 40
    assert "unsent" in {row["outcome"] for row in rows}
