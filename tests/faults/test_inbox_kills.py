"""Killed between any two steps of a night over a drop folder: the next round puts all right."""

from __future__ import annotations

import json
import os
from collections import Counter

import pytest

from bulkcall.sandbox.process import running
from tests.faults.inbox_nursery import InboxNursery
from tests.faults.kills.points import ENVIRONMENT

pytestmark = pytest.mark.integration

TOKEN = "made.for.tests"  # noqa: S105 - of a sandbox on loopback
ROWS = 12


@pytest.fixture(scope="module")
def nursery():
    """What starts the commands."""
    started = InboxNursery()
    yield started
    started.close()


@pytest.fixture(scope="module")
def _server():
    """One sandbox for all."""
    quick = {"processing_min_ms": 5, "processing_max_ms": 20, "rules": "none"}
    limits = {"realtime_limit": 0, "batch_limit": 0, "status_limit": 0}
    with running(static_tokens=(TOKEN,), **limits, **quick) as sandbox:
        yield sandbox


class Night:
    """A drop folder, and processes that are killed over it."""

    def __init__(self, folder, sandbox, nursery):
        self.path = folder / "in"
        self.path.mkdir()
        self._sandbox = sandbox
        self._nursery = nursery
        self._state = folder / "state" / "bulkcall" / "inboxes"
        self._environ = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "XDG_STATE_HOME": str(folder / "state"),
            "BULKCALL_BASE_URL": sandbox.base_url,
            "BULKCALL_CLIENT_ACCOUNT_ID": sandbox.client_account_id,
            "BULKCALL_TOKEN": TOKEN,
            "BULKCALL_LEDGER": str(folder / "ledger.db"),
            "BULKCALL_REALTIME_PER_SECOND": "1000",
            "BULKCALL_BATCH_PER_MINUTE": "6000",
            "BULKCALL_STATUS_PER_MINUTE": "6000",
        }

    def write(self, name, first=0):
        """Drop a whole campaign."""
        rows = [f"911140000000,98765{first + n:05d},Parcel team" for n in range(ROWS)]
        (self.path / name).write_text("\n".join(["caller,receiver,label", *rows, ""]))
        (self.path / f"{name}.done").touch()

    def round(self, *flags, at="", channel="realtime"):
        """Make one round in a process of its own; gives how it ended."""
        times = ("--start", "now", "--window", "8h", "--settle", "0")
        process = self._nursery.start(
            ("inbox", str(self.path), *times, "--channel", channel, "--json", *flags),
            folder=self.path.parent,
            environ=self._environ | ({ENVIRONMENT: at} if at else {}),
        )
        process.wait()
        assert "Traceback" not in process.err, process.err
        return process

    def applied(self):
        """Count how often the server took each receiver."""
        return Counter(
            record.receiver_number
            for entry in self._sandbox.journal()
            if entry.applied
            for record in entry.records
        )

    def runs(self):
        """Give the ledger's runs."""
        process = self._nursery.start(
            ("runs", "--json"), folder=self.path.parent, environ=self._environ
        )
        process.wait()
        return json.loads(process.out)["runs"]

    def lies(self):
        """Name all files, by folder; run ids and reports left out."""
        return sorted(
            f"{path.relative_to(self.path).parts[0]}/{path.name}"
            for path in self.path.rglob("*")
            if path.is_file() and path.suffix in {".csv", ".txt", ".json"}
            if path.name not in {"outcomes.csv", "rejected.csv", "summary.json"}
        )

    def ends_well(self):
        """Make one more round: nothing is left to do after it."""
        process = self.round()
        assert process.wait() in (0, 2), (process.out, process.err)
        assert not any((self.path / "working").iterdir())
        assert not list(self._state.glob("*/*.json"))


@pytest.fixture
def new_night(tmp_path, _server, nursery):
    """Make a night with an empty drop folder, and a server that remembers nothing."""

    def make(name):
        _server.reset()
        (tmp_path / name).mkdir()
        return Night(tmp_path / name, _server, nursery)

    return make


@pytest.fixture
def night(new_night):
    """A single one."""
    return new_night("night")


STEPS = [
    ("after", "Claims.put", 1),
    ("after", "Ledger.begin_run", 1),
    ("after", "Ledger.take_realtime", 1),
    ("before", "publish", 1),
    ("before", "Claims.put", 2),
    ("after", "move", 2),
    ("after", "Ledger.relocate", 1),
    ("after", "move", 3),
]
MORE_STEPS = [
    ("before", "Claims.put", 1),
    ("before", "Ledger.begin_run", 1),
    ("after", "Claims.put", 2),
    ("after", "move", 1),
    ("before", "Claims.drop", 1),
    ("after", "Claims.drop", 1),
    ("after", "os.mkdir", 1),
    ("after", "os.mkdir", 6),
    ("after", "Ledger.add_rows", 1),
    ("after", "Api.send_record", 5),
    ("before", "Ledger.set_state", 1),
    ("after", "Ledger.set_state", 3),
    ("after", "publish", 1),
    ("before", "Ledger.relocate", 1),
    ("before", "move", 2),
    ("before", "move", 3),
    ("before", "tell", 1),
    ("after", "tell", 1),
]


def killed_and_mended(night, when, name, nth, channel="realtime"):
    """Kill a round there, make others, and look at what they came to."""
    night.write("a.csv")
    process = night.round(at=f"{when} {name} {nth} kill", channel=channel)
    assert process.wait() == -9, (process.out, process.err)
    night.ends_well()
    assert night.lies() == ["done/a.csv"]
    [run] = [run for run in night.runs() if run["state"] != "abandoned"]
    assert run["state"] == "finished"
    assert run["outcomes"]["success"] == ROWS
    applied = night.applied()
    assert len(applied) == ROWS
    [place] = (night.path / "done").iterdir()
    assert (run["out"], run["file"]) == (str(place), str(place / "a.csv"))
    summary = json.loads((place / "summary.json").read_text())
    assert (summary["conserved"], summary["rows"]) == (True, ROWS)
    return applied, place


@pytest.mark.parametrize(("when", "name", "nth"), STEPS)
def test_killed_at_a_step_of_a_run(night, when, name, nth):
    """One run, one report, the file put away; what went out twice is shown to have."""
    applied, place = killed_and_mended(night, when, name, nth)
    lines = (place / "outcomes.csv").read_text().splitlines()
    head = lines[0].split(",")
    for line in lines[1:]:
        row = dict(zip(head, line.split(","), strict=True))
        assert applied["91" + row["receiver"]] <= int(row["attempts"])


@pytest.mark.slow
@pytest.mark.parametrize(("when", "name", "nth"), [*STEPS, *MORE_STEPS])
def test_killed_at_a_step_of_a_run_in_batches(night, when, name, nth):
    """The same at more of them, on the batch channel where the step is not of the other one."""
    channel = "realtime" if name in {"Ledger.take_realtime", "Api.send_record"} else "batch"
    killed_and_mended(night, when, name, nth, channel)


@pytest.mark.slow
@pytest.mark.parametrize("channel", ["realtime", "batch"])
@pytest.mark.parametrize("name", ["os.fsync", "os.replace", "os.rename", "commit"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_killed_at_every_write_to_the_disk(new_night, when, name, channel):
    """Each write of a whole round, one after the other, until a round lives through it."""
    for nth in range(1, 200):
        fresh = new_night(f"{nth}")
        fresh.write("a.csv")
        process = fresh.round(at=f"{when} {name} {nth} kill", channel=channel)
        if process.wait() != -9:
            assert nth > 2
            return
        fresh.ends_well()
        assert fresh.lies() == ["done/a.csv"]
        assert [run["state"] for run in fresh.runs() if run["state"] != "abandoned"] == ["finished"]
        assert len(fresh.applied()) == ROWS
    pytest.fail("no round lived")


@pytest.mark.parametrize(
    ("when", "name", "nth"),
    [
        ("after", "Claims.put", 1),
        ("after", "Claims.put", 2),
        ("after", "move", 2),
        ("after", "move", 3),
        ("before", "Claims.drop", 1),
    ],
)
def test_killed_over_a_file_that_can_not_be_read(night, when, name, nth):
    """It ends in failed/ once, with the reason beside it."""
    (night.path / "bad.csv").write_bytes(b"\0\1\2")
    (night.path / "bad.csv.done").touch()
    process = night.round(at=f"{when} {name} {nth} kill")
    assert process.wait() == -9, (process.out, process.err)
    night.ends_well()
    assert night.lies() == ["failed/bad.csv", "failed/why.txt"]
    assert not night.applied()


@pytest.mark.parametrize(
    ("when", "name", "nth"),
    [("after", "Claims.put", 1), ("after", "move", 2), ("after", "move", 3)],
)
def test_killed_over_a_file_that_was_run_before(night, when, name, nth):
    """It is put away all the same, and nothing of it is sent."""
    night.write("a.csv")
    night.round()
    night.write("copy.csv")
    process = night.round(at=f"{when} {name} {nth} kill")
    assert process.wait() == -9, (process.out, process.err)
    night.ends_well()
    assert night.lies() == ["done/a.csv", "done/copy.csv", "done/why.txt"]
    assert set(night.applied().values()) == {1}


def test_killed_again_and_again(night):
    """Each round dies a little later; the file is not given up, and ends as it should."""
    night.write("a.csv")
    for step in (
        "before Ledger.begin_run 1",
        "after Ledger.begin_run 1",
        "after Ledger.take_realtime 1",
        "before campaigns.resume 1",
        "after Ledger.recover 1",
        "before publish 1",
        "after Claims.put 1",
        "after move 1",
        "after Ledger.relocate 1",
    ):
        night.round(at=f"{step} kill")
    night.ends_well()
    assert night.lies() == ["done/a.csv"]
    assert len(night.applied()) == ROWS


def test_a_second_inbox_is_told_who_works_there(night, nursery):
    """Exit status 1, nothing taken; the first goes on."""
    night.write("a.csv")
    times = ("--start", "now", "--window", "8h", "--settle", "0", "--channel", "realtime")
    first = nursery.start(
        ("inbox", str(night.path), *times, "--watch", "--every", "0.2", "--json"),
        folder=night.path.parent,
        environ=night._environ,
    )
    assert first.wait_for(lambda: list(night._state.glob("*.lock")))
    assert first.wait_for(lambda: list((night.path / "done").glob("*/a.csv")))
    second = night.round()
    assert second.wait() == 1
    assert f"worked on by process {first.pid} on " in json.loads(second.out)["error"]
    night.write("b.csv", first=500)
    assert first.wait_for(lambda: list((night.path / "done").glob("*/b.csv")))
    first.send(15)
    assert first.wait() == 0
    assert [json.loads(line)["counts"]["done"] for line in first.out.splitlines()] == [1, 1]
