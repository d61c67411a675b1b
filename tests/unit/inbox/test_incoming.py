"""Which files of a drop folder are ready to be taken."""

from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkcall.errors import StoppedError
from bulkcall.inbox.folder import Folder
from bulkcall.inbox.incoming import Arrivals, IncomingFile, Signature, incoming_files
from bulkcall.inbox.names import is_campaign, is_mark, marks_of


@pytest.mark.parametrize(
    "name",
    [
        "a.csv.part",
        "a.csv.PARTIAL",
        "a.tmp",
        "a.csv.crdownload",
        "~$Book.xlsx",
        ".a.csv.Xy12z",
        ".~lock.a.ods#",
        "a.csv~",
        ".a.csv.swp",
        "a.csv.filepart",
        "a.csv.uploading",
        "a.csv.done",
        "A.DONE",
        "bulkcall.toml",
    ],
)
def test_what_programs_have_not_finished_is_left(name):
    """Names of unfinished files, hidden files and marks are no campaign files."""
    assert not is_campaign(name)


@pytest.mark.parametrize(
    "name", ["a.csv", "a", "a.txt", "partial.csv", "done.csv", "a b.xlsx", "ä.ods", "a.part.csv"]
)
def test_any_other_name_may_be_a_campaign(name):
    """The content tells the kind, not the name."""
    assert is_campaign(name)


def test_a_mark_stands_beside_its_file_with_or_without_the_ending():
    """Both habits of writing marks are understood, and a mark is never a campaign."""
    assert marks_of("a.csv") == ("a.csv.done", "a.done")
    assert marks_of("a") == ("a.done",)
    assert all(is_mark(mark) for mark in marks_of("a.csv"))


def put(folder, name, at, text="x"):
    """Write a file with a time."""
    path = folder / name
    path.write_text(text)
    os.utime(path, (at, at))
    return path


def test_drops_come_in_order_of_arrival(tmp_path):
    """By the time they were last written, then by name; folders and links are left."""
    put(tmp_path, "b.csv", 1000)
    put(tmp_path, "c.csv", 900)
    put(tmp_path, "a.csv", 1000)
    put(tmp_path, "z.csv.part", 1)
    (tmp_path / "folder.csv").mkdir()
    (tmp_path / "link.csv").symlink_to(tmp_path / "a.csv")
    assert [drop.name for drop in incoming_files(Folder.open(tmp_path))] == [
        "c.csv",
        "a.csv",
        "b.csv",
    ]


def test_a_mark_counts_unless_it_is_older_than_its_file(tmp_path):
    """A mark that was left by an earlier file of the name does not call a new one whole."""
    put(tmp_path, "a.csv", 1000)
    put(tmp_path, "a.csv.done", 1000)
    put(tmp_path, "b.csv", 1000)
    put(tmp_path, "b.done", 999)
    assert {drop.name: drop.marked for drop in incoming_files(Folder.open(tmp_path))} == {
        "a.csv": True,
        "b.csv": False,
    }


def test_a_folder_that_is_gone_is_told(tmp_path):
    """One line, resumable."""
    gone = Folder.open(tmp_path)
    gone.close()
    gone._descriptor, gone.path = None, tmp_path / "nowhere"
    with pytest.raises(StoppedError, match="can't be read"):
        incoming_files(gone)


def drop(size=1, mtime=1, inode=1, *, name="a.csv", marked=False):
    """Make a drop."""
    return IncomingFile(name, Signature(size, mtime, inode), marked)


def test_a_file_is_ready_once_it_has_looked_the_same_for_long_enough():
    """Not at the first look, however old it is; not before the time is up; then it is."""
    looks = Arrivals(10)
    assert looks.ready([drop()], 1000) == []
    assert (looks.unready, looks.ready_at) == ({"a.csv"}, 1010)
    assert looks.ready([drop()], 1009.9) == []
    assert looks.ready([drop()], 1010) == [drop()]
    assert (looks.unready, looks.ready_at) == (frozenset(), None)


@pytest.mark.parametrize("changed", [drop(size=2), drop(mtime=2), drop(inode=2)])
def test_any_change_begins_the_wait_anew(changed):
    """Another size, time or file under the name: somebody is writing."""
    looks = Arrivals(10)
    looks.ready([drop()], 0)
    assert looks.ready([changed], 10) == []
    assert looks.ready([changed], 19) == []
    assert looks.ready([changed], 20) == [changed]


def test_a_mark_makes_ready_at_once():
    """The one who wrote it says that it is whole."""
    assert Arrivals(10).ready([drop(marked=True)], 0) == [drop(marked=True)]


def test_a_file_that_went_away_begins_anew():
    """What comes back under the name has to settle again."""
    looks = Arrivals(10)
    looks.ready([drop()], 0)
    looks.ready([], 5)
    assert looks.ready([drop()], 12) == []


@given(
    st.lists(st.tuples(st.floats(0, 30), st.integers(0, 2)), max_size=20),
    st.floats(0, 20),
)
def test_a_file_is_never_ready_within_the_settle_time_of_a_change(looks_at, settle):
    """Whatever the looks and changes: ready means unchanged since a look `settle` seconds ago."""
    looks, now, since, before = Arrivals(settle), 0.0, 0.0, None
    for pause, size in looks_at:
        now += pause
        since = now if size != before else since
        ready = looks.ready([drop(size=size)], now)
        assert bool(ready) == (size == before and now - since >= settle)
        before = size
