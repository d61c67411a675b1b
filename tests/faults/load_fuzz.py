"""Damaged campaign files for the loader: `python tests/faults/load_fuzz.py [SECONDS]`.

Each input is a sample file (CSV in several encodings, gz, zip, workbooks, Parquet) with damage:
bytes changed, cut out, doubled, parts of two files joined, hostile cells put in. Loading has to
end in time and within a bound of memory, and to give every row once or raise one clear line.
"""

from __future__ import annotations

import collections
import gzip
import io
import random
import resource
import sys
import tempfile
import time
import zipfile
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from bulkcall.errors import UsageError
from bulkcall.load import LoadOptions, open_campaign
from bulkcall.records import Field

sys.path.insert(0, str(Path(__file__).parents[2]))  # run as a script
from tests.integration.load.written_xlsb import xlsb

SAMPLE = Path(__file__).parents[2] / "sample_data" / "campaign.csv"
WORKBOOKS = Path(__file__).parents[1] / "integration" / "load" / "workbooks"
OPTIONS = LoadOptions(
    supplied=frozenset({Field.STARTS_AT, Field.ENDS_AT}),
    max_cell=20_000,
    max_line=100_000,
    max_unpacked=10_000_000,
    max_workbook=100_000_000,
)
OWN_TIMES = replace(OPTIONS, supplied=frozenset())
HOSTILE = [
    b'"', b'""', b'"\n', b"\r", b"\n", b"\r\n", b"\0", b"\x1a", b",", b";", b"\t", b"|", b"'=",
    b"=", b"\xff", b"\xef\xbb\xbf", b"\xff\xfe", b"\xc3", b"\x80", b"\xe2\x80\xa8", b"9.19877E+11",
    b"x" * 30_000, b"," * 20_000, b"\n" * 5_000, b'"' * 999, "ÅŚ☎".encode(), b"sep=;\n",
    b"PK\x03\x04", b"\x1f\x8b",
]  # fmt: skip


def seeds() -> list[bytes]:
    """Give whole files to damage, small enough to go through many."""
    text = "".join(SAMPLE.read_text(encoding="utf-8").splitlines(keepends=True)[:12])
    data = text.encode()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("campaign.csv", data)
    return [
        data,
        data,
        data.replace(b",", b";").replace(b"\n", b"\r\n"),
        data.replace(b",", b"\t"),
        data.replace(b"\n", b"\r"),
        text.encode("utf-8-sig"),
        text.encode("utf-16"),
        text.encode("utf-16-be"),
        text.encode("cp1252", errors="replace"),
        text.encode("cp1251", errors="replace"),
        gzip.compress(data),
        packed.getvalue(),
    ]


def workbooks_to_damage() -> list[tuple[bytes, LoadOptions]]:
    """Give small workbooks, each with how it is read; XLS and ODS as a spreadsheet program does."""
    own = [(path.read_bytes(), OWN_TIMES) for path in sorted(WORKBOOKS.glob("typed.*"))]
    return [(workbook(), OPTIONS), (binary_workbook(), OPTIONS), (parquet(), OPTIONS), *own]


def binary_workbook() -> bytes:
    """Make an XLSB of the sample's first lines."""
    return xlsb([line.split(",") for line in SAMPLE.read_text(encoding="utf-8").splitlines()[:12]])


def parquet() -> bytes:
    """Make a Parquet file of the sample's first lines."""
    header, *rows = (
        line.split(",") for line in SAMPLE.read_text(encoding="utf-8").splitlines()[:12]
    )
    columns = {name: [row[at] for row in rows] for at, name in enumerate(header)}
    out = io.BytesIO()
    pq.write_table(pa.table(columns), out)
    return out.getvalue()


def workbook() -> bytes:
    """Make an XLSX of the sample's first lines."""
    import openpyxl

    book = openpyxl.Workbook()
    for line in SAMPLE.read_text(encoding="utf-8").splitlines()[:12]:
        book.active.append(line.split(","))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def damaged(data: bytes, chance: random.Random, others: list[bytes]) -> bytes:
    """Give a file with one to six kinds of damage."""
    changed = bytearray(data)
    for _ in range(chance.randrange(1, 7)):
        at = chance.randrange(len(changed) + 1)
        to = min(len(changed), at + chance.choice([1, 2, 10, 200]))
        kind = chance.randrange(6)
        if kind == 0:
            changed[at:to] = bytes(chance.randrange(256) for _ in range(to - at))
        elif kind == 1:
            del changed[at:to]
        elif kind == 2:
            changed[at:at] = changed[at:to] * chance.choice([1, 3, 50])
        elif kind == 3:
            changed[at:at] = chance.choice(HOSTILE)
        elif kind == 4:
            other = chance.choice(others)
            changed[at:] = other[chance.randrange(len(other)) :]
        elif at < len(changed):
            changed[at] ^= 1 << chance.randrange(8)
    return bytes(changed)


def damaged_workbook(data: bytes, chance: random.Random) -> bytes:
    """Give a workbook with a part damaged before it was packed, or its own bytes."""
    if chance.random() < 0.3 or not data.startswith(b"PK"):
        return damaged(data, chance, [data])
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", 8) as new:
        unlucky = chance.choice([part.filename for part in old.infolist() if part.file_size])
        for name in old.namelist():
            part = old.read(name)
            new.writestr(name, damaged(part, chance, [part]) if name == unlucky else part)
    return out.getvalue()


def load(path: Path, data: bytes, options: LoadOptions = OPTIONS) -> str:
    """Load a file; tell what became of it. Anything but rows or one clear line raises."""
    path.write_bytes(data)
    try:
        with open_campaign(str(path), options) as campaign:
            rows = 0
            for chunk in campaign.chunks():
                assert chunk.first_row == rows + 1
                assert len(chunk.lines) == len(chunk)
                assert chunk.cells.num_columns == len(campaign.file.columns)
                assert not any(column.null_count for column in chunk.cells.columns)
                assert all(rows < row <= rows + len(chunk) for row in chunk.faults)
                chunk.cells.validate(full=True)
                rows += len(chunk)
            assert rows > 0
    except UsageError as error:
        text = str(error)
        assert text.startswith(str(path)), text
        assert "\n" not in text, text
        return "refused"
    return "read"


def fuzz(path: Path, count: int, seed: int, *, workbooks: bool, seconds: float = 1e9) -> str:
    """Load damaged files until so many or the time is up; tell the figures."""
    chance = random.Random(seed)
    files = seeds()
    books = workbooks_to_damage() if workbooks else []
    ended: collections.Counter[str] = collections.Counter()
    slowest = 0.0
    begin = time.monotonic()
    while sum(ended.values()) < count and time.monotonic() - begin < seconds:
        if workbooks:
            whole, options = chance.choice(books)
            data = damaged_workbook(whole, chance)
        else:
            data, options = damaged(chance.choice(files), chance, files), OPTIONS
        start = time.monotonic()
        try:
            ended[load(path, data, options)] += 1
        except BaseException:
            Path(tempfile.gettempdir(), "load_fuzz.bad").write_bytes(data)
            raise
        slowest = max(slowest, time.monotonic() - start)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return f"{dict(ended)}, slowest {slowest:.2f} s, peak memory {peak} MB"


def main() -> None:
    """Run for so many seconds (600), a seventh of them on workbooks."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 600.0
    seed = random.randrange(1 << 30)
    print("seed", seed, flush=True)  # noqa: T201 - a script
    memory = Path("/dev/shm")  # noqa: S108 - a file there costs no disk
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        path = Path(folder) / "file"
        for workbooks, share in ((False, 0.85), (True, 0.15)):
            figures = fuzz(path, 10**9, seed, workbooks=workbooks, seconds=seconds * share)
            print("workbooks:" if workbooks else "CSV:", figures, flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
