"""docs/validation.md shows each damage as the program prints it, and leaves none out."""

from __future__ import annotations

import csv
import re
from itertools import chain, repeat
from pathlib import Path

import pytest

from bulkcall.cli.commands.validate import as_text
from bulkcall.records import Field
from bulkcall.run.options import ReadOptions
from bulkcall.run.validate_only import validate
from bulkcall.validate import Diagnostics, diagnostics
from bulkcall.validate.diagnostic_messages import LINES
from tests.unit.validate.conftest import GOOD, NOW_MS, campaign_file

PAGE = Path(__file__).parents[3] / "docs/validation.md"
HEADER = ["Caller", "Receiver", "Label ID", "Label", "Reason", "Start", "End"]
C, R, L, N, W, S, E = Field
ROWS = 3000


def bad(count, change):
    """Give so many rows with a change to a good one."""
    return repeat({**GOOD, **change}, count)


MIXED = (*bad(654, {S: "03/04/2026 10:00"}), *bad(900, {S: "25/04/2026 10:00"}))
SWAPPED = [
    {**GOOD, C: f"98765{n:05d}", R: f"+91 98765 4321{n % 3}"}
    for n in range(diagnostics.MANY_CALLERS)
]
TWICE = "4976317066"
CASES = {
    "scientific notation": [(bad(154, {R: "9.19877E+11"}), {})],
    "rounded numbers": [(bad(12, {R: "919877000000000"}), {})],
    "decimals": [(bad(40, {R: "919876543211.0"}), {})],
    "lost digits, lost leading zeros": [(bad(447, {R: "987654321"}), {})],
    "numbers that mean two things": [(bad(ROWS, {C: "+" + TWICE, R: TWICE}), {"region": "DE"})],
    "numbers of another country": [(bad(2900, {R: "971501234567"}), {})],
    "dates of unknown order": [(MIXED, {}), (bad(12, {S: "04/25/2026 10:00"}), {})],
    "day and month swapped": [
        (bad(44, {S: "04/25/2026 10:00"}), {"date_format": "dmy"}),
        (bad(44, {S: "25/04/2026 10:00"}), {"date_format": "mdy"}),
    ],
    "no time zone": [(bad(500, {S: "2026-04-03T10:00"}), {"region": "FR"})],
    "no time of day": [(bad(500, {S: "2026-04-03"}), {})],
    "wrong epoch unit": [(bad(500, {S: "1775190600000000"}), {})],
    "an old file": [(bad(500, {S: "2025-04-03T10:00Z", E: "2025-04-03T18:00Z"}), {})],
    "a column in the wrong place": [
        (bad(ROWS, {L: "9876543210"}), {}),
        (bad(ROWS, {N: GOOD[L]}), {}),
        (bad(ROWS, {R: "Asha Rao"}), {}),
    ],
    "caller and receiver swapped": [(SWAPPED * 6, {})],
    "wrong encoding upstream": [(bad(12, {N: "Ã‰cole Ã©lite"}), {})],
    "a delimiter in a text": [(bad(44, {"surplus": "Ltd"}), {})],
}
AGAIN = "the same list again"
"""Only a run can tell, by its ledger."""


def printed(path, rows, options):
    """Write a campaign file of these rows and good ones, validate it, and give what is said of it.

    Every line is one of those that `bulkcall validate` prints.
    """
    whole = list(chain(rows, repeat(GOOD, ROWS)))[:ROWS]
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(HEADER)
        writer.writerows(list(row.values()) for row in whole)
    found = validate(ReadOptions(file=str(path), now_ms=NOW_MS, **options))
    shown = as_text(found).splitlines()
    assert all(f"  {note}" in shown for note in found.notes)
    return found.notes


def examples():
    """Give the page's table: damage → its lines of output."""
    text = PAGE.read_text(encoding="utf-8").partition("## Damage that is named")[2]
    rows = re.findall(r"^\| ([^|]+) \| (`.+`.*) \|$", text.partition("\n## ")[0], re.MULTILINE)
    return {damage: set(re.findall(r"`([^`]+)`", lines)) for damage, lines in rows}


@pytest.fixture
def used(monkeypatch):
    """Note which kinds of damage are told."""
    kinds = set()

    def noting(kind, line):
        def noted(*told):
            kinds.add(kind)
            return line(*told)

        return noted

    monkeypatch.setattr(diagnostics, "LINES", {kind: noting(kind, LINES[kind]) for kind in LINES})
    return kinds


def test_the_page_shows_each_damage_as_it_is_printed(tmp_path, used):
    """Damage by damage, a file that has it prints the page's lines and no other."""
    told = {
        damage: {
            line
            for rows, options in cases
            for line in printed(tmp_path / "campaign.csv", rows, options)
        }
        for damage, cases in CASES.items()
    }
    sent_before = Diagnostics(campaign_file())
    sent_before.note_repeats(9400, 10_000)
    told[AGAIN] = set(sent_before.lines())
    assert examples() == told
    short = {kind for kind in LINES if kind.startswith("short")}
    assert used - short == LINES.keys() - short
    assert used & short
