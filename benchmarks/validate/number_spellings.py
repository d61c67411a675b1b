"""How Indian mobiles are read in each usual spelling, and what one slip in them leads to.

    python benchmarks/validate/number_spellings.py [--numbers 100000]

Random valid mobiles are written in each spelling, whole and with a slip, and read with the region
IN. The tables of docs/validation.md are this script's output.
"""

from __future__ import annotations

import argparse
import random

import numpy as np
import pyarrow as pa

from bulkcall.validate.phone_columns import PhoneColumnReader
from bulkcall.validate.phone_parser import NumberReading, country_of

SPELLINGS = {
    "`9876543210`": lambda n: n,
    "`09876543210`": lambda n: f"0{n}",
    "`98765 43210`": lambda n: f"{n[:5]} {n[5:]}",
    "`98765-43210`": lambda n: f"{n[:5]}-{n[5:]}",
    "`987-654-3210`": lambda n: f"{n[:3]}-{n[3:6]}-{n[6:]}",
    "`0 98765 43210`": lambda n: f"0 {n[:5]} {n[5:]}",
    "`919876543210`": lambda n: f"91{n}",
    "`0919876543210`": lambda n: f"091{n}",
    "`91 0 98765 43210`": lambda n: f"91 0 {n[:5]} {n[5:]}",
    "`91-9876543210`": lambda n: f"91-{n}",
    "`+919876543210`": lambda n: f"+91{n}",
    "`+91 98765 43210`": lambda n: f"+91 {n[:5]} {n[5:]}",
    "`+91-98765-43210`": lambda n: f"+91-{n[:5]}-{n[5:]}",
    "`+91 (0) 98765 43210`": lambda n: f"+91 (0) {n[:5]} {n[5:]}",
    "`00919876543210`": lambda n: f"0091{n}",
    '`="9876543210"`': lambda n: f'="{n}"',
    "`'9876543210`": lambda n: f"'{n}",
    "`tel:+919876543210`": lambda n: f"tel:+91{n}",
    "`919876543210.0`": lambda n: f"91{n}.0",
    "`9.19877E+11`": lambda n: f"{float('91' + n):.5E}",
}
SLIPS = ("`9876543210`", "`09876543210`", "`919876543210`", "`+919876543210`")


def valid_mobiles(reader: PhoneColumnReader, count: int, chance: random.Random) -> list[str]:
    """Return random numbers in the ranges that India has opened to mobiles, ten digits each."""
    found: list[str] = []
    while len(found) < count:
        drawn = [str(chance.randrange(6 * 10**9, 10**10)) for _ in range(count)]
        read = reader.read(pa.array([f"+91{number}" for number in drawn]))
        found += [n for n, ok in zip(drawn, read.readings == NumberReading.OK, strict=True) if ok]
    return found[:count]


def one_more(text: str, chance: random.Random) -> str:
    """Return a text with a digit typed in somewhere."""
    at = chance.choice([at for at, mark in enumerate(text) if mark.isdigit()])
    return text[:at] + chance.choice("0123456789") + text[at:]


def one_less(text: str, chance: random.Random) -> str:
    """Return a text with a digit left out."""
    at = chance.choice([at for at, mark in enumerate(text) if mark.isdigit()])
    return text[:at] + text[at + 1 :]


def two_swapped(text: str, chance: random.Random) -> str:
    """Return a text with two different neighbouring digits swapped."""
    places = [
        at
        for at in range(len(text) - 1)
        if text[at].isdigit() and text[at + 1].isdigit() and text[at] != text[at + 1]
    ]
    if not places:
        return text
    at = chance.choice(places)
    return text[:at] + text[at + 1] + text[at] + text[at + 2 :]


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--numbers", type=int, default=100_000)
    count = parser.parse_args().numbers
    chance = random.Random(20261129)
    reader = PhoneColumnReader("IN")
    mobiles = valid_mobiles(reader, count, chance)
    right = np.array([int(f"91{number}") for number in mobiles])
    print("| spelling | read rightly | refused | read wrongly |\n|---|---|---|---|")
    for name, write in SPELLINGS.items():
        read = reader.read(pa.array([write(number) for number in mobiles]))
        ok = read.readings == NumberReading.OK
        good = int((ok & (read.digits == right)).sum())
        print(f"| {name} | {good:,} | {int((~ok).sum()):,} | {int(ok.sum()) - good:,} |")
    print(
        "\n| spelling | slip | refused | the same number | another Indian number | abroad |\n"
        "|---|---|---|---|---|---|"
    )
    for name in SLIPS:
        for slip, change in (
            ("a digit too many", one_more),
            ("a digit too few", one_less),
            ("two swapped", two_swapped),
        ):
            texts = [change(SPELLINGS[name](number), chance) for number in mobiles]
            read = reader.read(pa.array(texts))
            ok = read.readings == NumberReading.OK
            same = ok & (read.digits == right)
            others = read.digits[ok & ~same].tolist()
            abroad = sum(country_of(digits) != "IN" for digits in others)
            print(
                f"| {name} | {slip} | {int((~ok).sum()):,} | {int(same.sum()):,} | "
                f"{len(others) - abroad:,} | {abroad:,} |"
            )


if __name__ == "__main__":
    main()
