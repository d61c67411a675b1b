"""`python -m tests.soak [NIGHTS] [SEED]`: live through a month, print what it came to."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.soak.month import Month
from tests.soak.world import world

NIGHTS, SEED = 30, 20260101


def main(nights=NIGHTS, seed=SEED):
    """Print a table; the exit status is 1 where a promise did not hold."""
    with tempfile.TemporaryDirectory() as folder, world(Path(folder)) as place:
        came = Month(place, nights=nights, seed=seed, scale=600).live()
    lines = [f"| {name} | {count:,} |" for name, count in sorted(came.kinds.items())]
    lines += [f"| {name} | {count:,} |" for name, count in sorted(came.figures.items())]
    lines += [f"| seconds | {came.seconds:.0f} |", f"| promises broken | {len(came.wrong)} |"]
    sys.stdout.write("\n".join(lines) + "\n")
    for each in came.wrong[:50]:
        sys.stdout.write(f"BROKEN: {each}\n")
    return 1 if came.wrong else 0


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
