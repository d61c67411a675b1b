"""report.xlsx: a summary, the rows to work through, and all rows, every cell plain text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import pyarrow.compute as pc

from bulkcall.records import Outcome
from bulkcall.report.advice import MEANINGS, next_steps, verdict
from bulkcall.report.columns import RESULTS, outcome_columns
from bulkcall.report.csv_text import plain
from bulkcall.report.formatting import duration, when
from bulkcall.report.times import iso_times
from bulkcall.report.xlsx_rows import fitting
from bulkcall.report.xlsx_sheets import SHEET_ROWS, Workbook

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path
    from types import TracebackType
    from typing import BinaryIO

    import pyarrow as pa

    from bulkcall.report.model import Report
    from bulkcall.report.rows import RowBlock

_NUMBERS = frozenset(("row", "attempts", "http_status"))
_TIMES = frozenset(("sent_at", "confirmed_at"))
_MOST_REASONS = 1_000


class XlsxReport:
    """Writes report.xlsx block by block, in memory that does not grow with the rows.

    Strings are written as strings: nothing is a formula, a link or a number by its looks, so long
    numbers keep all their digits. `finish` completes the workbook; use it as a context manager.
    """

    def __init__(
        self,
        file: BinaryIO,
        own_columns: Sequence[str],
        folder: Path,
        *,
        sheet_rows: int = SHEET_ROWS,
    ) -> None:
        names = outcome_columns(own_columns)
        self._book = Workbook(file, folder, sheet_rows)
        self._all = self._book.streamed("All rows", names)
        self._failures = self._book.waiting("To work through", names)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._book.release()

    def add(self, block: RowBlock) -> None:
        """Write the rows of a block: all of them, and those that are not `success` once more."""
        columns = _columns(block)
        self._all.add(columns)
        bad = pc.not_equal(block.results.column("outcome").combine_chunks(), Outcome.SUCCESS.value)
        if bad.true_count:
            self._failures.add([column.filter(bad) for column in columns])

    def finish(self, report: Report) -> None:
        """Write the summary and complete the workbook."""
        self._book.finish(
            lambda book, head: _summary(book, head, report), (self._failures, self._all)
        )


def _summary(book: Any, head: Any, report: Report) -> None:
    sheet = book.add_worksheet("Summary")
    figure = book.add_format({"num_format": "#,##0"})
    bold = book.add_format({"bold": True})
    sheet.set_column(0, 0, 26)
    sheet.set_column(1, 1, 14)
    sheet.set_column(2, 2, 100)
    sheet.write_string(
        0, 0, fitting(verdict(report)), book.add_format({"bold": True, "font_size": 14})
    )
    place = 2
    for name, text in _facts(report):
        sheet.write_string(place, 0, name, bold)
        sheet.write_string(place, 1, fitting(text))
        place += 1
    for heads, lines in _tables(report):
        place += 1
        for column, text in enumerate(heads):
            sheet.write_string(place, column, text, head)
        for word, rows, text in lines:
            place += 1
            sheet.write_string(place, 0, word)
            sheet.write_number(place, 1, rows, figure)
            sheet.write_string(place, 2, fitting(text))
        place += 1


def _tables(
    report: Report,
) -> Iterator[tuple[tuple[str, str, str], Iterable[tuple[str, int, str]]]]:
    yield (
        ("Outcome", "Rows", "What happened"),
        [(each.value, count, MEANINGS[each]) for each, count in report.outcomes.items()],
    )
    yield (
        ("Next", "Rows", "What to do"),
        [
            (each.outcome.value, each.rows, f"{each.text} {each.command}".strip())
            for each in next_steps(report)
        ],
    )
    yield (
        ("Not confirmed", "Rows", "Reason"),
        [(each.outcome.value, each.rows, each.text) for each in report.reasons[:_MOST_REASONS]],
    )


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
