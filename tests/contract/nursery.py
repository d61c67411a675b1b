"""Starts bulkcall quickly: a process that has imported it once and forks for each command line.

What a command does is what a process of its own would do: own arguments, environment, folder and
files, own exit. Only the second that the imports take is saved. Run as a script; it reads one JSON
line for each command line and answers with its exit status.
"""

from __future__ import annotations

import atexit
import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

LIBRARIES = (
    "aiohttp",
    "bulkcall.app",
    "bulkcall.cli.main",
    "bulkcall.load.template",
    "bulkcall.sandbox",
    "httpx",
    "httpx_aiohttp",
    "jinja2",
    "pandas",
    "pandera.pandas",
    "python_calamine",
    "sqlalchemy.dialects.sqlite",
    "uvicorn",
    "uvloop",
    "xlsxwriter",
)


class Nursery:
    """The forking process, from the tests' side."""

    def __init__(self) -> None:
        root = str(Path(__file__).parents[2])
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.contract.nursery"],
            cwd=root,
            env=os.environ | {"OPENBLAS_NUM_THREADS": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, arguments, *, folder, environ, stdin, timeout):
        """Run one command line to its end; gives exit status, standard output and error."""
        files = {name: folder.parent / f".{name}" for name in ("stdin", "stdout", "stderr")}
        files["stdin"].write_text(stdin)
        order = {
            "arguments": [str(argument) for argument in arguments],
            "folder": str(folder),
            "environ": environ,
            "files": {name: str(path) for name, path in files.items()},
            "timeout": timeout,
        }
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        status = json.loads(self._process.stdout.readline())
        return status, files["stdout"].read_text(), files["stderr"].read_text()

    def close(self):
        """End it."""
        self._process.stdin.close()
        self._process.wait(10)
        self._process.stdout.close()


def _become(order):
    signal.alarm(order["timeout"])  # nothing in bulkcall uses it; ends a command that hangs
    os.chdir(order["folder"])
    os.environ.clear()
    os.environ.update(order["environ"])
    for place, (name, flags) in enumerate(
        {
            "stdin": os.O_RDONLY,
            "stdout": os.O_WRONLY | os.O_CREAT | os.O_TRUNC,
            "stderr": os.O_WRONLY | os.O_CREAT | os.O_TRUNC,
        }.items()
    ):
        opened = os.open(order["files"][name], flags, 0o600)
        os.dup2(opened, place)
        os.close(opened)
    sys.argv = ["bulkcall", *order["arguments"]]
    from bulkcall.cli.main import main

    try:
        main()
    except SystemExit as ended:
        # As Python ends, but without the libraries' own farewells: their threads were not forked.
        threading._shutdown()
        atexit._run_exitfuncs()
        sys.stdout.flush()
        os._exit(ended.code)


def _serve():
    import importlib

    for name in LIBRARIES:
        importlib.import_module(name)
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            _become(json.loads(line))
        _, status = os.waitpid(child, 0)
        sys.stdout.write(json.dumps(os.waitstatus_to_exitcode(status)) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    _serve()
