"""A ledger is opened or refused in one line; what is not ours is left untouched."""

from __future__ import annotations

import hashlib
import os
import re
import sqlite3
import stat
from pathlib import Path

import pytest

from bulkcall.errors import DiskFullError, LedgerError
from bulkcall.ledger import Ledger, ledger_file
from tests.ledger_parts import NOW, loaded, new_run, told, valid


def digest(path):
    """Give what a file's content comes to."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def refused(path):
    """Open what can't be opened; give the message, which must be one line."""
    with pytest.raises(LedgerError) as caught:
        Ledger.open(str(path))
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_file_and_folder_are_the_owners_alone(tmp_path):
    """A new ledger is 0600 in a folder 0700, whatever the umask allows; so is its log."""
    old = os.umask(0)
    try:
        path = tmp_path / "deep" / "er" / "ledger.db"
        with Ledger.open(str(path)) as ledger:
            ledger.begin_run(new_run())
            with ledger.hold("run-1"):
                modes = {found: found.stat().st_mode for found in path.parent.rglob("*")}
    finally:
        os.umask(old)
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    for found, mode in modes.items():
        assert stat.S_IMODE(mode) == (0o700 if stat.S_ISDIR(mode) else 0o600), found
    assert len(modes) >= 3


def test_what_was_written_is_there_when_opened_again(tmp_path):
    """A path and its sqlite URL are one ledger; `synchronous` may be chosen in the URL."""
    path = tmp_path / "ledger.db"
    with Ledger.open(str(path)) as ledger:
        loaded(ledger, "run-1", [valid(1)])
    for url in (f"sqlite:///{path}", f"sqlite:///{path}?synchronous=normal"):
        with Ledger.open(url) as ledger:
            assert told(ledger, "run-1") == {"unsent": 1}


@pytest.mark.parametrize(
    "content", [b"caller,receiver\n1,2\n", b"SQLite format 3\x00 but no more", b"\x00" * 4096]
)
def test_a_file_of_another_kind_is_left_untouched(tmp_path, content):
    """A campaign file given as the ledger by mistake survives."""
    path = tmp_path / "ledger.db"
    path.write_bytes(content)
    assert "left untouched" in refused(path)
    assert path.read_bytes() == content
    assert list(tmp_path.iterdir()) == [path]


def test_another_programs_database_is_left_untouched(tmp_path):
    """An SQLite file without our mark is not taken for a ledger."""
    path = tmp_path / "mail.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE meta (key, value)")
    connection.close()
    before = digest(path)
    assert "SQLite file of another program" in refused(path)
    assert digest(path) == before


@pytest.mark.parametrize(
    "definition",
    [
        "CREATE TRIGGER forget AFTER INSERT ON rows BEGIN DELETE FROM rows; END",
        "CREATE VIEW sent AS SELECT * FROM rows",
    ],
)
def test_a_ledger_whose_tables_do_things_is_left_untouched(tmp_path, definition):
    """A trigger could drop or double rows while a run writes them."""
    path = tmp_path / "ledger.db"
    Ledger.open(str(path)).close()
    with sqlite3.connect(path) as connection:
        connection.execute(definition)
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    before = digest(path)
    assert definition.split()[1].lower() in refused(path)
    assert digest(path) == before


def test_what_is_no_file_is_refused_at_once(tmp_path):
    """A pipe is not waited for, a device not read, a folder not entered."""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    assert "is not a file" in refused(tmp_path / "pipe")
    assert "is not a file" in refused("/dev/null")
    assert "can't be opened" in refused(tmp_path / "folder")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    assert "can't be opened" in refused(tmp_path / "loop")
    assert "can't be opened" in refused(tmp_path / ("n" * 300))


def test_a_working_folder_that_is_gone_is_one_line(tmp_path, monkeypatch):
    """A relative path leads nowhere then."""
    folder = tmp_path / "gone"
    folder.mkdir()
    monkeypatch.chdir(folder)
    folder.rmdir()
    assert "can't be opened" in refused("ledger.db")


@pytest.mark.parametrize("version", ["", "x", "-1", "0", "99999999999999999999", "1e9", None])
def test_a_schema_version_that_can_not_be_one_is_refused(tmp_path, version):
    """Garbage where the version stands is damage or a newer program, never a migration."""
    path = tmp_path / "ledger.db"
    Ledger.open(str(path)).close()
    with sqlite3.connect(path) as connection:
        if version is None:
            connection.execute("DELETE FROM meta WHERE key = 'schema'")
        else:
            connection.execute("UPDATE meta SET value = ? WHERE key = 'schema'", (version,))
    connection.close()
    assert re.search("damaged|newer bulkcall", refused(path))


def all_of(path):
    """Give what a ledger says of a run, or its error."""
    try:
        with Ledger.open(str(path)) as ledger:
            outcomes = sum(table.num_rows for table in ledger.outcomes("run-1"))
            cells = sum(table.num_rows for _, table in ledger.cells("run-1"))
            taken = ledger.take_realtime("run-1", 5, now=NOW, with_doubt=True)
            return told(ledger, "run-1"), outcomes, cells, len(taken)
    except LedgerError as error:
        return error


def test_a_page_of_garbage_in_the_middle_is_one_line(tmp_path):
    """What is read of a damaged ledger is right, or the call says that it is damaged."""
    path = tmp_path / "ledger.db"
    with Ledger.open(str(path)) as ledger:
        loaded(ledger, "run-1", [valid(row) for row in range(1, 2_001)])
    whole = path.read_bytes()
    page = int.from_bytes(whole[16:18], "big")
    for number in range(1, len(whole) // page):
        path.write_bytes(whole[: number * page] + b"\xa5" * page + whole[(number + 1) * page :])
        found, told_of = all_of(path), ""
        if isinstance(found, LedgerError):
            found, told_of = None, str(found)
        assert found is None or found == ({"unsent": 1_995, "unknown": 5}, 2_000, 2_000, 5)
        assert found is not None or "damaged" in told_of
        assert "\n" not in told_of


def test_a_cut_off_ledger_is_named_as_damaged(tmp_path):
    """A file that lost its end is neither repaired nor overwritten."""
    path = tmp_path / "ledger.db"
    with Ledger.open(str(path)) as ledger:
        loaded(ledger, "run-1", [valid(row) for row in range(1, 2000)])
    os.truncate(path, path.stat().st_size // 2)
    before = digest(path)
    assert "damaged" in refused(path)
    assert digest(path) == before


def test_a_scrambled_ledger_is_named_as_damaged(tmp_path):
    """Garbage in the middle is found when it is read, and said in one line."""
    path = tmp_path / "ledger.db"
    with Ledger.open(str(path)) as ledger:
        loaded(ledger, "run-1", [valid(row) for row in range(1, 5000)])
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(os.urandom(size - 4096))
    before = digest(path)

    def read():
        with Ledger.open(str(path)) as ledger:
            list(ledger.outcomes("run-1"))

    with pytest.raises(LedgerError, match="damaged"):
        read()
    assert digest(path) == before


def test_a_newer_ledger_is_refused(tmp_path):
    """A ledger of a later version says which one is needed, and stays as it is."""
    path = tmp_path / "ledger.db"
    Ledger.open(str(path)).close()
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE meta SET value = '999'")
    connection.close()
    assert "newer bulkcall (schema 999" in refused(path)


def test_a_ledger_where_none_can_be_is_refused(tmp_path):
    """A folder for a file, a file for a folder and unknown URLs are said plainly."""
    (tmp_path / "file").write_text("x")
    assert "can't be" in refused(tmp_path / "file" / "ledger.db")
    assert "can't be opened" in refused(tmp_path)


def test_a_ledger_that_can_not_be_written_says_so(tmp_path, monkeypatch):
    """A read-only ledger is told from a damaged one."""
    path = tmp_path / "ledger.db"
    with Ledger.open(str(path)) as ledger:
        pool = ledger._store.engine.pool
        connection = pool.connect()
        connection.execute("PRAGMA query_only = ON")
        connection.close()
        with pytest.raises(LedgerError, match="is read-only"):
            ledger.begin_run(new_run())


def test_a_locked_ledger_says_so(tmp_path, monkeypatch):
    """A writer that waited too long for another process says who is in the way."""
    path = tmp_path / "ledger.db"
    monkeypatch.setattr("bulkcall.ledger.sqlite.BUSY_SECONDS", 0.0)
    with Ledger.open(str(path)) as ledger:
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(LedgerError, match="locked by another process"):
            ledger.begin_run(new_run())
        other.execute("ROLLBACK")
        other.close()
        assert ledger.begin_run(new_run()).run_id == "run-1"


def test_a_full_disk_stops_cleanly_and_loses_nothing(tmp_path):
    """When no page more can be had, the call fails whole; with room again it goes through."""
    with Ledger.open(str(tmp_path / "ledger.db")) as ledger:
        loaded(ledger, "run-1", [valid(1)])
        connection = ledger._store.engine.pool.connect()
        connection.execute("PRAGMA max_page_count = 1")
        connection.close()
        with pytest.raises(DiskFullError, match="nothing is lost"):
            loaded(ledger, "run-2", [valid(row) for row in range(1, 3000)])
        assert told(ledger, "run-1") == {"unsent": 1}
        assert told(ledger, "run-2") == {}
        connection = ledger._store.engine.pool.connect()
        connection.execute("PRAGMA max_page_count = 1000000")
        connection.close()
        assert [r.row for r in ledger.take_realtime("run-1", 1, now=NOW, with_doubt=True)] == [1]


def test_too_little_room_is_told_before_a_run(tmp_path):
    """The room a run needs is looked for on the ledger's own disk."""
    with Ledger.open(str(tmp_path / "ledger.db")) as ledger:
        ledger.require_room(1)
        with pytest.raises(DiskFullError, match="MB left and the run needs about"):
            ledger.require_room(1 << 60)
    with Ledger.open(":memory:") as ledger:
        ledger.require_room(1 << 60)


def test_an_sqlite_that_is_too_old_is_named(tmp_path, monkeypatch):
    """A Python with an SQLite of before 2021 is told so, and no file is made."""
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 34, 1))
    assert "needs 3.35 or later" in refused(tmp_path / "ledger.db")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/mnt/share/runs/ledger.db", "nfs4"),
        ("/mnt/share/local/ledger.db", ""),
        ("/mnt/my share/ledger.db", "cifs"),
        ("/home/me/ledger.db", ""),
        ("/mnt/far/ledger.db", "fuse.sshfs"),
    ],
)
def test_a_network_share_is_known_by_its_mount(tmp_path, monkeypatch, path, kind):
    """The nearest mount above the file counts; a blank in its name is written as a number."""
    mounts = [
        "22 1 8:1 / / rw shared:1 - ext4 /dev/sda1 rw",
        "30 22 0:50 / /mnt/share rw shared:2 - nfs4 host:/export rw",
        "31 30 8:2 / /mnt/share/local rw - ext4 /dev/sdb1 rw",
        "32 22 0:51 / /mnt/my\\040share rw - cifs //host/x rw",
        "33 22 0:52 / /mnt/far rw - fuse.sshfs me@host: rw",
    ]
    file = tmp_path / "mountinfo"
    file.write_text("\n".join(mounts) + "\n")
    monkeypatch.setattr(ledger_file, "_MOUNTS", file)
    assert ledger_file.network_share(Path(path)) == kind
