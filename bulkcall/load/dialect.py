"""The header line and the delimiter of a CSV."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bulkcall.load.csv_tolerant import Parsed, is_blank, parse
from bulkcall.load.header import DELIMITERS, known_columns
from bulkcall.support.blanks import BLANKS
from bulkcall.support.masking import masked_text

_BLANK = '"' + BLANKS + "".join(DELIMITERS)
_LOOK_ROWS = 30
"""Rows to look at after the header."""
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\n|\r)")
# `sep=;` as Excel understands it: in any case, quoted, and with the empty cells that a program puts
# behind it when it saves the file again.
_SEP = re.compile(r'"?[ ]*sep[ ]*=[ ]*(\\t|[\t!#$%&*+,./:;<>?@^_|~-])"?[\s,;|"]*', re.IGNORECASE)
_MOST_BLANK_LINES = 1000


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a CSV is written, and its header."""

    delimiter: str
    columns: tuple[str, ...]
    header_line: int
    consumed: int
    """Bytes (UTF-8) up to the first row after the header."""
    next_line: int
    """The line after the header."""
    title_hint: str = ""
    """Where a later line looks like the header, a sentence that says so."""


def find_dialect(text: str, mapped: frozenset[str], *, final: bool) -> Dialect | None:
    """Find the header and the delimiter in a file's first characters; None where no line is there.

    The delimiter is the one that shows the most known columns in the header, then the one that
    gives most rows the header's number of cells. A first line `sep=;`, as Excel understands it,
    names the delimiter and is not the header.
    """
    if final and not text.strip(_BLANK):
        return None
    named, skipped, line = _named_delimiter(text)
    delimiters = (named,) if named else DELIMITERS
    best: tuple[tuple[int, float, int], Dialect] | None = None
    for delimiter in delimiters:
        parsed = parse(text[skipped:], delimiter, line=line, final=final, most=_LOOK_ROWS)
        at = next((i for i, row in enumerate(parsed.rows) if not is_blank(row)), None)
        if at is None:
            continue
        upto = parse(text[skipped:], delimiter, line=line, final=final, most=1)
        size = skipped + len(text[skipped : skipped + upto.consumed].encode())
        dialect = _dialect(delimiter, parsed, at, size, upto.line)
        header = parsed.rows[at]
        known = known_columns(header) + sum(
            name in mapped or name.strip().casefold() in mapped for name in header
        )
        rest = [row for row in parsed.rows[at + 1 :] if not is_blank(row)]
        same = sum(len(row) == len(header) for row in rest) / len(rest) if rest else 0.0
        score = (known, same if len(header) > 1 else 0.0, len(header))
        if best is None or score > best[0]:
            best = score, dialect
    return best[1] if best else None


def _named_delimiter(text: str) -> tuple[str, int, int]:
    """Return the delimiter that a `sep=` line names, the characters up to its end, and its line.

    Empty, 0 and 1 where the first line that is not blank is another.
    """
    at = 0
    for line in range(1, _MOST_BLANK_LINES):
        found = _LINE.match(text, at)
        if found is None:
            break
        if named := _SEP.fullmatch(found[0]):
            return ("\t" if named[1] == "\\t" else named[1]), found.end(), line + 1
        if found[0].strip(_BLANK):
            break
        at = found.end()
    return "", 0, 1


def _dialect(delimiter: str, parsed: Parsed, at: int, consumed: int, next_line: int) -> Dialect:
    header = parsed.rows[at]
    hint = ""
    if known_columns(header) == 0:
        for row, number in zip(parsed.rows[at + 1 :], parsed.lines[at + 1 :], strict=True):
            if known_columns(row) > 1:
                hint = (
                    f"line {number} looks like the header; delete what stands above it "
                    f"(line {parsed.lines[at]}: {masked_text(header[0])[:40]!r})"
                )
                break
    return Dialect(delimiter, tuple(header), parsed.lines[at], consumed, next_line, hint)
