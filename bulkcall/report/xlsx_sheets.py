"""Large sheets of a workbook: streamed into the ZIP file as they come, in frames by XlsxWriter.

XlsxWriter makes everything of the workbook but the rows of these sheets: for each it writes a sheet
that has only the header, and the rows are put in before the end of its data.
"""

from __future__ import annotations

import io
import tempfile
import zipfile
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from bulkcall.report.xlsx_frames import frame, new_book
from bulkcall.report.xlsx_rows import fitting, xml_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path
    from typing import IO, BinaryIO

SHEET_ROWS = 1_048_576
"""Rows of a sheet, the header among them (Excel's own limit)."""

_WIDEST = 60
_PIECE = 5_000  # rows made into XML at a time, which is some hundred bytes a cell
_SAMPLE = 500
_TIME_WIDTH = 26
_LEVEL = 1  # of deflate: a tenth larger than the usual 6, and three times as fast


class Workbook:
    """A ZIP file that becomes a workbook: one sheet is streamed at once, others wait in a file."""

    def __init__(self, file: BinaryIO, folder: Path, sheet_rows: int, time_format: str) -> None:
        self.sheet_rows = sheet_rows
        self.time_format = time_format
        self._folder = folder
        self._kinds: list[Sheets] = []
        self._zip = zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=_LEVEL)

    def streamed(self, title: str, names: Sequence[str]) -> Sheets:
        """Return the sheets whose rows go straight into the file; there can be one such kind."""
        sheets = Sheets(self, title, names, self._part)
        self._kinds.append(sheets)
        return sheets

    def waiting(self, title: str, names: Sequence[str]) -> WaitingSheets:
        """Return sheets whose rows wait beside the file until `close`."""
        sheets = WaitingSheets(self, title, names, self._folder, self._part)
        self._kinds.append(sheets)
        return sheets

    def finish(self, fill: Callable[[Any, Any, Any], None], kinds: Sequence[Sheets]) -> None:
        """Write all other parts: `fill(book, head, times)` adds the first sheet, then `kinds`."""
        for kind in self._kinds:
            kind.close()
        skeleton, renamed = _skeleton(fill, kinds, self.time_format)
        with zipfile.ZipFile(io.BytesIO(skeleton)) as parts:
            for part in parts.namelist():
                if part in renamed:
                    continue
                text = parts.read(part)
                if part in {"[Content_Types].xml", "xl/_rels/workbook.xml.rels"}:
                    for old, new in renamed.items():
                        # The one names a part from the root, the other from its own folder.
                        for root in ("", "xl/"):
                            before = old.removeprefix(root).encode() + b'"'
                            text = text.replace(before, new.removeprefix(root).encode() + b'"')
                self._zip.writestr(part, text)
        self._zip.close()

    def release(self) -> None:
        """Let go of everything; after a failure the file is no workbook, and is not kept."""
        for kind in self._kinds:
            kind.release()
        with suppress(OSError, ValueError):
            self._zip.close()

    def _part(self, name: str) -> IO[bytes]:
        return self._zip.open(name, "w", force_zip64=True)


class Sheets:
    """Rows of one kind, on as many sheets as they need."""

    def __init__(
        self,
        book: Workbook,
        title: str,
        names: Sequence[str],
        part: Callable[[str], IO[bytes]],
    ) -> None:
        self.title = title
        self.names = names
        self.counts: list[int] = []
        """Rows of each sheet so far, without its header."""
        self._most = book.sheet_rows - 1
        self._time_format = book.time_format
        self._part = part
        self._widths: list[int] = []
        self._open: IO[bytes] | None = None

    def add(self, columns: Sequence[pa.Array]) -> None:
        """Write rows, given as columns."""
        start, count = 0, len(columns[0])
        while start < count:
            if not self.counts or self.counts[-1] == self._most:
                self._next(columns)
            room = min(self._most - self.counts[-1], _PIECE)
            piece = [column.slice(start, room) for column in columns]
            self._write(xml_rows(piece, self.counts[-1] + 2))
            self.counts[-1] += len(piece[0])
            start += len(piece[0])

    def close(self) -> None:
        """End the last sheet; where there were no rows, there is a sheet with a header."""
        if not self.counts:
            self._next(())
        self._end()

    def release(self) -> None:
        """Let go of what is open, after a failure."""
        if self._open is not None:
            with suppress(OSError, ValueError):
                self._open.close()
            self._open = None

    def part_name(self, number: int) -> str:
        """Name the part of the ZIP file that holds a sheet (counted from 0)."""
        return f"xl/worksheets/{self.title.lower().replace(' ', '_')}{number + 1}.xml"

    def sheet_title(self, number: int) -> str:
        """Name a sheet for people."""
        return self.title if number == 0 else f"{self.title} {number + 1}"

    def lay_out(self, book: Any, head: Any, number: int) -> None:
        """Add the sheet with its header, widths, filter and frozen first row and column."""
        sheet = book.add_worksheet(self.sheet_title(number))
        sheet.freeze_panes(1, 1)
        for place, name in enumerate(self.names):
            sheet.write_string(0, place, fitting(name), head)
            width = self._widths[place] if self._widths else len(name)
            sheet.set_column(place, place, min(width + 2, _WIDEST))
        sheet.autofilter(0, 0, max(1, self.counts[number]), len(self.names) - 1)

    def _next(self, columns: Sequence[pa.Array]) -> None:
        if self.counts:
            self._end()
        elif columns:
            self._widths = [
                max(len(name), _width(column))
                for name, column in zip(self.names, columns, strict=True)
            ]
        self.counts.append(0)
        self._begin()

    def _begin(self) -> None:
        self._open = self._part(self.part_name(len(self.counts) - 1))
        self._open.write(self._frame()[0])

    def _write(self, rows: memoryview) -> None:
        if self._open is not None:
            self._open.write(rows)

    def _end(self) -> None:
        if self._open is not None:
            self._open.write(self._frame()[1])
            self._open.close()
            self._open = None

    def _frame(self) -> tuple[bytes, bytes]:
        """Return what stands before and after the rows of the sheet that is being written."""
        number = len(self.counts) - 1
        return frame(lambda book, head: self.lay_out(book, head, number), self._time_format)


class WaitingSheets(Sheets):
    """Rows that wait in a scratch file while another sheet streams."""

    def __init__(
        self,
        book: Workbook,
        title: str,
        names: Sequence[str],
        folder: Path,
        part: Callable[[str], IO[bytes]],
    ) -> None:
        super().__init__(book, title, names, part)
        # Without a name: a killed process leaves nothing behind.
        self._scratch = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 - closed by `release`
        self._ends: list[int] = []

    def close(self) -> None:
        """Copy the rows from the scratch file into the workbook."""
        if not self.counts:
            self._next(())
        self._end()
        self._scratch.seek(0)
        counts, self.counts = self.counts, []
        done = 0
        for count, end in zip(counts, self._ends, strict=True):
            self.counts.append(count)
            before, after = self._frame()
            with self._part(self.part_name(len(self.counts) - 1)) as part:
                part.write(before)
                while done < end:
                    text = self._scratch.read(min(1 << 20, end - done))
                    part.write(text)
                    done += len(text)
                part.write(after)

    def release(self) -> None:
        """Let the scratch file go; what a full disk did not take is not missed."""
        with suppress(OSError):
            self._scratch.close()

    def _begin(self) -> None:
        pass

    def _write(self, rows: memoryview) -> None:
        self._scratch.write(rows)

    def _end(self) -> None:
        self._ends.append(self._scratch.tell())


def _skeleton(
    fill: Callable[[Any, Any, Any], None], kinds: Sequence[Sheets], time_format: str
) -> tuple[bytes, dict[str, str]]:
    """A workbook whose large sheets have only headers, and their parts' other names."""
    buffer = io.BytesIO()
    book, head, times = new_book(buffer, time_format)
    fill(book, head, times)
    renamed = {}
    for kind in kinds:
        for number in range(len(kind.counts)):
            kind.lay_out(book, head, number)
            part = f"xl/worksheets/sheet{len(book.worksheets())}.xml"
            renamed[part] = kind.part_name(number)
    book.close()
    return buffer.getvalue(), renamed


def _width(column: pa.Array) -> int:
    if pa.types.is_floating(column.type):
        return _TIME_WIDTH
    longest: int | None = pc.max(pc.utf8_length(column.slice(0, _SAMPLE).cast("string"))).as_py()
    return longest or 0
