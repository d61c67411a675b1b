"""Run every benchmark in an environment of its own, and print one Markdown page of their tables.

    python benchmarks/run_all.py                      short: small sizes, one round (minutes)
    python benchmarks/run_all.py --full               as the documentation's tables (hours)
    python benchmarks/run_all.py --only send pacing   some of them

The environment is benchmarks/.venv (or `--venv`): bulkcall itself and its peers, which stand in
benchmarks/requirements.txt. It is made where it is missing, and brought up to date where that file
or pyproject.toml is newer. Only the standard library is needed to run this. Exit status 1 if a
benchmark failed; the others still run.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
NEEDS = (HERE / "requirements.txt", ROOT / "pyproject.toml")


@dataclass(frozen=True)
class Benchmark:
    """One runner, and what it is given for a short and for a full run."""

    part: str
    title: str
    runner: str
    short: str
    full: str = ""

    def command(self, *, full: bool) -> list[str]:
        """Give the arguments after the interpreter."""
        return [f"benchmarks/{self.runner}", *(self.full if full else self.short).split()]


SEND = "send/bench_send.py"
BENCHMARKS = (
    Benchmark("validate", "Validation", "validate/run.py",
              "--rows 200000 --workbook 20000 --large 0 --runs 1"),
    Benchmark("ledger", "Ledger: bulk load", "ledger/run.py", "load --rows 100000 --rounds 1",
              "load"),
    Benchmark("ledger", "Ledger: a long history", "ledger/run.py",
              "history --history 4000000 --rounds 1", "history"),
    Benchmark("ledger", "Ledger: beside the sender", "ledger/run.py",
              "sender --rows 20000 --rounds 1", "sender"),
    Benchmark("ledger", "Ledger: what the disk takes of the rate", "ledger/rate.py",
              "--seconds 6 --rounds 1"),
    Benchmark("http", "HTTP: the cost of a request", "http/run.py", "--seconds 2 --rounds 1"),
    Benchmark("encoding", "Encoding of a batch", "http/encoding.py", "", ""),
    Benchmark("pacing", "Pacing beside other limiters", "pacing/run.py", "--seconds 4 --rounds 1"),
    Benchmark("pacing", "Pacing against the sandbox", "pacing/server.py",
              "--seconds 10 --rounds 1"),
    Benchmark("send", "Sending: one token", SEND, "realtime-one --seconds 10 --runs 1",
              "realtime-one"),
    Benchmark("send", "Sending: one token, answers 50±50 ms late", SEND,
              "realtime-one --latency 50 --seconds 10 --runs 1", "realtime-one --latency 50"),
    Benchmark("send", "Sending: ten tokens", SEND, "realtime-ten --seconds 6 --runs 1",
              "realtime-ten --seconds 30"),
    Benchmark("send", "Sending: twice what it can do", SEND, "overload --seconds 5 --runs 1",
              "overload --seconds 30"),
    Benchmark("send", "Sending: batches, ten tokens", SEND, "batch-ten --seconds 15 --runs 1",
              "batch-ten"),
    Benchmark("send", "Sending: without a limit", SEND, "unlimited --seconds 3 --runs 1",
              "unlimited --seconds 10"),
    Benchmark("reconcile", "Reconciliation: matching", "reconcile/matching.py", "10"),
    Benchmark("report", "Report", "report/bench_report.py", "--rows 100000 --xlsx-rows 20000"),
)  # fmt: skip
PARTS = tuple(dict.fromkeys(one.part for one in BENCHMARKS))


def ready(venv: Path) -> Path:
    """Make the environment, or bring it up to date; give its interpreter."""
    python, stamp = venv / "bin" / "python", venv / ".ready"
    needed = max(path.stat().st_mtime for path in NEEDS)
    if stamp.exists() and stamp.stat().st_mtime >= needed:
        return python
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(venv)], check=True)
    has_pip = subprocess.run([python, "-m", "pip", "--version"], check=False, capture_output=True)
    if has_pip.returncode:
        subprocess.run([python, "-m", "ensurepip", "--upgrade"], check=True, stdout=sys.stderr)
    install = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    # Editable: what is measured is the source as it stands.
    subprocess.run([*install, "-e", str(ROOT), "-r", str(NEEDS[0])], check=True, stdout=sys.stderr)
    stamp.touch()
    return python


def run(one: Benchmark, python: Path, *, full: bool) -> bool:
    """Run a benchmark and print its part of the page; tell whether it went well."""
    command = one.command(full=full)
    began, busy = time.monotonic(), os.getloadavg()[0]
    print(f"{one.title} …", file=sys.stderr, flush=True)
    done = subprocess.run(
        [python, *command], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False
    )
    took = time.monotonic() - began
    print(f"## {one.title}\n\n`python {' '.join(command)}`: {took:.0f} s, load before {busy:.1f}\n")
    if done.returncode:
        print(f"**Failed** with exit status {done.returncode}.\n")
    text = done.stdout.strip()
    if text:
        # What is no table is shown as it was printed.
        print(f"{text}\n" if "|---" in text else f"```\n{text}\n```\n")
    sys.stdout.flush()
    return done.returncode == 0


def main() -> int:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--full", action="store_true", help="sizes of the documentation's tables")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS, metavar="PART",
                        help=", ".join(PARTS))  # fmt: skip
    parser.add_argument("--venv", type=Path, default=HERE / ".venv", help="the environment")
    given = parser.parse_args()
    python = ready(given.venv.absolute())
    size = "full" if given.full else "short"
    print(
        f"# Benchmarks, {size}\n\n{time.strftime('%Y-%m-%d')}, {platform.system()}, "
        f"{os.cpu_count()} cores, Python {platform.python_version()}. Ratios carry over to other "
        "machines, figures do not.\n"
    )
    chosen = [one for one in BENCHMARKS if one.part in given.only]
    failed = [one.title for one in chosen if not run(one, python, full=given.full)]
    if failed:
        print(f"Failed: {'; '.join(failed)}.")
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main())
