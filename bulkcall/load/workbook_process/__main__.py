"""The process that reads a workbook for load/workbook.py, started as a module with its options.

The workbook comes on standard input (a file). What goes out on standard output is one line of JSON,
`{"sheet": name}` or `{"error": text, "usage": bool}`, and after the first a stream of Arrow
batches: a string column for each column of the sheet and one named `unshown`, a row for each of the
sheet's rows from row 1 on. A date cell without a time of day is marked by `DAY`.

It is a process of its own because the reader (calamine, in Rust) holds the whole sheet, and a
hostile workbook can make it ask for more memory than there is, which ends the process that asks.
"""

from __future__ import annotations

import datetime as dt
import json
import sys
from contextlib import suppress
from itertools import chain, islice
from typing import IO, TYPE_CHECKING, Any

import pyarrow as pa
import python_calamine as calamine

from bulkcall.load.workbook_process import DAY
from bulkcall.load.workbook_process.cell_text import text_of
from bulkcall.load.workbook_process.error_cells import unshown

if TYPE_CHECKING:
    from collections.abc import Iterator

UNSHOWN = "unshown"
"""The last column, JSON: column → `#N/A`, or empty for a formula never computed."""
_BATCH = 20_000
_MOST_ROWS, _MOST_COLUMNS = 1_048_576, 16_384


class _RefusedError(Exception):
    def __init__(self, text: str, *, usage: bool = False) -> None:
        super().__init__(text)
        self.usage = usage


def main(options: str) -> None:
    """Read the workbook on standard input; `options` is JSON: `sheet`, `memory` and `seconds`."""
    given = json.loads(options)
    _bound("RLIMIT_AS", given["memory"])
    _bound("RLIMIT_CPU", given["seconds"])
    out = sys.stdout.buffer
    try:
        sheet = _open(sys.stdin.buffer, given["sheet"])
        unshown_cells = unshown(sys.stdin.buffer, sheet.name)
    except _RefusedError as refused:
        _say(out, error=str(refused), usage=refused.usage)
    except calamine.PasswordError:
        _say(out, error="the workbook is encrypted; save it without a password")
    except BaseException as error:  # noqa: BLE001 - a panic of Rust code is no Exception
        text = " ".join(str(error).split())[:200]
        _say(out, error=f"the workbook is damaged ({text}); save it again as XLSX")
    else:
        _say(out, sheet=sheet.name)
        _write(sheet, unshown_cells, out)


def _bound(name: str, most: int) -> None:
    try:
        import resource  # noqa: PLC0415 - not on Windows: there the parent's bounds must do
    except ImportError:
        return
    kind = getattr(resource, name)
    _, hard = resource.getrlimit(kind)
    if hard == resource.RLIM_INFINITY or most <= hard:
        # Some systems know the limit and don't let it be set; then the parent's bounds must do.
        with suppress(ValueError, OSError):
            resource.setrlimit(kind, (most, most))


def _say(out: IO[bytes], **what: object) -> None:
    out.write(json.dumps(what).encode() + b"\n")
    out.flush()


def _open(stream: IO[bytes], wanted: str | None) -> calamine.CalamineSheet:
    book = calamine.CalamineWorkbook.from_filelike(stream)
    sheet = book.get_sheet_by_name(_choose(book, wanted))
    row, column = sheet.end or (0, 0)
    if row >= _MOST_ROWS or column >= _MOST_COLUMNS:
        raise _RefusedError(
            f"sheet {sheet.name!r} has a cell in row {row + 1:,}, column {column + 1:,}, which no "
            "spreadsheet program allows; save it again as XLSX"
        )
    return sheet


def _choose(book: calamine.CalamineWorkbook, wanted: str | None) -> str:
    sheets = [s for s in book.sheets_metadata if s.typ == calamine.SheetTypeEnum.WorkSheet]
    names = ", ".join(repr(sheet.name) for sheet in sheets)
    if wanted is not None:
        if any(sheet.name == wanted for sheet in sheets):
            return wanted
        raise _RefusedError(f"no sheet {wanted!r}; the workbook has {names}", usage=True)
    for sheet in sheets:
        if sheet.visible == calamine.SheetVisibleEnum.Visible:
            return str(sheet.name)
    raise _RefusedError(f"no visible sheet; name one with --sheet: {names or 'there is none'}")


def _write(
    sheet: calamine.CalamineSheet, unshown_cells: dict[int, dict[int, str]], out: IO[bytes]
) -> None:
    width = sheet.width
    left = sheet.start[1] if sheet.start else 0
    schema = pa.schema([(str(i), pa.string()) for i in range(width)] + [(UNSHOWN, pa.string())])
    rows: Iterator[list[Any]] = sheet.iter_rows()
    # Rows that hold nothing but such formulas stand beyond the last row that calamine gives.
    height = min(max(unshown_cells, default=-1) + 1, _MOST_ROWS)
    below = height - (sheet.end[0] + 1 if sheet.end else 0)
    rows = chain(rows, ([""] * width for _ in range(below)))
    first = 0
    with pa.ipc.new_stream(out, schema) as stream:
        while part := list(islice(rows, _BATCH)):
            notes = [""] * len(part)
            for at in unshown_cells.keys() & range(first, first + len(part)):
                cells = {column - left: text for column, text in unshown_cells[at].items()}
                cells = {column: text for column, text in cells.items() if 0 <= column < width}
                for column, text in cells.items():
                    part[at - first][column] = text
                notes[at - first] = json.dumps(cells) if cells else ""
            columns = [_texts(column) for column in zip(*part, strict=True)]
            columns.append(pa.array(notes, pa.string()))
            stream.write_batch(pa.record_batch(columns, schema=schema))
            first += len(part)


def _texts(cells: tuple[Any, ...]) -> pa.Array:
    return pa.array([c if type(c) is str else _typed(c) for c in cells], pa.string())


def _typed(value: object) -> str:
    return text_of(value) + DAY if type(value) is dt.date else text_of(value)


if __name__ == "__main__":
    main(sys.argv[1])
