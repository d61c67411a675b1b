"""What Windows lacks is needed by nothing: its modules are hidden and everything is done once."""

from __future__ import annotations

import csv
import os
import subprocess
import sys

import pytest

from bulkcall.sandbox import SandboxOptions
from bulkcall.sandbox.process import running

HIDDEN = ("fcntl", "resource", "pwd", "grp", "termios", "tty", "pty", "syslog")
HIDING = f"""
import asyncio, sys  # asyncio's own loops need fcntl here
HIDDEN = {HIDDEN}
class Hiding:
    def find_spec(self, name, path=None, target=None):
        if name in HIDDEN:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
for name in HIDDEN:
    sys.modules.pop(name, None)
sys.meta_path.insert(0, Hiding())
"""
EVERY_MODULE = """
import importlib, pkgutil, bulkcall
names = [found.name for found in pkgutil.walk_packages(bulkcall.__path__, "bulkcall.")
         if not found.name.endswith("__main__")]
for name in names:
    importlib.import_module(name)
importlib.import_module("bulkcall.load.workbook_process.__main__")
print(len(names))
"""
COMMAND = """
from bulkcall.cli.main import main
main()
"""


@pytest.fixture(scope="module")
def sandbox():
    """Start a sandbox, in an ordinary process."""
    with running(SandboxOptions(processing_max_ms=0)) as started:
        yield started


def python(code, *arguments, folder=None, environ=None, status=0):
    """Run Python code without those modules; give what it wrote."""
    done = subprocess.run(
        [sys.executable, "-c", HIDING + code, *map(str, arguments)],
        cwd=folder,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == status, done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout


def test_every_module_can_be_imported():
    """None of them needs a module that only POSIX has."""
    assert int(python(EVERY_MODULE)) > 150


def test_a_campaign_is_validated_sent_and_reported(sandbox, tmp_path):
    """validate, run on both channels, report and trace: each in a process without them."""
    homes = dict.fromkeys(("HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"), str(tmp_path / "home"))
    environ = {"PATH": os.environ["PATH"], **homes, **sandbox.environment()}
    with (tmp_path / "a.csv").open("w", newline="") as file:
        rows = [("911140000000", f"98765432{row:02}", "Parcel team") for row in range(20, 40)]
        csv.writer(file).writerows([("caller", "receiver", "label"), *rows])
    times = ("--start", "now", "--window", "8h")

    def bulkcall(*arguments, status=0):
        return python(COMMAND, *arguments, folder=tmp_path, environ=environ, status=status)

    bulkcall("validate", "a.csv", *times)
    bulkcall("run", "a.csv", *times, "--out", "o")
    bulkcall("run", "a.csv", *times, "--resend", "--channel", "realtime", "--out", "r")
    before = (tmp_path / "o" / "outcomes.csv").read_bytes()
    assert before.count(b",success,") == 20
    (tmp_path / "o" / "outcomes.csv").unlink()
    first = python(
        "from bulkcall.app import open_ledger\n"
        "with open_ledger() as ledger: print(ledger.runs()[-1].run_id)",
        folder=tmp_path,
        environ=environ,
    ).strip()
    bulkcall("report", first)
    assert (tmp_path / "o" / "outcomes.csv").read_bytes() == before
    assert "9876543220" in bulkcall("trace", "919876543220", "--json")
