"""Prints the table of docs/reconciliation.md: rows right, said to be unknown, and wrong.

    python -m tests.unit.reconcile.habit_table [scenes]

So many scenes for each habit, mask, deviation and way of ending, under fixed seeds.
"""

from __future__ import annotations

import random
import sys
from collections import Counter, defaultdict
from itertools import product

from tests.unit.reconcile.habit_scenes import DEVIATIONS, HABITS, MASKS, judge, make_scene

WORDS = ("right", "unknown", "wrong")
SHOWN = ("numbers shown whole", "shown in part", "not shown")
ENDS = ("success", "error", "mixed")


def main() -> None:
    """Count, and print two tables: by habit and mask, by deviation and mask."""
    scenes = int(sys.argv[1]) if len(sys.argv) > 1 else 10
    counts: defaultdict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for habit, mask, deviation, ends in product(HABITS, MASKS, DEVIATIONS, ENDS):
        for number in range(scenes):
            dice = random.Random(f"{habit} {mask} {deviation} {ends} {number}")
            found = judge(make_scene(habit, mask, deviation, ends, dice))
            counts[habit, mask].update(found)
            counts[deviation, mask].update(found)
    for title, names in (("habit", HABITS), ("deviation", DEVIATIONS)):
        heads = " | ".join(
            f"numbers {mask}" if mask == "whole" else f"masked in {mask}" for mask in MASKS
        )
        lines = [f"| {title} | {heads} |", f"|---|{'---|' * len(MASKS)}"]
        for name in names:
            cells = [" / ".join(str(counts[name, mask][word]) for word in WORDS) for mask in MASKS]
            lines.append(f"| {name} | {' | '.join(cells)} |")
        sys.stdout.write("\n".join(lines) + "\n\n")


if __name__ == "__main__":
    main()
