"""Files that are complete or not there, also where somebody hostile can write into the folder."""

from __future__ import annotations

import os
import secrets
import stat
import subprocess
import sys

import pytest

from bulkcall.errors import StoppedError, UsageError
from bulkcall.support import atomic_files, file_lock
from bulkcall.support.atomic_files import replacing, replacing_all, require_folder

KILLED = """
import os, signal, sys
from pathlib import Path
from bulkcall.support.atomic_files import replacing
with replacing(Path(sys.argv[1])) as file:
    file.write(b"half")
    file.flush()
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture(params=[True, False], ids=["by descriptor", "by path"])
def system(request, monkeypatch):
    """Work by the folder's descriptor, and by paths as on Windows."""
    monkeypatch.setattr(atomic_files, "_BY_DESCRIPTOR", request.param)


def write(path, text):
    """Put a text there."""
    with replacing(path) as file:
        file.write(text.encode())


@pytest.mark.usefixtures("system")
def test_all_take_their_places_together(tmp_path):
    """Nothing is there before the end of the block, everything after it, for the user alone."""
    with replacing_all(tmp_path, ["a", "b"]) as files:
        for name, file in files.items():
            file.write(name.encode())
        assert not {"a", "b"} & {path.name for path in tmp_path.iterdir()}
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"a": "a", "b": "b"}
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o600


@pytest.mark.usefixtures("system")
def test_what_a_killed_process_left_goes_and_what_a_live_one_writes_stays(tmp_path):
    """A lock tells which is which, not a process number that may be used again."""
    path = tmp_path / "outcomes.csv"
    subprocess.run([sys.executable, "-c", KILLED, str(path)], check=False)
    [left] = tmp_path.iterdir()
    with replacing(path) as one:
        assert not left.exists()
        write(path, "first")
        one.write(b"second")
    assert path.read_text() == "second"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.usefixtures("system")
def test_a_planted_name_is_not_opened(tmp_path, monkeypatch):
    """Had somebody guessed the name, a link there is neither followed nor replaced."""
    victim = tmp_path / "victim"
    victim.write_text("precious")
    guesses = iter(["0" * 16, "1" * 16])
    monkeypatch.setattr(secrets, "token_hex", lambda _: next(guesses))
    planted = tmp_path / f".a.{'0' * 16}.part"
    planted.symlink_to(victim)
    write(tmp_path / "a", "text")
    assert victim.read_text() == "precious"
    assert planted.is_symlink()
    assert (tmp_path / "a").read_text() == "text"


@pytest.mark.usefixtures("system")
@pytest.mark.parametrize("kind", ["link", "fifo", "folder", "other user's"])
def test_sweeping_touches_only_its_own_files(tmp_path, kind):
    """Whatever has the name of a left part: nothing is followed, waited for or emptied."""
    if kind == "other user's" and os.geteuid() != 0:
        pytest.skip("only root can give a file away")
    victim = tmp_path / "victim"
    victim.write_text("precious")
    planted = tmp_path / ".a.0123.part"
    if kind == "link":
        planted.symlink_to(victim)
    elif kind == "fifo":
        os.mkfifo(planted)
    elif kind == "folder":
        planted.mkdir()
    else:
        planted.touch()
        os.chown(planted, 12345, 12345)
    write(tmp_path / "a", "text")
    assert victim.read_text() == "precious"
    assert os.path.lexists(planted)


def test_a_folder_that_is_exchanged_meanwhile_leads_nowhere_else(tmp_path):
    """The files land in the folder that was opened."""
    out, elsewhere = tmp_path / "out", tmp_path / "elsewhere"
    out.mkdir()
    elsewhere.mkdir()
    with replacing(out / "a") as file:
        out.rename(tmp_path / "renamed")
        out.symlink_to(elsewhere)
        file.write(b"text")
    assert (tmp_path / "renamed" / "a").read_text() == "text"
    assert list(elsewhere.iterdir()) == []


def test_a_file_is_not_swept_between_its_making_and_its_locking(tmp_path, monkeypatch):
    """Another process may sweep at that moment: a new one is made then."""
    took = []

    def try_lock(handle):
        if not took:
            took.append(handle)
            [part] = tmp_path.glob(".a.*.part")
            part.unlink()
        return True

    monkeypatch.setattr(file_lock, "try_lock", try_lock)
    write(tmp_path / "a", "text")
    assert (tmp_path / "a").read_text() == "text"


@pytest.mark.parametrize(
    ("mode", "warned"),
    [(0o700, False), (0o755, False), (0o1777, False), (0o777, True), (0o702, True)],
)
def test_a_folder_that_others_can_write_is_warned_of(tmp_path, mode, warned):
    """They could exchange the report; in a sticky folder they can't."""
    folder = tmp_path / "out"
    folder.mkdir()
    folder.chmod(mode)
    assert ("others can write" in require_folder(folder)) is warned
    assert list(folder.iterdir()) == []


def test_a_folder_of_another_user_is_warned_of(tmp_path):
    """Who owns a folder can exchange what is in it, whatever its mode."""
    if os.geteuid() != 0:
        pytest.skip("only root can give a folder away")
    os.chown(tmp_path, 12345, 12345)
    assert "belongs to another user (id 12345)" in require_folder(tmp_path)


def test_a_place_that_can_not_be_one_is_wrong_usage(tmp_path):
    """A file in the folder's place, and one above it."""
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="name another --out"):
        require_folder(tmp_path / "file")
    with pytest.raises(UsageError, match="name another --out"):
        require_folder(tmp_path / "file" / "below")
    with pytest.raises(StoppedError, match="name another --out"):
        write(tmp_path / "none" / "a", "text")
