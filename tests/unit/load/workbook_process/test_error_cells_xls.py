"""Error cells of XLS sheets, found in files built by hand, and in damaged ones."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkcall.load.workbook_process.error_cells_xls import MAGIC, errors

REAL = (Path(__file__).parents[3] / "integration" / "load" / "workbooks" / "typed.xls").read_bytes()
SECTOR, SMALL, END, FREE = 512, 64, 0xFFFFFFFE, 0xFFFFFFFF
NOT_AVAILABLE, DIVIDED_BY_NOTHING = 0x2A, 0x07


def record(kind, *data):
    """Write one record of a workbook."""
    body = b"".join(data)
    return struct.pack("<HH", kind, len(body)) + body


def begin(version=0x0600):
    """Begin the workbook, a sheet or a chart."""
    return record(0x0809, struct.pack("<HHI", version, 5, 0))


END_OF_PART = record(0x000A)


def error(row, column, code, *, is_error=1):
    """Write a cell that holds an error, or a truth value."""
    return record(0x0205, struct.pack("<HHHBB", row, column, 0, code, is_error))


def formula(row, column, result):
    """Write a cell that holds a formula with this result (8 bytes)."""
    return record(0x0006, struct.pack("<HHH", row, column, 0), result, bytes(6))


def special(tag, code=0):
    """Write a formula's result that is no number: 0 text, 1 truth value, 2 error, 3 nothing."""
    return bytes([tag, 0, code, 0, 0, 0, 0xFF, 0xFF])


def workbook(sheets, *, version=0x0600, wide=True, filler=0):
    """Write the records of a workbook of (name, cells)."""

    def listed(places):
        entries = []
        for (name, _), place in zip(sheets, places, strict=True):
            if version < 0x0600:
                text = bytes([len(name)]) + name.encode("cp1252")
            else:
                text = bytes([len(name), wide]) + name.encode("utf-16-le" if wide else "latin-1")
            entries.append(record(0x0085, struct.pack("<IBB", place, 0, 0), text))
        return begin(version) + b"".join(entries) + record(0x00FC, bytes(filler)) + END_OF_PART

    parts = [begin(version) + cells + END_OF_PART for _, cells in sheets]
    at = len(listed([0] * len(sheets)))
    places = []
    for part in parts:
        places.append(at)
        at += len(part)
    return listed(places) + b"".join(parts)


def padded(data, size):
    """Fill up to whole sectors."""
    return data + bytes(-len(data) % size)


def chain(first, count):
    """Link sectors one after the other."""
    return [*range(first + 1, first + count), END]


def entry(name, start, size, kind=2):
    """Write an entry of the directory."""
    text = (name + "\0").encode("utf-16-le")
    head = text.ljust(64, b"\0") + struct.pack("<HB", len(text), kind)
    return head.ljust(116, b"\0") + struct.pack("<II", start, size) + bytes(4)


def ole(stream, name="Workbook"):
    """Write a file system that holds one stream; small ones lie in sectors of 64 bytes."""
    if len(stream) < 4096:
        held, links = padded(stream, SMALL), chain(0, -(-len(stream) // SMALL))
        small_table = padded(struct.pack(f"<{len(links)}I", *links), SECTOR)
        body = small_table + padded(held, SECTOR)
        count = -(-len(held) // SECTOR)
        table = [0xFFFFFFFD, END, END, *chain(3, count)]
        directory = entry("Root Entry", 3, len(held), 5) + entry(name, 0, len(stream))
        small_start = 2
    else:
        body = padded(stream, SECTOR)
        table = [0xFFFFFFFD, END, *chain(2, len(body) // SECTOR)]
        directory = entry("Root Entry", END, 0, 5) + entry(name, 2, len(stream))
        small_start = END
    table += [FREE] * (SECTOR // 4 - len(table))
    head = MAGIC.ljust(28, b"\0") + struct.pack("<HHH", 0xFFFE, 9, 6)
    head = head.ljust(44, b"\0") + struct.pack("<II", 1, 1)
    head = head.ljust(56, b"\0") + struct.pack("<5I", 4096, small_start, 1, END, 0)
    head += struct.pack("<109I", 0, *[FREE] * 108)
    return head + struct.pack("<128I", *table) + padded(directory, SECTOR) + body


CELLS = (
    error(1, 2, NOT_AVAILABLE)
    + error(1, 3, 1, is_error=0)
    + formula(4, 0, special(2, DIVIDED_BY_NOTHING))
    + formula(4, 1, special(0))
    + formula(4, 2, special(3))
    + formula(4, 3, struct.pack("<d", 2.0))
)
FOUND = {1: {2: "#N/A"}, 4: {0: "#DIV/0!"}}


@pytest.mark.parametrize("filler", [0, 5000])
def test_errors_are_found_and_nothing_else(filler):
    """Of values and of formulas; no truth value, text, number; in streams small and large."""
    file = ole(workbook([("Calls", CELLS)], filler=filler))
    assert errors(file, "Calls") == FOUND


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("Größe ₹", {}),
        ("Größe", {"wide": False}),
        ("Größe", {"version": 0x0500}),
    ],
)
def test_the_sheet_is_found_by_its_name(name, options):
    """However names are written; errors of other sheets, and of charts within it, do not count."""
    chart = begin() + error(7, 7, NOT_AVAILABLE) + END_OF_PART
    sheets = [("Old", error(9, 9, NOT_AVAILABLE)), (name, chart + CELLS)]
    file = ole(workbook(sheets, **options), "Book")
    assert errors(file, name) == FOUND
    assert errors(file, "Nobody") == {}


def test_a_code_of_no_known_error_is_an_error_all_the_same():
    """What it shows is not known, so the commonest is said."""
    assert errors(ole(workbook([("A", error(0, 0, 0x63))])), "A") == {0: {0: "#N/A"}}


def test_a_spreadsheet_program_s_own_file():
    """LibreOffice's: one formula that divides by nothing."""
    assert errors(REAL, "Calls") == {2: {9: "#DIV/0!"}}


def test_a_file_without_a_workbook_in_it_has_no_errors():
    """A text document, say: calamine tells what is wrong with it."""
    assert errors(ole(workbook([("A", CELLS)]), "WordDocument"), "A") == {}


@given(st.lists(st.tuples(st.integers(0, len(REAL) - 1), st.integers(0, 255)), max_size=20))
def test_damage_never_raises_and_always_ends(changes):
    """Bytes changed anywhere: rings of sectors, lengths beyond the end, sheets without a start."""
    damaged = bytearray(REAL)
    for at, byte in changes:
        damaged[at] = byte
    errors(bytes(damaged), "Calls")


@given(st.integers(0, len(REAL)))
def test_a_file_cut_off_never_raises(size):
    """At any byte."""
    errors(REAL[:size], "Calls")


@pytest.mark.parametrize("shift", [0, 2, 3, 8, 60_000])
def test_sectors_of_a_size_that_none_have(shift):
    """A made-up size ends the look at once."""
    file = bytearray(ole(workbook([("A", CELLS)])))
    file[30:32] = struct.pack("<H", shift)
    file[68:72] = struct.pack("<I", 0)  # a table of tables that begins there, and is a ring
    assert errors(bytes(file), "A") == {}
