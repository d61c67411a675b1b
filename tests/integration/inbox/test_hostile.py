"""A drop folder in which others lay traps, and one full of odd names and kinds."""

from __future__ import annotations

import json
import os
import socket
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bulkcall import app
from bulkcall.errors import CampaignFileError, UsageError
from bulkcall.inbox import FileOutcome
from bulkcall.inbox.names import is_campaign, is_meant_as_campaign

pytestmark = pytest.mark.integration

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can act as another user")
NOBODY = 65534


def as_nobody(folder, code):
    """Run Python code in a folder as the user nobody (who may not read this Python's files)."""
    child = os.fork()
    if not child:
        try:
            os.chdir(folder)
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)
            exec(code)  # noqa: S102 - of the tests below
        except BaseException:  # noqa: BLE001 - a forked process must not go on as a test
            os._exit(1)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


@pytest.fixture
def shared():
    """A folder that anybody may write to, on the way to which nobody is kept out."""
    with tempfile.TemporaryDirectory() as name:
        path = Path(name)
        path.chmod(0o755)
        (path / "in").mkdir()
        (path / "in").chmod(0o1777)
        yield path


@pytest.fixture
def trapped(folder, shared):
    """The drop folder there, and beside it what must stay as it is."""
    folder.path = shared / "in"
    victim = shared / "private"
    (victim / "deep").mkdir(parents=True)
    (victim / "outcomes.csv").write_text("mine")
    (victim / "deep" / "keep.txt").write_text("mine")
    victim.chmod(0o700)
    yield folder
    assert (victim / "outcomes.csv").read_text() == "mine"
    assert (victim / "deep" / "keep.txt").read_text() == "mine"
    assert sorted(path.name for path in victim.iterdir()) == ["deep", "outcomes.csv"]


def planted_claim(**changes):
    """Give a claim as bulkcall itself writes it, but for some fields."""
    claim = {
        "run_id": "20260101-000000-abcdef",
        "name": "a.csv",
        "sha256": "0" * 64,
        "signature": {"size": 1, "mtime_ns": 1, "inode": 1},
        "starts": 1,
        "fate": "",
        "why": "",
    }
    return json.dumps(claim | changes)


@as_root
@pytest.mark.parametrize(
    "changes",
    [
        {"run_id": "{victim}"},
        {"run_id": "../../private"},
        {"run_id": ".."},
        {"name": "../../private/outcomes.csv", "fate": "done"},
        {"name": "{victim}/outcomes.csv", "fate": "failed", "why": "x"},
        {"fate": "../../private"},
        {"signature": {"size": []}},
        {"starts": "many"},
        {},
    ],
)
def test_a_claim_that_another_user_planted_does_nothing(trapped, changes):
    """Whatever stands in it: nothing is removed or moved, and the good file is done."""
    victim = str(trapped.path.parent / "private")
    changes = {
        key: value.format(victim=victim) if isinstance(value, str) else value
        for key, value in changes.items()
    }
    text = planted_claim(**changes)
    as_nobody(
        trapped.path,
        "import os, pathlib\n"
        "folder = pathlib.Path('.bulkcall/claims')\n"
        "folder.mkdir(parents=True)\n"
        f"(folder / '20260101-000000-abcdef.json').write_text({text!r})\n",
    )
    trapped.drop("good.csv")
    night = trapped.night()
    assert [(each.name, each.fate) for each in night.taken] == [("good.csv", FileOutcome.DONE)]
    assert trapped.quiet()


@as_root
@pytest.mark.parametrize(
    "trap",
    [
        "os.symlink('../private', '{name}')",
        "os.mkdir('{name}'); os.symlink('../../private', '{name}/x')",
        "open('{name}', 'w').close()",
        "os.mkfifo('{name}')",
        "os.mkdir('{name}', 0o000)",
    ],
)
@pytest.mark.parametrize("name", ["working", "done", "failed", ".bulkcall"])
def test_a_folder_that_another_user_planted_is_not_used(trapped, name, trap):
    """One beside it is taken, and what a link there leads to is not touched."""
    as_nobody(trapped.path, "import os\n" + trap.format(name=name))
    trapped.drop("good.csv")
    (trapped.path / "bad.csv").write_bytes(b"\0\1")
    fates = {each.name: each for each in trapped.night().taken}
    assert {name: each.fate for name, each in fates.items()} == {
        "good.csv": FileOutcome.DONE,
        "bad.csv": FileOutcome.FAILED,
    }
    if name in {"done", "failed"}:
        assert f"{name}-2" in {each.folder.parent.name for each in fates.values()}


@as_root
def test_claims_are_kept_where_nobody_else_can_write(trapped, monkeypatch):
    """A state folder that others can write to is refused before a file is touched."""
    state = trapped.path.parent / "state"
    (state / "bulkcall" / "inboxes").mkdir(parents=True)
    (state / "bulkcall" / "inboxes").chmod(0o777)
    monkeypatch.setenv("XDG_STATE_HOME", str(state))
    trapped.drop("good.csv")
    with pytest.raises(UsageError, match="closed to others"):
        trapped.night()
    assert trapped.names() == ["good.csv"]


def test_a_file_system_without_owners_of_its_own(folder, monkeypatch):
    """A share that gives all to one user: what is made there is this user's, under that name."""
    from bulkcall.inbox import folder as of_folders

    real = of_folders.is_trusted
    state = os.environ["XDG_STATE_HOME"]

    def not_there(facts):
        return real(facts) and facts.st_ino in {
            path.stat().st_ino for path in Path(state).rglob("*")
        }

    monkeypatch.setattr("bulkcall.inbox.layout.is_trusted", not_there)
    folder.drop("a.csv")
    [taken] = folder.night().taken
    assert (taken.fate, taken.folder.parent.name) == (FileOutcome.DONE, "done")


def test_claims_that_an_earlier_version_wrote_in_the_folder_are_taken_over(folder):
    """This user's own: the run that they name is forgotten or goes on as before."""
    old = folder.path / ".bulkcall" / "claims"
    old.mkdir(parents=True, mode=0o700)
    folder.path.chmod(0o700)
    (folder.path / ".bulkcall").chmod(0o700)
    (old / "20260101-000000-abcdef.json").write_text(planted_claim(fate="failed", why="no"))
    path = folder.drop("a.csv")
    night = folder.night()
    assert {each.run_id == "20260101-000000-abcdef" for each in night.taken} == {True, False}
    assert not path.exists()
    assert folder.quiet()
    assert not any(old.iterdir())


def test_what_took_the_place_of_a_file_is_not_run(folder):
    """The run takes the content that was looked at, and no other; a pipe is refused at once."""
    path = folder.drop("a.csv")
    with pytest.raises(CampaignFileError, match="took its place"):
        app.run(path, settings=folder.settings, sha256="0" * 64, start="now", window="8h")
    os.mkfifo(folder.path / "pipe.csv")
    for command in (app.run, app.validate, app.plan):
        with pytest.raises(CampaignFileError, match="pipe"):
            command(folder.path / "pipe.csv", settings=folder.settings)
    assert not folder.applied()
    assert not folder.runs()


def test_done_and_working_on_another_file_system(folder):
    """Links that this user made: what can't be renamed is copied, and nothing is left behind."""
    with tempfile.TemporaryDirectory(dir="/dev/shm") as other:
        if Path(other).stat().st_dev == folder.path.stat().st_dev:
            pytest.skip("no second file system here")
        (folder.path / "done").symlink_to(other)
        folder.drop("a.csv")
        night = folder.night()
        assert [each.fate for each in night.taken] == [FileOutcome.DONE]
        assert folder.quiet()
        assert folder.names() == []
        [place] = Path(other).iterdir()
        assert {"a.csv", "outcomes.csv", "summary.json"} <= {each.name for each in place.iterdir()}
        assert night.taken[0].folder == folder.path / "done" / place.name


def test_a_file_without_a_valid_row_is_not_called_done(folder):
    """It goes to failed/, with the reason; the exit status is that of its run."""
    (folder.path / "a.csv").write_text("caller,receiver,label\n911140000000,12,Parcel team\n")
    night = folder.night()
    [taken] = night.taken
    assert (taken.fate, taken.status) == (FileOutcome.FAILED, 3)
    assert "its only row is invalid" in (taken.folder / "why.txt").read_text()
    assert "its only row is invalid" in night.line()


def test_files_of_other_people_are_left_where_they_are(folder):
    """A note or a picture is no failed campaign, and a later round says the same of it."""
    (folder.path / "notes.txt").write_text("Call Ravi about the list\n")
    (folder.path / "photo.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    folder.drop("list.txt")
    for _ in range(2):
        night = folder.night()
        assert night.exit_status == 0
        assert {(left.name, left.why) for left in night.left} == {
            ("notes.txt", "not a campaign file"),
            ("photo.png", "not a campaign file"),
        }
        assert folder.names() == ["notes.txt", "photo.png"]
    assert folder.holds("done") == ["list.txt"]


def test_it_says_what_it_waits_for(folder):
    """No silence while a file settles."""

    class Notes:
        texts: list[str] = []  # noqa: RUF012 - one use

        def note(self, text):
            self.texts.append(text)

    folder.drop("a.csv")
    inbox = folder.inbox(settle=5.0)
    inbox._progress = Notes()
    moments = iter(range(0, 1000, 6))
    inbox._clock.monotonic = lambda: float(next(moments))
    inbox.once()
    assert all("a.csv" in text and "5 s" in text for text in Notes.texts)


def test_odd_names_are_run_and_shown_safely(folder):
    """Not UTF-8, 251 bytes (its mark's name would be too long), control characters."""
    bad = os.fsencode(str(folder.path)) + b"/k\xe4se.csv"
    folder.drop("a.csv").rename(os.fsdecode(bad))
    folder.drop("n" * 247 + ".csv")
    folder.drop("x\x1b[2J\ny.csv")
    night = folder.night()
    assert [each.fate for each in night.taken] == [FileOutcome.DONE] * 3
    assert folder.holds("done") == sorted(["k%E4se.csv", "n" * 247 + ".csv", "x\x1b[2J\ny.csv"])
    assert "\\x1b[2J\\ny.csv" in json.dumps(night.as_data()).replace("\\\\", "\\")
    json.dumps(night.as_data(), ensure_ascii=False).encode()
    assert folder.quiet()


NAMES = st.one_of(
    st.sampled_from([b"notes.txt", b"~x.csv", b"b.csv.done", b"b.done", b"why.txt", b"-", b"..a"]),
    st.binary(min_size=1, max_size=60).filter(lambda name: not {0, 47} & {*name}),
    st.integers(240, 255).map(lambda size: b"z" * size),
).filter(lambda name: name not in {b".", b".."})
KINDS = st.sampled_from(
    ["good", "good", "empty", "damaged", "folder", "shut", "link", "loop", "pipe", "socket"]
)


@settings(max_examples=15, suppress_health_check=list(HealthCheck), derandomize=True)
@given(st.dictionaries(NAMES, KINDS, min_size=1, max_size=6))
def test_every_good_file_is_done_in_the_first_round(folder, shared, entries):
    """Whatever names and kinds lie in the folder; and the round ends and says it."""
    with tempfile.TemporaryDirectory(dir=shared) as name:
        folder.path = Path(name)
        good = 0
        for entry, kind in entries.items():
            good += lay(folder, os.fsdecode(entry), kind)
        night = folder.night()
        assert len(night.of(FileOutcome.DONE)) == good
        assert night.error is None
        assert folder.quiet()
        json.dumps(night.as_data(), ensure_ascii=False).encode()


def lay(folder, name, kind):
    """Put an entry of a kind there; returns 1 where it is a good campaign, else 0."""
    path = folder.path / name
    if kind == "good":
        folder.drop(name)
        os.utime(path, (1, 1))
        return int(is_campaign(name))
    if kind in {"empty", "damaged"}:
        path.write_bytes(b"" if kind == "empty" else b"PK\x03\x04 broken")
    elif kind in {"folder", "shut"}:
        path.mkdir(0o700 if kind == "folder" else 0)
    elif kind in {"link", "loop"}:
        path.symlink_to(name if kind == "loop" else "/etc/passwd")
    elif kind == "pipe":
        os.mkfifo(path)
    elif len(os.fsencode(str(path))) < 100:
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(os.fsencode(path))
    return 0


def test_which_names_say_that_a_campaign_is_meant():
    """Of those a file that can't be read is failed; of others it is left."""
    assert all(map(is_meant_as_campaign, ["a.csv", "A.XLSX", "a.csv.gz", "a.parquet"]))
    assert not any(map(is_meant_as_campaign, ["notes.txt", "README", "photo.png"]))
