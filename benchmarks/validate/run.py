"""Compare `bulkcall validate` with its peers, whole process each, and print a Markdown table.

python -m venv benchmarks/.venv
benchmarks/.venv/bin/pip install . -r benchmarks/requirements.txt
benchmarks/.venv/bin/python benchmarks/validate/run.py [--rows N] [--workbook N] [--large N]

Every contender has to find the same number of invalid and of equal rows. The runs of all take
turns, so that a noisy machine is noisy for each of them; read the ratios, not the figures.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).parent
WORK = HERE.parent / "work"


@dataclass
class Contender:
    """One program, and what its runs took."""

    name: str
    command: list[str]
    file: Path
    rows: int
    seconds: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)
    megabytes: list[float] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)

    @property
    def rate(self) -> float:
        """Rows a second, by the median run."""
        return self.rows / statistics.median(self.seconds)

    def run(self) -> None:
        """Run it once, measured from outside."""
        environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
        read, write = os.pipe()
        began = time.perf_counter()
        pid = os.posix_spawn(
            self.command[0],
            [*self.command, str(self.file)],
            environment,
            file_actions=[
                (os.POSIX_SPAWN_DUP2, write, 1),
                (os.POSIX_SPAWN_CLOSE, read),
                (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0),
            ],
        )
        os.close(write)
        with os.fdopen(read) as pipe:
            answer = json.loads(pipe.read())
        _, status, usage = os.wait4(pid, 0)
        self.seconds.append(time.perf_counter() - began)
        self.processor.append(usage.ru_utime + usage.ru_stime)
        self.megabytes.append(usage.ru_maxrss / 1024)
        if os.waitstatus_to_exitcode(status) not in (0, 3):
            sys.exit(f"{self.name} failed: {answer}")
        self.counts = {name: answer[name] for name in ("rows", "invalid", "duplicate")}


def campaign(rows: int, kind: str = "csv") -> Path:
    """Give the file of so many rows, made now where it is not there yet."""
    path = WORK / f"campaign-{rows}.{kind}"
    if not path.exists():
        WORK.mkdir(exist_ok=True)
        generator = [sys.executable, str(HERE / "generate.py"), str(rows), str(path)]
        subprocess.run(generator, check=True)
    return path


def contenders(rows: int) -> list[Contender]:
    """Everyone on the same file, frictionless on a tenth of it."""
    python, file = sys.executable, campaign(rows)
    peers = {"DuckDB": "duckdb_rules", "Polars": "polars_rules", "pydantic": "pydantic_rows"}
    product = [python, "-m", "bulkcall", "validate", "--json", "-q"]
    return [
        Contender("bulkcall validate", product, file, rows),
        *(
            Contender(name, [python, str(HERE / f"{script}.py")], file, rows)
            for name, script in peers.items()
        ),
        Contender(
            "frictionless (a tenth)",
            [python, str(HERE / "frictionless_rows.py")],
            campaign(rows // 10),
            rows // 10,
        ),
    ]


def workbooks(rows: int) -> list[Contender]:
    """The product, and pandas with openpyxl, which only reads, on the same workbook."""
    file, reader = campaign(rows, "xlsx"), str(HERE / "openpyxl_rows.py")
    product = [sys.executable, "-m", "bulkcall", "validate", "--json", "-q"]
    return [
        Contender("bulkcall validate, XLSX", product, file, rows),
        Contender("openpyxl through pandas, reading alone", [sys.executable, reader], file, rows),
    ]


def table(all_: list[Contender]) -> str:
    """Make the table, the product first."""
    own = all_[0].rate
    lines = [
        "| | rows | seconds | processor seconds | rows a second | MB | bulkcall is |",
        "|---|---|---|---|---|---|---|",
    ]
    for each in all_:
        seconds, processor, megabytes = (
            statistics.median(values) for values in (each.seconds, each.processor, each.megabytes)
        )
        ratio = "" if each is all_[0] else f"{own / each.rate:.2f} times as fast"
        lines.append(
            f"| {each.name} | {each.rows:,} | {seconds:.2f} | {processor:.2f} | "
            f"{each.rate:,.0f} | {megabytes:,.0f} | {ratio} |"
        )
    return "\n".join(lines)


def take_turns(all_: list[Contender], runs: int) -> None:
    """Run everyone so many times, and say how busy the machine was."""
    for _ in range(runs):
        for each in all_:
            busy = os.getloadavg()[0]
            each.run()
            print(f"{each.name}: {each.seconds[-1]:.2f} s, load {busy:.1f}", file=sys.stderr)


def main() -> None:
    """Run everything and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--large", type=int, default=10_000_000, help="0 leaves the large file out")
    parser.add_argument("--workbook", type=int, default=200_000, help="0 leaves it out")
    parser.add_argument("--runs", type=int, default=3)
    given = parser.parse_args()
    all_ = contenders(given.rows)
    take_turns(all_, given.runs)
    alike = {(each.counts["rows"], each.counts["invalid"]) for each in all_[:-1]}
    if len(alike) != 1:
        sys.exit(f"the counts differ: {[(each.name, each.counts) for each in all_]}")
    print(f"Median of {given.runs}, whole processes; {all_[0].counts}\n\n{table(all_)}")
    if given.workbook:
        books = workbooks(given.workbook)
        take_turns(books, given.runs)
        print(f"\n{table(books)}")
    if given.large:
        large = [
            Contender(each.name, each.command, campaign(given.large), given.large)
            for each in all_[:2]
        ]
        take_turns(large, 1)
        print(f"\n{table(large)}")


if __name__ == "__main__":
    main()
