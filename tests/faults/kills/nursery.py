"""Starts bulkcall with crash points: a process that has imported it once forks for each command.

Run as a script; it reads one JSON order a line and answers each with one line.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from tests.contract.nursery import LIBRARIES, _become
from tests.faults.kills import points

LONGEST = 120
"""Seconds after which a command that hangs is ended, by a signal that no test expects."""


class Process:
    """One bulkcall command that was started."""

    def __init__(self, nursery, number, files):
        self._nursery = nursery
        self._files = files
        self.pid = number
        self.status = None

    def poll(self):
        """Give its exit status (negative: the signal that ended it), None while it runs."""
        if self.status is None:
            self.status = self._nursery.ask(do="look", number=self.pid)
        return self.status

    def wait(self):
        """Wait for its end and give its exit status."""
        if self.status is None:
            self.status = self._nursery.ask(do="wait", number=self.pid)
        return self.status

    def send(self, number):
        """Send it a signal; one that has ended since gets none."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def wait_for(self, met):
        """Wait until `met()` is true; False where the process ended before."""
        deadline = time.monotonic() + LONGEST
        while not met():
            if self.poll() is not None:
                return False
            assert time.monotonic() < deadline
            time.sleep(0.002)
        return True

    @property
    def out(self):
        """What it said on standard output."""
        return self._files["stdout"].read_text()

    @property
    def err(self):
        """What it said on standard error."""
        return self._files["stderr"].read_text()


class Nursery:
    """The forking process, from the tests' side."""

    MODULE = "tests.faults.kills.nursery"

    def __init__(self):
        environ = {k: v for k, v in os.environ.items() if not k.startswith(("BULKCALL", "COVER"))}
        self._process = subprocess.Popen(
            [sys.executable, "-m", self.MODULE],
            cwd=Path(__file__).parents[3],
            env=environ | {"OPENBLAS_NUM_THREADS": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._numbers = itertools.count(1)

    def start(self, arguments, *, folder, environ):
        """Start one command line in a folder."""
        name = f".said-{next(self._numbers)}"
        kinds = ("stdin", "stdout", "stderr")
        files = {kind: folder.parent / f"{name}.{kind}" for kind in kinds}
        for path in files.values():
            path.touch()
        number = self.ask(
            do="start",
            order={
                "arguments": [str(argument) for argument in arguments],
                "folder": str(folder),
                "environ": environ,
                "files": {kind: str(path) for kind, path in files.items()},
                "timeout": LONGEST,
            },
        )
        return Process(self, number, files)

    def ask(self, **order):
        """Give an order and its answer."""
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def close(self):
        """End it."""
        self._process.stdin.close()
        self._process.wait(10)
        self._process.stdout.close()


def _start(order):
    number = os.fork()
    if number == 0:
        points.install(order["environ"])
        _become(order)
    return number


def _wait(number, flags=0):
    found, status = os.waitpid(number, flags)
    return os.waitstatus_to_exitcode(status) if found else None


def _serve():
    import importlib

    for name in LIBRARIES:
        importlib.import_module(name)
    children = set()
    for line in sys.stdin:
        order = json.loads(line)
        if order["do"] == "start":
            answer = _start(order["order"])
            children.add(answer)
        else:
            answer = _wait(order["number"], os.WNOHANG if order["do"] == "look" else 0)
            if answer is not None:
                children.discard(order["number"])
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()
    for number in children:  # what a failed test left running
        with contextlib.suppress(ProcessLookupError):
            os.kill(number, signal.SIGKILL)


if __name__ == "__main__":
    _serve()
