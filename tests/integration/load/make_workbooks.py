"""Makes workbooks/typed.*, one workbook in three formats, as LibreOffice writes it.

Run by hand: `python tests/integration/load/make_workbooks.py` (LibreOffice must be installed). The
files differ from run to run by their time stamps, so they are kept; tests only read them.
"""

from __future__ import annotations

import datetime as dt
import subprocess
import tempfile
from pathlib import Path

import openpyxl

HERE = Path(__file__).parent / "workbooks"
KINDS = ("xlsx", "xls", "ods")
HEADER = ["caller", "receiver", "label", "start", "end", "visit", "amount", "paid", "sum", "odd"]
TEXT = [
    "919876543210",
    "098765 43211",
    "Acme Café ₹",
    "2026-03-31T09:10:00+05:30",
    "2026-03-31 18:00",
    "31/03/2026",
    "0012",
    "yes",
    '="A"&"b"',
    "=1/0",
]
TYPED = [
    919876543210,
    9876543212,
    "Acme",
    dt.datetime.fromisoformat("2026-03-31T09:10:00"),
    dt.datetime.fromisoformat("2026-03-31T18:00:30"),
    dt.date(2026, 3, 31),
    1234.5,
    True,
    "=G4*2",
    None,
]
MIDNIGHTS = [
    919876543210,
    9876543213,
    "Acme",
    dt.date(2026, 3, 31),
    dt.date(2026, 4, 1),
    None,
    -7,
    False,
    "=1+1",
    None,
]


def main() -> None:
    """Write the workbook and let LibreOffice convert it."""
    book = openpyxl.Workbook()
    hidden = book.active
    hidden.title = "Old"
    hidden.append(["nothing", "much", "here"])
    hidden.sheet_state = "hidden"
    sheet = book.create_sheet("Calls")
    for row in ([], HEADER, TEXT, TYPED, [], MIDNIGHTS):
        sheet.append(row)
    other = book.create_sheet("More")
    other.append(HEADER[:3])
    other.append(["919876543210", "919876543219", "Other"])
    book.active = 1
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "typed.xlsx"
        book.save(source)
        office = ["soffice", f"-env:UserInstallation=file://{folder}/profile", "--headless"]
        for kind in KINDS:
            subprocess.run(
                [*office, "--convert-to", kind, "--outdir", str(HERE), str(source)],
                check=True,
                timeout=180,
            )


if __name__ == "__main__":
    main()
