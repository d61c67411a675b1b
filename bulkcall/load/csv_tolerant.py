"""The tolerant CSV reader: any line ending, ragged rows, quotes where they should not be.

It takes text from the start of a row and returns whole rows; the fast reader (csv_arrow.py) returns
the same for the files that it reads at all. What it can't read for certain becomes a fault of its
row.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bulkcall.records import RowFault, RowRule
from bulkcall.support.blanks import BLANKS

if TYPE_CHECKING:
    from collections.abc import Iterable

NEWLINE = re.compile(r"\r\n|\n|\r")


@dataclass(slots=True)
class Parsed:
    """Ragged rows, blank ones included, and how far the text was read."""

    rows: list[list[str]] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    faults: dict[int, RowFault] = field(default_factory=dict)
    """Index of a row → what is wrong with its quotes."""
    consumed: int = 0
    """Characters read, up to the end of the last whole row."""
    line: int = 1
    """The line on which the next row starts."""
    open_quote: int = 0
    """The line of a quote that is still open at the end of the text; 0: none."""


def is_blank(cells: Iterable[str]) -> bool:
    """Return whether a row's cells are all empty, or hold nothing but blanks."""
    return not any(cell and cell.strip(BLANKS) for cell in cells)


def parse(
    text: str, delimiter: str, *, line: int = 1, final: bool = True, most: int | None = None
) -> Parsed:
    """Read whole rows from the start of `text`.

    `final` says that nothing comes after `text`; else a row that may go on is left for the next
    call. `most` ends the reading after so many rows that hold something.
    """
    parsed = Parsed(line=line)
    stop = re.compile(f"[{re.escape(delimiter)}\r\n]")
    size = len(text)
    position = 0
    held = 0
    while position < size and (most is None or held < most):
        found = NEWLINE.search(text, position)
        end, after = found.span() if found else (size, size)
        quote = text.find('"', position, end)
        if quote < 0:
            if not final and (after == size and text[size - 1] != "\n"):
                break
            cells = text[position:end].split(delimiter)
            breaks = 1
            fault = None
        else:
            row = _quoted_row(text, position, delimiter, stop, final=final)
            if row is None:
                parsed.open_quote = parsed.line
                break
            cells, after, breaks, fault = row
            if not final and after == size and text[size - 1] != "\n":
                break
        if fault is not None:
            parsed.faults[len(parsed.rows)] = fault
        parsed.rows.append(cells)
        parsed.lines.append(parsed.line)
        parsed.line += breaks
        position = after
        held += not is_blank(cells)
    parsed.consumed = position
    return parsed


def _quoted_row(
    text: str, position: int, delimiter: str, stop: re.Pattern[str], *, final: bool
) -> tuple[list[str], int, int, RowFault | None] | None:
    """Read one row that holds a quote: cells, where the next row starts, line breaks, fault.

    None where a quote is still open at the end of the text, or may go on after it.
    """
    size = len(text)
    start = position
    cells: list[str] = []
    fault: RowFault | None = None
    while True:
        if text.startswith('"', position):
            close = _closing(text, position + 1, final=final)
            if close is None:
                return None
            value = text[position + 1 : close].replace('""', '"')
            position = close + 1
            if position < size and not stop.match(text, position):
                end = _next(stop, text, position)
                value += text[position:end]
                position = end
                fault = fault or _quote_fault(len(cells) + 1, value)
        else:
            end = _next(stop, text, position)
            value = text[position:end]
            position = end
        cells.append(value)
        if position >= size or text[position] != delimiter:
            break
        position += 1
    if text.startswith("\r\n", position):
        position += 2
    elif position < size:
        position += 1
    breaks = len(NEWLINE.findall(text[start:position]))
    return cells, position, breaks or 1, fault


def _closing(text: str, position: int, *, final: bool) -> int | None:
    while True:
        close = text.find('"', position)
        if close < 0:
            return None
        if text.startswith('"', close + 1):
            position = close + 2
            continue
        if close + 1 == len(text) and not final:
            return None
        return close


def _next(stop: re.Pattern[str], text: str, position: int) -> int:
    found = stop.search(text, position)
    return found.start() if found else len(text)


def _quote_fault(column: int, value: str) -> RowFault:
    return RowFault(
        RowRule.BROKEN_QUOTES,
        f"column {column}: text after a closing quote ({value[:40]!r}); a quote inside a quoted "
        "cell must be doubled",
        column - 1,
        surplus=value,
    )
