"""report.xlsx: a summary, the rows to work through, and all rows, every cell plain text."""

from __future__ import annotations

import tempfile
from typing import TYPE_CHECKING, Any, Self

import pyarrow.compute as pc
import xlsxwriter  # type: ignore[import-untyped]

from bulkcall.records import Outcome
from bulkcall.report.advice import MEANINGS, next_steps, verdict
from bulkcall.report.csv_text import plain
from bulkcall.report.html import duration, when
from bulkcall.report.names import RESULTS, outcome_columns
from bulkcall.report.times import iso_times

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from types import TracebackType
    from typing import BinaryIO

    import pyarrow as pa
    from xlsxwriter.worksheet import Worksheet  # type: ignore[import-untyped]

    from bulkcall.report.model import Report
    from bulkcall.report.rows import RowBlock

SHEET_ROWS = 1_048_576
"""Rows of a sheet, the header among them (Excel's own limit)."""
_CELL = 32_767
_CUT = "… (cut: outcomes.csv has the whole text)"
_WIDEST = 60
_SAMPLE = 200
_NUMBERS = frozenset(("row", "attempts", "http_status"))
_TIMES = frozenset(("sent_at", "confirmed_at"))
# Excel calls a file with these damaged; xlsxwriter writes the other control characters as escapes.
_ILLEGAL = str.maketrans(dict.fromkeys((0xFFFE, 0xFFFF), "\ufffd"))


class XlsxReport:
    """Writes report.xlsx block by block, in memory that does not grow with the rows.

    Strings are written as strings: nothing is a formula, a link or a number by its looks, so long
    numbers keep all their digits. `finish` closes the workbook; use it as a context manager.
    """

    def __init__(
        self,
        file: BinaryIO,
        own_columns: Sequence[str],
        folder: Path,
        *,
        sheet_rows: int = SHEET_ROWS,
    ) -> None:
        self._scratch = tempfile.TemporaryDirectory(prefix=".report-", dir=folder)
        self._book = xlsxwriter.Workbook(
            file,
            {
                "constant_memory": True,
                "tmpdir": self._scratch.name,
                "strings_to_formulas": False,
                "strings_to_urls": False,
                "strings_to_numbers": False,
                "use_zip64": True,
            },
        )
        self._head = self._book.add_format(
            {"bold": True, "bg_color": "#DCE6F8", "bottom": 1, "text_wrap": False}
        )
        self._summary = self._book.add_worksheet("Summary")
        names = outcome_columns(own_columns)
        self._all = _Sheets(self._book, "All rows", names, self._head, sheet_rows)
        self._failures = _Sheets(self._book, "To work through", names, self._head, sheet_rows)
        self._names = names

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for sheet in self._book.worksheets():
            sheet._opt_close()  # noqa: SLF001 - after a failure nothing else closes its scratch file
        self._scratch.cleanup()

    def add(self, block: RowBlock) -> None:
        """Write the rows of a block: all of them, and those that are not `success` once more."""
        columns = _columns(block)
        self._all.add(columns)
        bad = pc.not_equal(block.results.column("outcome").combine_chunks(), Outcome.SUCCESS.value)
        if bad.true_count:
            self._failures.add([column.filter(bad) for column in columns])

    def finish(self, report: Report) -> None:
        """Write the summary and close the workbook."""
        sheet = self._summary
        bold = self._book.add_format({"bold": True})
        large = self._book.add_format({"bold": True, "font_size": 14})
        figure = self._book.add_format({"num_format": "#,##0"})
        sheet.set_column(0, 0, 26)
        sheet.set_column(1, 1, 14)
        sheet.set_column(2, 2, 100)
        sheet.write_string(0, 0, verdict(report)[:_CELL], large)
        place = 2
        for name, text in _facts(report):
            sheet.write_string(place, 0, name, bold)
            sheet.write_string(place, 1, _fitting(text))
            place += 1
        place += 1
        for column, head in enumerate(("Outcome", "Rows", "What happened")):
            sheet.write_string(place, column, head, self._head)
        for outcome, count in report.outcomes.items():
            place += 1
            sheet.write_string(place, 0, outcome.value)
            sheet.write_number(place, 1, count, figure)
            sheet.write_string(place, 2, MEANINGS[outcome])
        place += 2
        for column, head in enumerate(("Next", "Rows", "What to do")):
            sheet.write_string(place, column, head, self._head)
        for step in next_steps(report):
            place += 1
            sheet.write_string(place, 0, step.outcome.value)
            sheet.write_number(place, 1, step.rows, figure)
            sheet.write_string(place, 2, f"{step.text} {step.command}".strip())
        place += 2
        for column, head in enumerate(("Not confirmed because", "Rows", "Reason")):
            sheet.write_string(place, column, head, self._head)
        for reason in report.reasons:
            place += 1
            sheet.write_string(place, 0, reason.outcome.value)
            sheet.write_number(place, 1, reason.rows, figure)
            sheet.write_string(place, 2, _fitting(reason.text))
        self._all.close()
        self._failures.close()
        self._book.close()


class _Sheets:
    """Rows of one kind, on as many sheets as they need."""

    def __init__(
        self, book: Any, title: str, names: Sequence[str], head: Any, sheet_rows: int
    ) -> None:
        self._book = book
        self._title = title
        self._names = names
        self._head = head
        self._most = sheet_rows
        self._widths = [len(name) for name in names]
        self._count = 0
        self._sheet: Worksheet = self._open()

    def add(self, columns: Sequence[pa.Array]) -> None:
        """Write rows, given as columns."""
        lists = [column.to_pylist() for column in columns]
        for values in zip(*lists, strict=True):
            if self._next == self._most:
                self._sheet = self._open()
            self._write(values)

    def close(self) -> None:
        """Set widths, the filter and the frozen header."""
        sheet = self._sheet
        for place, width in enumerate(self._widths):
            sheet.set_column(place, place, min(width + 2, _WIDEST))
        sheet.autofilter(0, 0, max(1, self._next - 1), len(self._names) - 1)

    def _open(self) -> Worksheet:
        if self._count:
            self.close()
        self._count += 1
        name = self._title if self._count == 1 else f"{self._title} {self._count}"
        sheet: Worksheet = self._book.add_worksheet(name)
        sheet.freeze_panes(1, 1)
        for place, text in enumerate(self._names):
            sheet.write_string(0, place, _fitting(text), self._head)
        self._next = 1
        return sheet

    def _write(self, values: Sequence[Any]) -> None:
        sheet, row = self._sheet, self._next
        for place, value in enumerate(values):
            if isinstance(value, str):
                if value:
                    sheet.write_string(row, place, _fitting(value))
            elif value is not None:
                sheet.write_number(row, place, value)
        if row <= _SAMPLE:
            self._widths = [
                max(width, len(str(value)) if value is not None else 0)
                for width, value in zip(self._widths, values, strict=True)
            ]
        self._next += 1


def _columns(block: RowBlock) -> list[pa.Array]:
    own = [plain(column) for column in block.cells.columns]
    return [
        _result(block.results, "row"),
        *own,
        *(_result(block.results, each) for each in RESULTS),
    ]


def _result(results: pa.Table, name: str) -> pa.Array:
    column = results.column(name).combine_chunks()
    if name in _TIMES:
        return iso_times(column)
    return column if name in _NUMBERS else plain(column)


def _facts(report: Report) -> list[tuple[str, str]]:
    run = report.run
    return [
        ("File", run.file),
        ("SHA-256", run.sha256),
        ("Run", run.run_id),
        ("Channel", run.channel.value),
        ("Started", when(run.started_at)),
        ("Took", duration(run.started_at, run.finished_at)),
        ("Requests", f"{run.requests:,} ({run.retries:,} repeated)"),
        ("Rows", f"{report.rows:,}"),
        ("Every row accounted for", "yes" if report.conserved else "NO: do not rely on this"),
    ]


def _fitting(text: str) -> str:
    if len(text) > _CELL:
        text = text[: _CELL - len(_CUT)] + _CUT
    return text.translate(_ILLEGAL) if not text.isascii() else text
