"""report.xlsx: a summary, the rows to work through, and all rows.

The campaign file's own cells are plain text; counts are numbers and times are dates, in the time
zone of the run.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Self

import pyarrow as pa
import pyarrow.compute as pc

from bulkcall.records import Outcome
from bulkcall.report.advice import MEANINGS, next_steps
from bulkcall.report.columns import RESULTS, outcome_columns, stale_columns
from bulkcall.report.csv_text import plain
from bulkcall.report.formatting import duration, offset, version, window, zone_of
from bulkcall.report.xlsx_rows import fitting
from bulkcall.report.xlsx_sheets import SHEET_ROWS, Workbook

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import tzinfo
    from pathlib import Path
    from types import TracebackType
    from typing import BinaryIO

    from bulkcall.ledger.model import RunInfo
    from bulkcall.report.model import Report
    from bulkcall.report.rows import RowBlock

_NUMBERS = frozenset(("row", "attempts", "http_status"))
_TIMES = frozenset(("sent_at", "confirmed_at"))
_MOST_REASONS = 1_000
_DAY_MS = 86_400_000.0
_EPOCH_DAY = 25_569
"""1970-01-01 as a spreadsheet counts days."""


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
        run: RunInfo,
        sheet_rows: int = SHEET_ROWS,
    ) -> None:
        names = outcome_columns(own_columns)
        self._stale = stale_columns(own_columns)
        self._zone = zone_of(run)
        if not _steady(self._zone, run.started_at):
            self._zone = UTC  # a column of times has one offset
        place = offset(datetime.fromtimestamp(run.started_at / 1000, self._zone))
        self._book = Workbook(file, folder, sheet_rows, f'yyyy-mm-dd hh:mm:ss "{place}"')
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
        columns = _columns(block, self._zone, self._stale)
        self._all.add(columns)
        bad = pc.not_equal(block.results.column("outcome").combine_chunks(), Outcome.SUCCESS.value)
        if bad.true_count:
            self._failures.add([column.filter(bad) for column in columns])

    def finish(self, report: Report) -> None:
        """Write the summary and complete the workbook."""
        self._book.finish(
            lambda book, head, times: _summary(book, head, times, report, self._zone),
            (self._failures, self._all),
        )


def _summary(book: Any, head: Any, times: Any, report: Report, zone: tzinfo) -> None:
    sheet = book.add_worksheet("Summary")
    figure = book.add_format({"num_format": "#,##0", "align": "left"})
    bold = book.add_format({"bold": True})
    sheet.set_column(0, 0, 26)
    sheet.set_column(1, 1, 28)
    sheet.set_column(2, 2, 24)
    sheet.set_column(3, 3, 100)
    sheet.write_string(
        0, 0, fitting(report.verdict), book.add_format({"bold": True, "font_size": 14})
    )
    place = 2
    for name, value in _facts(report):
        sheet.write_string(place, 0, name, bold)
        if isinstance(value, _Moment):
            sheet.write_datetime(place, 1, _local(value.at, zone), times)
        elif isinstance(value, int):
            sheet.write_number(place, 1, value, figure)
        else:
            sheet.write_string(place, 1, fitting(value))
        place += 1
    for heads, lines in _tables(report):
        place += 1
        for column, text in enumerate(heads):
            sheet.write_string(place, column, text, head)
        for word, rows, field, text in lines:
            place += 1
            sheet.write_string(place, 0, word)
            sheet.write_number(place, 1, rows, figure)
            sheet.write_string(place, 2, fitting(field))
            sheet.write_string(place, 3, fitting(text))
        place += 1


@dataclass(frozen=True, slots=True)
class _Moment:
    """A fact that is a time."""

    at: int


_Line = tuple[str, int, str, str]


def _tables(
    report: Report,
) -> Iterator[tuple[tuple[str, str, str, str], Iterable[_Line]]]:
    yield (
        ("Outcome", "Rows", "", "What happened"),
        [(each.value, count, "", MEANINGS[each]) for each, count in report.outcomes.items()],
    )
    yield (
        ("Next", "Rows", "", "What to do"),
        [
            (each.outcome.value, each.rows, "", f"{each.text} {each.command}".strip())
            for each in next_steps(report)
        ],
    )
    yield (
        ("Not confirmed", "Rows", "Field", "Reason"),
        [
            (each.outcome.value, each.rows, each.field, each.text)
            for each in report.reasons[:_MOST_REASONS]
        ],
    )


def _columns(
    block: RowBlock, zone: tzinfo, stale: Mapping[int, str] = MappingProxyType({})
) -> list[pa.Array]:
    own = [plain(column) for column in block.cells.columns]
    for place, name in stale.items():
        own[place] = plain(block.results.column(name))
    return [
        _result(block.results, "row", zone),
        *own,
        *(_result(block.results, each, zone) for each in RESULTS),
    ]


def _result(results: pa.Table, name: str, zone: tzinfo) -> pa.Array:
    column = results.column(name).combine_chunks()
    if name in _TIMES:
        return _days(column, zone)
    return column if name in _NUMBERS else plain(column)


def _days(times: pa.Array, zone: tzinfo) -> pa.Array:
    """Epoch milliseconds as a spreadsheet's days, in a zone whose offset is always the same."""
    first = pc.min(times).as_py() or 0
    ahead = datetime.fromtimestamp(first / 1000, zone).utcoffset() or timedelta()
    shifted = pc.add(times, int(ahead.total_seconds() * 1000))
    return pc.add(pc.divide(shifted.cast(pa.float64()), _DAY_MS), float(_EPOCH_DAY))


def _steady(zone: tzinfo, around: int) -> bool:
    """Whether a zone's offset is the same all year round."""
    year = datetime.fromtimestamp(around / 1000, UTC).year
    return len({datetime(year, month, 1, tzinfo=zone).utcoffset() for month in range(1, 13)}) == 1


def _local(at: int, zone: tzinfo) -> datetime:
    return datetime.fromtimestamp(at / 1000, zone).replace(tzinfo=None)


def _facts(report: Report) -> list[tuple[str, str | int | _Moment]]:
    run = report.run
    shown = window(report.first_start, report.last_end, zone_of(run))
    facts: list[tuple[str, str | int | _Moment]] = [
        ("File", run.file),
        *([("Retry of", run.parent)] if run.parent else []),
        ("SHA-256", run.sha256),
        ("Run", run.run_id),
        ("Channel", run.channel.value),
        ("Started", _Moment(run.started_at)),
        ("Took", duration(run.started_at, run.finished_at)),
        ("Window", shown),
        ("Requests", run.requests),
        ("Requests repeated", run.retries),
        ("Rows", report.rows),
        ("Rows sent more than once", report.repeated),
        ("Every row accounted for", "yes" if report.conserved else "NO: do not rely on this"),
        ("Made by", f"bulkcall {version()}"),
    ]
    return [(name, value) for name, value in facts if value != ""]
