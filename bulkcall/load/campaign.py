"""Opening a campaign file: from a path to its identity, its columns and its rows in chunks."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from itertools import chain
from typing import TYPE_CHECKING

from bulkcall.errors import CampaignFileError, UsageError
from bulkcall.load import csv_reader, encoding, workbook
from bulkcall.load.aliases import field_of
from bulkcall.load.dialect import Dialect, find_dialect
from bulkcall.load.header import find_fields
from bulkcall.load.header_row import find_header
from bulkcall.load.mapping_memory import SavedMapping, fits, what_it_holds
from bulkcall.load.rows import nul_faults
from bulkcall.load.sheet_rows import SheetRows
from bulkcall.load.source import Source
from bulkcall.load.text import BLOCK, utf8_blocks
from bulkcall.records import CampaignFile, Chunk, Field
from bulkcall.support.formula_escape import unescape_formula

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from contextlib import AbstractContextManager
    from typing import Self

    from bulkcall.load.options import LoadOptions
    from bulkcall.load.rows import Rows


_SHOWN_SHEETS = 10
_LOOK_ROWS = 200


@dataclass(frozen=True, slots=True)
class _Opened:
    """What a reader returns: the file, its rows, what is known of it once they were read."""

    file: CampaignFile
    rows: Iterator[Rows]
    late_notes: Callable[[], Iterable[str]]
    saved: SavedMapping | None


@dataclass(frozen=True, slots=True)
class Campaign:
    """An open campaign file; a context manager. `chunks()` can be gone through once."""

    file: CampaignFile
    saved: SavedMapping | None
    """The saved mapping that was used."""
    _rows: Iterator[Rows]
    _late_notes: Callable[[], Iterable[str]]
    _source: Source
    _stack: ExitStack

    def chunks(self) -> Iterator[Chunk]:
        """Yield all rows, in file order.

        Raises:
            CampaignFileError: what is found wrong on the way; nothing that was given counts then.
        """
        row = 1
        try:
            for rows in self._rows:
                found = nul_faults(rows, self.file.fields, self.file.columns)
                found.update(rows.faults)
                faults = {row + index: fault for index, fault in sorted(found.items())}
                yield Chunk(row, rows.cells, rows.lines, faults)
                row += len(rows)
        except CampaignFileError as error:
            raise _named(self._source, error) from error
        self._source.check_unchanged()

    @property
    def notes(self) -> tuple[str, ...]:
        """What a person should know of the file; complete once all chunks were gone through."""
        return (*self.file.notes, *self._late_notes())

    def close(self) -> None:
        """Close the file."""
        self._stack.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def open_campaign(path: str, options: LoadOptions) -> Campaign:
    """Open a campaign file and read it up to its first rows.

    Raises:
        UsageError: an option does not fit the file (`--map`, `--sheet`, `--start`).
        CampaignFileError: the file can't be read for certain, or holds no rows.
    """
    with ExitStack() as stack:
        source = stack.enter_context(Source(path))
        try:
            reader = _open_csv if source.kind.startswith("csv") else _open_sheet
            opened = reader(source, options, stack)
            first = next(opened.rows, None)
            file = opened.file
            if opened.saved is not None and first is not None:
                _check_saved(opened.saved, file, first)
                file = replace(file, notes=(*file.notes, _saved_note(opened.saved)))
        except UsageError as error:
            raise _named(source, error) from error
        if first is None:
            raise source.error("a header, but no rows below it")
        rows = chain((first,), opened.rows)
        return Campaign(file, opened.saved, rows, opened.late_notes, source, stack.pop_all())
    raise AssertionError  # pragma: no cover - ExitStack swallows nothing


def _named(source: Source, error: UsageError) -> UsageError:
    text = str(error)
    if text.startswith(source.path):
        return error
    return type(error)(f"{source.path}: {text}")


def _open_csv(source: Source, options: LoadOptions, stack: ExitStack) -> _Opened:
    if options.sheet is not None:
        raise UsageError("--sheet is for workbooks, and this is a CSV file")
    with ThreadPoolExecutor(1, thread_name_prefix="bulkcall-sha256") as beside:
        hashing = beside.submit(source.sha256)
        try:
            decided = _encoding(source, options)
        except encoding.UndecidedError as error:
            raise source.error(str(error)) from error
        sha256 = hashing.result()
    blocks = stack.enter_context(source.unpacked(options.max_unpacked, BLOCK))
    texts = utf8_blocks(blocks, decided)
    head, final = next(texts)
    dialect = _dialect(head, options)
    if len(dialect.columns) > options.max_columns:
        raise CampaignFileError(
            f"line {dialect.header_line}: a header of {len(dialect.columns):,} columns; "
            f"the limit is {options.max_columns:,}"
        )
    columns = tuple(unescape_formula(name) for name in dialect.columns)
    fields, saved = _fields(columns, options, dialect.title_hint)
    file = CampaignFile(
        path=source.path,
        sha256=sha256,
        size=source.size,
        kind=source.kind,
        columns=columns,
        fields=fields,
        header_line=dialect.header_line,
        encoding=decided.name,
        delimiter=dialect.delimiter,
        notes=(decided.note,) if decided.note else (),
    )
    rows = csv_reader.read_rows(
        chain(((head[dialect.consumed :], final),), texts),
        dialect.delimiter,
        len(columns),
        options,
        line=dialect.next_line,
    )
    return _Opened(file, rows, tuple, saved)


def _encoding(source: Source, options: LoadOptions) -> encoding.Encoding:
    def survey() -> AbstractContextManager[Iterator[bytes]]:
        return source.unpacked(options.max_unpacked)

    if options.encoding:
        return encoding.given(options.encoding, survey)
    return encoding.decide(survey)


def _dialect(head: bytes, options: LoadOptions) -> Dialect:
    mapped = frozenset(options.columns.values())
    text = head[: options.max_line].decode(errors="ignore")
    dialect = find_dialect(text, mapped, final=len(text.encode()) == len(head))
    if dialect is None:
        raise CampaignFileError("no header: the file holds only blank lines")
    return dialect


def _fields(
    columns: tuple[str, ...], options: LoadOptions, hint: str
) -> tuple[dict[Field, int], SavedMapping | None]:
    """Return which column holds which field, and the saved mapping where one says so."""
    saved = options.saved.find(columns) if options.saved else None
    named = {str(field_of(key) or key) for key in options.columns}
    remembered = {
        field: name
        for field, name in (saved.columns.items() if saved else ())
        if field not in named and field not in options.supplied
    }
    try:
        fields = find_fields(
            columns,
            {**remembered, **options.columns},
            options.supplied,
            optional=options.optional,
        )
    except CampaignFileError as error:
        if hint:
            raise CampaignFileError(f"no known column in the first line; {hint}") from error
        raise
    return fields, SavedMapping(remembered, saved.saved_on) if saved and remembered else None


def _check_saved(saved: SavedMapping, file: CampaignFile, rows: Rows) -> None:
    """Raise where a column of a saved mapping does not hold any more what it is said to hold."""
    for name, column in saved.columns.items():
        field = Field(name)
        cells = rows.cells.column(file.fields[field]).slice(0, _LOOK_ROWS).to_pylist()
        holds = what_it_holds(cells)
        if not fits(field, holds, cells):
            raise CampaignFileError(
                f"the mapping saved on {saved.saved_on} says that column {column!r} is {field}, "
                f"and now it holds {holds}; look with `bulkcall map`, or say with --map which "
                "column it is"
            )


def _saved_note(saved: SavedMapping) -> str:
    each = ", ".join(f"{column!r} is {field}" for field, column in saved.columns.items())
    return f"columns as saved on {saved.saved_on} with `bulkcall map`: {each}"


def _open_sheet(source: Source, options: LoadOptions, stack: ExitStack) -> _Opened:
    if options.sheet is not None and source.kind == "parquet":
        raise UsageError("--sheet is for workbooks, and this is a Parquet file")
    sha256 = source.sha256()
    sheet = stack.enter_context(workbook.Sheet(source, options))
    header = find_header(sheet.batches(), skip_hidden=options.skip_hidden)
    if header is None:
        raise CampaignFileError(f"sheet {sheet.name!r} is empty{_other_sheets(sheet)}")
    columns = tuple(unescape_formula(name) for name in header.columns)
    try:
        fields, saved = _fields(columns, options, header.title_hint)
    except CampaignFileError as error:
        raise CampaignFileError(f"{error}{_other_sheets(sheet)}") from error
    file = CampaignFile(
        path=source.path,
        sha256=sha256,
        size=source.size,
        kind=source.kind,
        columns=columns,
        fields=fields,
        header_line=header.line,
        sheet=sheet.name,
    )
    rows = SheetRows(columns, fields, options)
    return _Opened(file, rows.read(header.below), rows.notes, saved)


def _other_sheets(sheet: workbook.Sheet) -> str:
    if not sheet.others:
        return ""
    names = ", ".join(repr(name) for name in sheet.others[:_SHOWN_SHEETS])
    more = len(sheet.others) - _SHOWN_SHEETS
    return (
        f"; other sheets of the workbook: {names}{f' and {more} more' if more > 0 else ''}; name "
        "the one to read with --sheet"
    )
