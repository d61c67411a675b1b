"""Whatever is wrong with the streams and the surroundings: the run and its report are as ever."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import shlex
import signal
import stat
import struct
import subprocess
import sys
import termios

import pytest

from bulkcall.cli import streams
from bulkcall.errors import UsageError
from bulkcall.sandbox.process import running
from bulkcall.support import user_folders

pytestmark = pytest.mark.integration

TOKEN = "made.for.tests"  # noqa: S105 - of a sandbox on loopback
ROWS = 6
REPORT = {"outcomes.csv", "rejected.csv", "summary.json", "report.html", "report.xlsx"}


@pytest.fixture(scope="module")
def server():
    """One sandbox for all."""
    with running(
        rules="none", static_tokens=(TOKEN,), realtime_limit=0, processing_min_ms=5
    ) as sandbox:
        yield sandbox


class Place:
    """A folder with a campaign, and how bulkcall is started there by a shell."""

    def __init__(self, folder, server):
        self.folder, self.server = folder, server
        (folder / "work").mkdir()
        (folder / "home").mkdir()
        rows = [f"911140000000,98765{number:05d},Parcel team" for number in range(ROWS)]
        (folder / "campaign.csv").write_text("\n".join(["caller,receiver,label", *rows, ""]))
        self.environ = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder / "home"),
            "BULKCALL_BASE_URL": server.base_url,
            "BULKCALL_CLIENT_ACCOUNT_ID": server.client_account_id,
            "BULKCALL_TOKEN": TOKEN,
            "BULKCALL_LEDGER": str(folder / "ledger.db"),
            "BULKCALL_REALTIME_PER_SECOND": "1000",
        }
        self.command = shlex.join(
            [
                *(sys.executable, "-m", "bulkcall", "run", str(folder / "campaign.csv")),
                *("--start", "now", "--window", "8h", "--channel", "realtime"),
                *("--out", str(folder / "out"), "--resend"),
            ]
        )

    def shell(self, script, **how):
        """Run a shell script with `{run}` in it; give how it ended."""
        return subprocess.run(
            ["/bin/sh", "-c", script.format(run=self.command)],
            cwd=self.folder / "work",
            env=self.environ,
            check=False,
            timeout=100,
            text=True,
            **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "stdin": subprocess.DEVNULL}
            | how,
        )

    def is_done(self):
        """Say that the report is there and every row confirmed."""
        found = {path.name for path in (self.folder / "out").iterdir()}
        assert found >= REPORT
        summary = json.loads((self.folder / "out" / "summary.json").read_text())
        assert summary["conserved"]
        assert summary["outcomes"]["success"] == ROWS


@pytest.fixture
def place(tmp_path, server):
    """One of its own."""
    return Place(tmp_path, server)


WRONG_STREAMS = [
    "2>/dev/full",
    "2>&-",
    "stderr gone",
    "stderr stuck",
    ">/dev/full",
    ">&-",
    "stdout gone",
    "<&- >/dev/full 2>/dev/full",
    "<&- >&- 2>&-",
]
TALKATIVE = ["-vv", "--json --log-format json"]


@pytest.mark.parametrize(
    ("where", "flags"),
    [
        *[(where, "") for where in WRONG_STREAMS],
        *[(where, flags) for where in ("stderr stuck", ">/dev/full") for flags in TALKATIVE],
    ],
)
def test_a_stream_costs_the_message_and_nothing_else(place, where, flags):
    """Full, closed, without a reader, and one that is there and never reads: status 0, a report."""
    gone_read, gone = os.pipe()
    os.close(gone_read)
    stuck_read, stuck = os.pipe()
    os.set_blocking(stuck, False)
    while True:
        try:
            os.write(stuck, b"\n" * 4096)
        except BlockingIOError:
            break
    os.set_blocking(stuck, True)
    how = {}
    if where.startswith("std"):
        name, _, state = where.partition(" ")
        how, where = {name: gone if state == "gone" else stuck}, ""
    try:
        ended = place.shell("exec {run} " + flags + " " + where, **how)
    finally:
        for number in (gone, stuck_read, stuck):
            os.close(number)
    assert ended.returncode == 0, ended
    assert "Traceback" not in (ended.stderr or "")
    if where == ">/dev/full":
        assert "standard output can't be written" in ended.stderr
    place.is_done()


@pytest.mark.parametrize(
    "script",
    [
        "mkdir d && cd d && rmdir ../d && exec {run}",
        "unset HOME && exec {run}",
        "HOME= && export HOME && exec {run}",
        "HOME=/nonexistent && export HOME && exec {run}",
        "umask 000 && exec {run}",
        "umask 077 && exec {run}",
        "LC_ALL=C && export LC_ALL && exec {run}",
        "exec env LC_ALL=C PYTHONUTF8=0 PYTHONCOERCECLOCALE=0 {run}",
        "TERM=dumb COLUMNS=1 LINES=1 && export TERM COLUMNS LINES && exec {run}",
        "exec setsid -w {run}",
    ],
)
def test_surroundings_change_nothing(place, script):
    """A deleted folder, no home, any umask, locale C, a terminal of one column, no terminal."""
    place.environ["XDG_STATE_HOME"] = str(place.folder / "state")
    ended = place.shell(script)
    assert ended.returncode == 0, ended
    assert "Traceback" not in ended.stderr
    place.is_done()
    ledger = place.folder / "ledger.db"
    for path in (*(place.folder / "out").rglob("*"), place.folder / "out", ledger):
        assert not stat.S_IMODE(path.stat().st_mode) & 0o077, path


def test_in_a_deleted_folder_a_relative_path_is_refused_and_makes_nothing(place):
    """It must not become a path of another folder: nothing is sent."""
    gone = "mkdir d && cd d && rmdir ../d && "
    for script in (
        "{run} --ledger new.db",
        shlex.join([sys.executable, "-m", "bulkcall", "validate", "campaign.csv"]),
    ):
        ended = place.shell(gone + script)
        assert ended.returncode in (1, 2), ended
        assert "Traceback" not in ended.stderr
        assert "working directory is gone" in ended.stderr
    assert place.server.journal() == [] or not (place.folder / "out").exists()
    assert not list(place.folder.rglob("new.db*"))


def test_a_terminal_of_one_column(place):
    """Progress is drawn there without harm."""
    terminal, inside = pty.openpty()
    fcntl.ioctl(inside, termios.TIOCSWINSZ, struct.pack("HHHH", 1, 1, 0, 0))
    ended = place.shell("exec {run}", stderr=inside, stdout=inside)
    os.close(inside)
    os.close(terminal)
    assert ended.returncode == 0
    place.is_done()


def test_a_run_under_nohup_outlives_its_terminal(place):
    """A SIGHUP that was ignored stays ignored."""
    place.server.order("hang@realtime,seconds=1,times=1,applied=1")
    process = subprocess.Popen(
        shlex.split(place.command),
        cwd=place.folder,
        env=place.environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN),  # noqa: PLW1509
    )
    seen = len(place.server.journal())
    while len(place.server.journal()) == seen and process.poll() is None:
        pass
    process.send_signal(signal.SIGHUP)
    out, err = process.communicate(timeout=100)
    assert process.returncode == 0, (out, err)
    place.is_done()
    place.server.clear_faults()


def test_a_reader_that_pauses_is_waited_for_once(monkeypatch):
    """Then nothing is waited for until it reads again; what it missed is dropped."""
    waits = []

    def write(_, data, patience_ms):
        waits.append(patience_ms)
        return len(data) > 1

    monkeypatch.setattr(streams, "write_or_drop", write)
    stream = streams._Forgiving(2)
    for data in (b"x", b"x", b"long", b"x", b"x"):
        assert stream.write(data) == len(data)
    assert waits == [1000, 0, 0, 1000, 0]


def test_without_a_home_no_folder_of_that_name_is_made(monkeypatch):
    """A `~` that nobody can resolve is not a folder of the working directory."""
    for name in ("HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("os.path.expanduser", lambda path: path)
    with pytest.raises(UsageError, match="BULKCALL_LEDGER"):
        user_folders.data_folder()
    assert user_folders.state_folder() is None
