"""Who puts files into the drop folder, and remembers each row that was ever dropped."""

from __future__ import annotations

import contextlib
import csv
import gzip
import hashlib
import io
import threading
import time
from collections import Counter

import xlsxwriter

CALLER = "911140000000"
COLUMNS = ("caller", "receiver", "label", "start", "end")
HOURS_MS = 8 * 3_600_000
SPECIAL = ("99901", "99904", "99912")
"""Receivers that the sandbox gives another fate: two kinds of error, and one listed twice."""


class Producer:
    """Makes campaigns of receivers that nobody had before."""

    def __init__(self, folder, rng):
        self.folder = folder
        self._rng = rng
        self._next = 0
        self._special = 0
        self.contents = {}
        """SHA-256 → the rows of a readable file that was dropped whole."""
        self.dropped = Counter()
        """SHA-256 → how often such a content was dropped and had to be put away."""
        self.damaged = {}
        """SHA-256 → the name of a file that can't be read."""
        self.kinds = Counter()
        self._earlier = []
        self._writers = []

    # -- rows --------------------------------------------------------------------------------------

    def _receiver(self):
        self._next += 1
        while self._next % 100_000 // 100 == 999:  # the sandbox gives these a fate of their own
            self._next += 1
        return f"987{self._next:07d}"

    def rows(self, count):
        """Make rows: nearly all good, some invalid, equal, sent before, or with a fate."""
        now = int(time.time() * 1000)
        times = (str(now), str(now + HOURS_MS))
        rows = [(CALLER, self._receiver(), "Parcel team", *times) for _ in range(count)]
        for _ in range(count // 100):
            rows[self._rng.randrange(count)] = (CALLER, "12", "Parcel team", *times)
        if count > 20:
            self._special += 1
            ending = SPECIAL[self._special % len(SPECIAL)]
            rows[self._rng.randrange(count)] = (
                CALLER,
                f"98{self._special:03d}{ending}",
                "Parcel team",
                *times,
            )
            rows.append(rows[0])
            if self._earlier:
                rows.append(self._rng.choice(self._earlier))
        self._earlier = [*self._earlier[-50:], *rows[1:3]]
        return rows

    # -- files -------------------------------------------------------------------------------------

    def put(self, name, rows, *, marked=True, kind="a good one"):
        """Drop a whole file, renamed into its place as careful programs do."""
        data = encoded(name, rows)
        self.remember(data, rows, kind)
        part = self.folder / f".{name}.part"
        part.write_bytes(data)
        part.rename(self.folder / name)
        if marked:
            (self.folder / f"{name}.done").touch()

    def remember(self, data, rows, kind):
        """Expect these bytes to be put away once, and their rows to be accounted for."""
        sha256 = hashlib.sha256(data).hexdigest()
        self.contents[sha256] = rows
        self.dropped[sha256] += 1
        self.kinds[kind] += 1

    def again(self, name):
        """Drop the content of an earlier file under another name."""
        sha256 = self._rng.choice(sorted(self.contents))
        rows = self.contents[sha256]
        data = encoded("x.csv", rows)
        if hashlib.sha256(data).hexdigest() == sha256:
            self.put(name, rows, kind="the same content under another name")

    def damage(self, name):
        """Drop something that can't be read."""
        if name.endswith(".xlsx"):
            data = encoded(name, self.rows(30))
            data = data[: len(data) // 2] + self._rng.randbytes(8)
        else:
            data = b"\0\1\2" + self._rng.randbytes(500)
        self.damaged[hashlib.sha256(data).hexdigest()] = name
        self.kinds["damaged"] += 1
        (self.folder / name).write_bytes(data)

    def write_slowly(self, name, rows, seconds):
        """Begin a file without a mark and go on writing it while the inbox works."""
        data = encoded(name, rows)
        self.remember(data, rows, "half-written while a round began")
        pieces = max(4, int(seconds / 0.1))
        step = len(data) // pieces + 1
        path = self.folder / name
        path.write_bytes(data[:step])

        def write():
            for at in range(step, len(data), step):
                time.sleep(0.1)
                with path.open("ab") as file:
                    file.write(data[at : at + step])

        writer = threading.Thread(target=write)
        writer.start()
        self._writers.append(writer)

    def begin_upload(self, name, rows):
        """Leave a temporary file; `end_upload` gives it its name, nights later."""
        data = encoded(name, rows)
        (self.folder / f"{name}.part").write_bytes(data[: len(data) // 3])
        return name, data, rows

    def end_upload(self, upload):
        """Complete it."""
        name, data, rows = upload
        part = self.folder / f"{name}.part"
        part.write_bytes(data)
        self.remember(data, rows, "late by a night or more")
        part.rename(self.folder / name)

    def wait(self):
        """Let those that write slowly end."""
        for writer in self._writers:
            writer.join()
        self._writers.clear()


def encoded(name, rows):
    """Give a file's bytes, by its ending."""
    if name.endswith(".xlsx"):
        sheet_of = io.BytesIO()
        with contextlib.closing(xlsxwriter.Workbook(sheet_of)) as book:
            sheet = book.add_worksheet()
            for number, row in enumerate([COLUMNS, *rows]):
                sheet.write_row(number, 0, row)
        return sheet_of.getvalue()
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows([COLUMNS, *rows])
    data = text.getvalue().encode()
    return gzip.compress(data, mtime=0) if name.endswith(".gz") else data
