"""A ledger is one ledger under all its names, and is missed when it is taken away."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import shutil
import signal
import sqlite3
import subprocess

import pytest

from bulkcall.errors import LedgerError, RunHeldError
from bulkcall.ledger import Ledger, RunState, ledger_file
from tests.ledger_parts import NOW, loaded, new_run, take_batch, told, valid

FORK = multiprocessing.get_context("fork")


def mounted(path, folder):
    """Mount a folder a second time; skip where that is not allowed."""
    folder.mkdir()
    if not mount(path.parent, folder):
        folder.rmdir()
        pytest.skip("mounts can't be made here")
    return folder / path.name


def mount(source, target):
    """Show a file or a folder in a second place; tell whether that was allowed."""
    command = ["mount", "--bind", str(source), str(target)]
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


NAMES = {
    "spelled": lambda path, _: f"{path.parent}/./../{path.parent.name}//{path.name}",
    "url": lambda path, _: f"sqlite:///{path}",
    "symlink": lambda path, elsewhere: (elsewhere / "s.db").symlink_to(path) or elsewhere / "s.db",
    "linked folder": lambda path, elsewhere: (
        (elsewhere / "f").symlink_to(path.parent) or elsewhere / "f" / path.name
    ),
    "hard link": lambda path, elsewhere: (
        (elsewhere / "h.db").hardlink_to(path) or elsewhere / "h.db"
    ),
    "relative": lambda path, _: os.path.relpath(path),
    "cwd": lambda path, _: f"/proc/self/cwd/{os.path.relpath(path)}",
    "mount": lambda path, elsewhere: mounted(path, elsewhere / "m"),
}


@pytest.fixture
def elsewhere(tmp_path):
    """Give another folder; what was mounted in it is taken off again."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    yield folder
    if (folder / "m").exists():
        subprocess.run(["umount", str(folder / "m")], check=True)


@pytest.fixture
def path(tmp_path):
    """Give the path of a ledger with one run of three rows."""
    path = tmp_path / "home" / "ledger.db"
    with Ledger.open(str(path)) as ledger:
        loaded(ledger, "run-1", [valid(1), valid(2), valid(3)])
        ledger.set_state("run-1", RunState.SENDING, at=NOW)
    return path


@contextlib.contextmanager
def living(target, *arguments):
    """Run a function in a process of its own; give the process once it says something."""
    here, there = FORK.Pipe()
    process = FORK.Process(target=target, args=(*arguments, there))
    process.start()
    try:
        assert here.recv() == "ready"
        yield process
    finally:
        process.kill()
        process.join()
        process.close()


def take_one_and_wait(url, pipe):
    """Hold the run, take a row of it, and stay."""
    with Ledger.open(url) as ledger, ledger.hold("run-1"):
        ledger.take_realtime("run-1", 1, now=NOW, with_doubt=True)
        pipe.send("ready")
        signal.pause()


@pytest.mark.parametrize("name", NAMES)
def test_a_run_is_held_under_every_name(path, elsewhere, name):
    """Whatever a second process calls the ledger: the run is held, and by whom is said."""
    other = str(NAMES[name](path, elsewhere))
    with living(take_one_and_wait, str(path)) as process, Ledger.open(other) as ledger:
        assert told(ledger, "run-1") == {"unsent": 2, "unknown": 1}
        assert ledger.last_stopped() is None
        with pytest.raises(RunHeldError, match=f"process {process.pid} "), ledger.hold("run-1"):
            pass


@pytest.mark.parametrize("name", NAMES)
def test_what_a_killed_process_wrote_is_found_under_every_name(path, elsewhere, name):
    """Its newest commits stand in the log beside the first name."""
    other = str(NAMES[name](path, elsewhere))
    with living(take_one_and_wait, str(path)) as process:
        process.kill()
        process.join()
        with Ledger.open(other) as ledger, ledger.hold("run-1"):
            assert told(ledger, "run-1") == {"unsent": 2, "unknown": 1}
            assert ledger.recover("run-1", at=NOW) == 1
    with Ledger.open(str(path)) as ledger:
        assert told(ledger, "run-1") == {"unsent": 2, "unknown": 1}
        assert ledger.waiting("run-1", with_doubt=True) == 3


def test_a_name_that_was_the_first_may_go(path, elsewhere):
    """With the first link gone, the ledger goes by the one that is left."""
    other = NAMES["hard link"](path, elsewhere)
    with Ledger.open(str(other)) as ledger:
        ledger.begin_run(new_run("run-2"))
    assert not (elsewhere / "h.db-wal").exists()
    path.unlink()
    with Ledger.open(str(other)) as ledger:
        assert [run.run_id for run in ledger.runs()] == ["run-2", "run-1"]


def test_a_ledger_that_was_moved_without_its_log_is_refused(path, tmp_path):
    """The log of a killed process holds its newest commits; without it rows would go twice."""
    with living(take_one_and_wait, str(path)):
        pass
    moved = tmp_path / "moved.db"
    path.rename(moved)
    with pytest.raises(LedgerError, match=r"moved here without .*ledger\.db-wal"):
        Ledger.open(str(moved))
    (path.parent / "ledger.db-wal").rename(tmp_path / "moved.db-wal")
    with Ledger.open(str(moved)) as ledger:
        assert told(ledger, "run-1") == {"unsent": 2, "unknown": 1}


def test_a_file_that_is_a_mount_of_its_own_is_refused(path, elsewhere):
    """Its log would be written into another folder than the file's own."""
    target = elsewhere / "ledger.db"
    target.touch()
    if not mount(path, target):
        pytest.skip("mounts can't be made here")
    try:
        with pytest.raises(LedgerError, match="mount its folder"):
            Ledger.open(str(target))
    finally:
        subprocess.run(["umount", str(target)], check=True)


def deleted(path):
    """Delete the ledger with its log."""
    for name in ("ledger.db", "ledger.db-wal", "ledger.db-shm"):
        (path.parent / name).unlink(missing_ok=True)


def moved(path):
    """Rename the folder."""
    path.parent.rename(path.parent.with_name("moved"))


def replaced(path):
    """Put a copy into its place."""
    shutil.copy(path, path.with_name("copy"))
    path.with_name("copy").replace(path)


def made_anew(path):
    """Delete the ledger, and let another process make one."""
    deleted(path)
    process = FORK.Process(target=lambda: Ledger.open(str(path)).close())
    process.start()
    process.join()
    process.close()


@pytest.mark.parametrize("change", [deleted, moved, replaced, made_anew])
def test_a_ledger_that_goes_while_a_run_is_live_is_missed_before_the_next_send(path, change):
    """No row is taken from a file that the ledger's name does not lead to any more."""
    with Ledger.open(str(path)) as ledger, ledger.hold("run-1"):
        ledger.take_realtime("run-1", 1, now=NOW, with_doubt=True)
        change(path)
        with pytest.raises(LedgerError, match="deleted, moved or replaced") as caught:
            ledger.take_realtime("run-1", 1, now=NOW, with_doubt=True)
        assert str(path) in str(caught.value)
        with pytest.raises(LedgerError, match="deleted, moved or replaced"):
            take_batch(ledger, "run-1", 1)
        # What happened before can still be written into the report.
        assert told(ledger, "run-1") == {"unsent": 2, "unknown": 1}


def copy_over(source, target):
    """Put one SQLite file's content into another, as `.backup` and `.restore` do."""
    one, other = sqlite3.connect(source), sqlite3.connect(target)
    with contextlib.closing(one), contextlib.closing(other):
        one.backup(other)


def test_a_ledger_restored_in_its_place_is_missed_before_the_next_send(path):
    """The same file with an older content: the run had taken more than it says."""
    with Ledger.open(str(path)) as ledger, ledger.hold("run-1"):
        ledger.take_realtime("run-1", 1, now=NOW, with_doubt=True)
        backup = path.with_name("backup.db")
        copy_over(path, backup)
        ledger.take_realtime("run-1", 1, now=NOW, with_doubt=True)
        copy_over(backup, path)
        with pytest.raises(LedgerError, match="restored from an older copy"):
            ledger.take_realtime("run-1", 1, now=NOW, with_doubt=True)


def open_and_close(url, pipe):
    """Be the last but one to close the ledger."""
    Ledger.open(url).close()
    pipe.send("ready")


def test_a_second_look_at_the_ledger_does_not_give_its_locks_away(path):
    """Opened twice and closed once in one process, the log stays while others come and go."""
    with Ledger.open(str(path)) as ledger:
        ledger.begin_run(new_run("run-2"))
        Ledger.open(str(path)).close()
        with living(open_and_close, str(path)):
            pass
        assert (path.parent / "ledger.db-wal").exists()
        ledger.begin_run(new_run("run-3"))
        found = (
            subprocess.run(
                ["sqlite3", str(path), "SELECT count(*) FROM runs"],
                capture_output=True,
                check=False,
            )
            if shutil.which("sqlite3")
            else None
        )
        assert found is None or found.stdout.strip() == b"3"
    with Ledger.open(str(path)) as ledger:
        assert len(ledger.runs()) == 3


def hold_and_fork(url, pipe):
    """Hold the run, leave a child behind that does nothing, and be killed."""
    with Ledger.open(url) as ledger, ledger.hold("run-1"):
        child = os.fork()
        if child == 0:
            signal.pause()
        pipe.send(child)
        signal.pause()


def test_a_child_does_not_keep_its_dead_parent_run(path):
    """A worker process that outlives the one that held the run holds nothing."""
    here, there = FORK.Pipe()
    process = FORK.Process(target=hold_and_fork, args=(str(path), there))
    process.start()
    child = here.recv()
    try:
        process.kill()
        process.join()
        with Ledger.open(str(path)) as ledger, ledger.hold("run-1"):
            assert told(ledger, "run-1") == {"unsent": 3}
    finally:
        os.kill(child, signal.SIGKILL)
        process.close()


def test_where_a_file_has_no_locks_of_bytes_files_beside_it_are_locked(path, monkeypatch):
    """As on macOS and Windows: still one process a run, and under links the same one."""
    monkeypatch.setattr(ledger_file, "_byte_locks", lambda: None)
    with living(take_one_and_wait, str(path)) as process:
        (path.parent / "s.db").symlink_to(path)
        with Ledger.open(str(path.parent / "s.db")) as ledger:
            held = pytest.raises(RunHeldError, match=f"process {process.pid} ")
            with held, ledger.hold("run-1"):
                pass
            assert ledger.last_stopped() is None
            process.kill()
            process.join()
            with ledger.hold("run-1"):
                assert told(ledger, "run-1") == {"unsent": 2, "unknown": 1}
    assert (path.parent / "ledger.db.holds" / "1.lock").exists()
