"""The whole batch pipeline with the ledger on disk, beside the same with a ledger in memory.

    python benchmarks/ledger/pipeline.py [--rows 100000] [--rounds 3]

Load, validate, send, reconcile and report one campaign file against a sandbox of its own process,
each run in a process of its own, the two ledgers in turn. `unlimited`: the sandbox has no limits
and bulkcall keeps to none worth the name. `limit`: the API's own, ten tokens of 60 batches a
minute. Printed are the median wall clock and processor times, and the ratio of the walls.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from bulkcall.sandbox import SandboxOptions
from bulkcall.sandbox.process import running

UNLIMITED = {"batch_per_minute": 100_000, "status_per_minute": 100_000, "tokens": 1}
AT_THE_LIMIT = {"batch_per_minute": 60, "status_per_minute": 60, "tokens": 10}
FREE = SandboxOptions(
    realtime_limit=0,
    batch_limit=0,
    status_limit=0,
    token_limit=0,
    processing_min_ms=0.0,
    processing_max_ms=0.0,
)


def write_campaign(path: Path, rows: int) -> None:
    """Write a campaign of valid rows, no two alike."""
    with path.open("w", encoding="utf-8") as file:
        file.write("caller,receiver,label,reason\n")
        for row in range(rows):
            receiver = f"91{700_000_000 + row}1"
            file.write(f"911140000000,{receiver},Acme Bank,Your order {row % 60} is on its way\n")


def child(job: dict[str, Any]) -> None:
    """Take the file through the pipeline; print seconds of the clock and of the processor."""
    from bulkcall.app import run
    from bulkcall.settings import Secret, Settings

    settings = Settings(
        base_url=job["base_url"],
        client_account_id=job["client_account_id"],
        key_id=Secret(job["key_id"]),
        api_key=Secret(job["api_key"]),
        ledger=job["ledger"],
        **job["limits"],
    )
    wall, busy = time.perf_counter(), time.process_time()
    result = run(job["file"], settings=settings, out=Path(job["out"]), start="now", window="8h")
    taken = (time.perf_counter() - wall, time.process_time() - busy)
    if result.error:
        raise SystemExit(str(result.error))
    counts = {word.value: count for word, count in result.report.outcomes.items() if count}
    print(json.dumps({"taken": taken, "counts": counts}))


def once(where: Any, limits: dict[str, int], file: Path, ledger: str, folder: Path) -> list[float]:
    """Run the pipeline in a process of its own; every row must end as success."""
    job = {
        "base_url": where.base_url,
        "client_account_id": where.client_account_id,
        "key_id": where.key_id,
        "api_key": where.api_key,
        "ledger": ":memory:" if ledger == "memory" else str(folder / "ledger.db"),
        "limits": limits,
        "file": str(file),
        "out": str(folder / "out"),
    }
    done = subprocess.run(
        [sys.executable, __file__, "--child", json.dumps(job)],
        # Nothing that one run keeps for the next (tokens, say) may reach another.
        env=os.environ | dict.fromkeys(("HOME", "XDG_STATE_HOME", "XDG_DATA_HOME"), str(folder)),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(done.stderr)
    told = json.loads(done.stdout)
    if list(told["counts"]) != ["success"]:
        raise SystemExit(f"not every row went through: {told['counts']}")
    return list(told["taken"])


def main() -> None:
    """Print a line for each setting."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--child", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.child:
        child(json.loads(asked.child))
        return
    with tempfile.TemporaryDirectory() as place, running(FREE, rules="none") as where:
        file = Path(place) / "campaign.csv"
        write_campaign(file, asked.rows)
        for name, limits in (("unlimited", UNLIMITED), ("limit", AT_THE_LIMIT)):
            taken: dict[str, list[list[float]]] = {"disk": [], "memory": []}
            for round_ in range(asked.rounds):
                # Each goes first in turn.
                for ledger in sorted(taken, reverse=bool(round_ % 2)):
                    where.reset()
                    with tempfile.TemporaryDirectory() as folder:
                        taken[ledger].append(once(where, limits, file, ledger, Path(folder)))
            wall, busy = (
                {kind: statistics.median(run[at] for run in runs) for kind, runs in taken.items()}
                for at in (0, 1)
            )
            print(
                f"{name:9} {asked.rows:,} rows: on disk {wall['disk']:.1f} s "
                f"({busy['disk']:.1f} s of processor), in memory {wall['memory']:.1f} s "
                f"({busy['memory']:.1f} s); {wall['disk'] / wall['memory']:.3f} x by the clock, "
                f"{busy['disk'] / busy['memory']:.3f} x by the processor"
            )


if __name__ == "__main__":
    main()
