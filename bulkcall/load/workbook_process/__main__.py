"""The process that reads a workbook for load/workbook.py, started as a module with its options.

The file comes on standard input. What goes out on standard output are frames: JSON that names the
sheet (or says what is wrong), then batches of rows as columns of text, then the end.

It is a process of its own, without an environment and with bounded memory and time, because a
hostile workbook can make any reader ask for more than there is, which ends the process that asks.
It ends with its parent: a pipe that only the parent holds open says when that is.
"""

from __future__ import annotations

import gc
import json
import os
import sys
import threading
from contextlib import suppress
from typing import IO, TYPE_CHECKING, Any, Final

import pyarrow as pa

from bulkcall.load.workbook_process import HIDDEN, MARKS, NUMBER, as_json, write_frame
from bulkcall.load.workbook_process.rows import RefusedError, choose_sheet, within_bounds

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bulkcall.load.workbook_process.rows import SheetRow

_BATCH_ROWS: Final = 20_000
_CPU_GRACE_SECONDS: Final = 5
_BATCH_CELLS: Final = 4_000_000


def main(options: str) -> None:
    """Read the file on standard input; `options` is JSON: `kind`, `sheet` and the bounds."""
    gc.disable()  # rows make no circles, and looking for some in them takes a third of the time
    given = json.loads(options)
    _bound("RLIMIT_CORE", 0)
    _bound("RLIMIT_AS", given["memory"])
    _bound("RLIMIT_CPU", given["seconds"])
    threading.Thread(target=_end_with_parent, args=(given["lifeline"],), daemon=True).start()
    out = sys.stdout.buffer
    try:
        if given["kind"] == "parquet":
            _parquet(out)
        else:
            _workbook(given["kind"], given["sheet"], out)
    except RefusedError as refused:
        write_frame(out, b"J", as_json(error=str(refused), usage=refused.usage))
    except MemoryError:
        text = f"the file takes more than {given['memory']:,} bytes of memory; save it as CSV"
        write_frame(out, b"J", as_json(error=text))
    except Exception as error:  # noqa: BLE001 - a hostile file makes readers raise anything
        text = " ".join(f"{type(error).__name__}: {error}".split())[:200]
        said = f"the workbook is damaged ({text}); save it again as XLSX"
        write_frame(out, b"J", as_json(error=said))
    else:
        write_frame(out, b"Z")


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
            # The processor's limit says first which one it is (SIGXCPU), and kills a little later.
            later = most + _CPU_GRACE_SECONDS if name == "RLIMIT_CPU" else most
            resource.setrlimit(kind, (most, later if hard == resource.RLIM_INFINITY else most))


def _end_with_parent(lifeline: int) -> None:
    with suppress(OSError):
        os.read(lifeline, 1)
    os._exit(1)


def _workbook(kind: str, wanted: str | None, out: IO[bytes]) -> None:
    book = _open(kind)
    name = choose_sheet(book.sheets, wanted)
    others = [sheet.name for sheet in book.sheets if sheet.name != name]
    write_frame(out, b"J", as_json(sheet=name, others=others))
    _write(within_bounds(book.rows(name), name), out)


def _open(kind: str) -> Any:
    # Each reader is imported when it is needed: the process starts sooner.
    if kind == "xls":
        from bulkcall.load.workbook_process.xls import Xls  # noqa: PLC0415

        return Xls(sys.stdin.buffer)
    from bulkcall.load.workbook_process.package import Package  # noqa: PLC0415

    package = Package(sys.stdin.buffer)
    if kind == "ods":
        from bulkcall.load.workbook_process.ods import Ods  # noqa: PLC0415

        return Ods(package)
    if kind == "xlsb":
        from bulkcall.load.workbook_process.xlsb import Xlsb  # noqa: PLC0415

        return Xlsb(package)
    from bulkcall.load.workbook_process.xlsx import Xlsx  # noqa: PLC0415

    return Xlsx(package)


def _parquet(out: IO[bytes]) -> None:
    from bulkcall.load.workbook_process.parquet import Parquet  # noqa: PLC0415

    file = Parquet(sys.stdin.buffer)
    write_frame(out, b"J", as_json(sheet="", others=[]))
    number = 1
    _send([pa.array([name], pa.string()) for name in file.columns], [""], [False], [number], out)
    for columns, marks in file.batches():
        count = len(columns[0]) if columns else 0
        notes = [json.dumps(marks[at]) if at in marks else "" for at in range(count)]
        numbers = range(number + 1, number + 1 + count)
        _send(columns, notes, [False] * count, list(numbers), out)
        number += count


def _write(rows: Iterable[SheetRow], out: IO[bytes]) -> None:
    held: list[SheetRow] = []
    width = 0
    for row in rows:
        held.append(row)
        width = max(width, len(row.texts))
        if len(held) >= _BATCH_ROWS or width * len(held) >= _BATCH_CELLS:
            _send_rows(held, width, out)
            held, width = [], 0
    if held:
        _send_rows(held, width, out)


def _send_rows(rows: list[SheetRow], width: int, out: IO[bytes]) -> None:
    padded = [
        row.texts if len(row.texts) == width else row.texts + [""] * (width - len(row.texts))
        for row in rows
    ]
    columns = [pa.array(column, pa.string()) for column in zip(*padded, strict=True)]
    notes = [json.dumps(row.marks) if row.marks else "" for row in rows]
    numbers = [row.number + 1 for row in rows]
    _send(columns, notes, [row.hidden for row in rows], numbers, out)


def _send(
    columns: list[pa.Array],
    notes: list[str],
    hidden: list[bool],
    numbers: list[int],
    out: IO[bytes],
) -> None:
    arrays = [
        *columns,
        pa.array(notes, pa.string()),
        pa.array(hidden, pa.bool_()),
        pa.array(numbers, pa.int64()),
    ]
    names = [*(str(at) for at in range(len(columns))), MARKS, HIDDEN, NUMBER]
    batch = pa.record_batch(arrays, names=names)
    buffer = pa.BufferOutputStream()
    with pa.ipc.new_stream(buffer, batch.schema) as stream:
        stream.write_batch(batch)
    write_frame(out, b"B", buffer.getvalue())


if __name__ == "__main__":
    main(sys.argv[1])
