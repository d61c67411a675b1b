"""The fast CSV reader: pyarrow, for blocks that are well-formed beyond doubt.

A block is well-formed when each quote stands directly at the edge of its cell or is doubled inside
it (RFC 4180), each line ends with a line feed, and each row has the header's number of cells (all
but a few: csv_ragged.py). Everything else is left to the tolerant reader (csv_tolerant.py), which
reads these blocks the same way.
"""

from __future__ import annotations

from functools import partial

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv

from bulkcall.load import csv_ragged
from bulkcall.load.rows import Rows, names_of, without_blanks

_LF, _CR, _QUOTE = 0x0A, 0x0D, 0x22
_BOM = b"\xef\xbb\xbf"


def read(
    block: bytes, delimiter: str, width: int, *, line: int, final: bool, max_line: int
) -> tuple[Rows, int, int] | None:
    """Read the whole rows of a block that starts with a row: rows, bytes read, next line.

    None where the block is not well-formed beyond doubt, or holds no whole row.
    """
    if block.startswith(_BOM) or _has_long_line(block, max_line):
        return None
    quoted = b'"' in block
    if quoted:
        cut = _cut_outside_quotes(block, ord(delimiter), final=final)
    else:
        cut = len(block) if final else block.rfind(b"\n") + 1
    lone_cr = b"\r" in block and block.count(b"\r", 0, cut) != block.count(b"\r\n", 0, cut)
    if not cut or lone_cr:
        return None
    body = memoryview(block)[:cut]
    breaks = block.count(b"\n", 0, cut)
    if final and block[cut - 1] != _LF:
        breaks += 1
    table = _parse(body, delimiter, width, quoted=quoted)
    if table is None:
        if quoted:
            return None
        parse = partial(_parse, delimiter=delimiter, width=width, quoted=False)
        rows = csv_ragged.read(bytes(body), delimiter, width, line=line, parse=parse)
        return None if rows is None else (rows, cut, line + breaks)
    if table.num_rows == breaks:
        lines = np.arange(line, line + breaks)
    else:
        lines = line + _starts(body, quoted=quoted)
        if len(lines) != table.num_rows:
            return None
    return without_blanks(Rows(table, pa.array(lines, pa.int64()))), cut, line + breaks


def _parse(body: memoryview, delimiter: str, width: int, *, quoted: bool) -> pa.Table | None:
    names = names_of(width)
    try:
        table = pacsv.read_csv(
            pa.BufferReader(pa.py_buffer(body)),
            read_options=pacsv.ReadOptions(
                column_names=names,
                # In one piece: the stages beside this one keep the other processors busy, and
                # pieces would have to be copied together.
                use_threads=False,
                block_size=len(body) + 1,
            ),
            parse_options=pacsv.ParseOptions(delimiter=delimiter, newlines_in_values=quoted),
            convert_options=pacsv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()),
                strings_can_be_null=False,
                null_values=[],
            ),
        )
    except pa.ArrowInvalid:
        return None
    return table.combine_chunks()


def _has_long_line(block: bytes, max_line: int) -> bool:
    # A line longer than the limit covers a whole window of half the limit.
    window = max(1, max_line // 2)
    size = len(block)
    return size > window and any(
        block.find(b"\n", at, at + window) < 0 for at in range(0, size - window + 1, window)
    )


def _cut_outside_quotes(block: bytes, delimiter: int, *, final: bool) -> int:
    """Return the end of the last whole row, or 0 where quotes are not strictly RFC 4180."""
    bytes_ = np.frombuffer(block, np.uint8)
    quotes = np.flatnonzero(bytes_ == _QUOTE)
    cut = len(block)
    if not final:
        feeds = np.flatnonzero(bytes_ == _LF)
        outside = feeds[np.searchsorted(quotes, feeds) % 2 == 0]
        if not len(outside):
            return 0
        cut = int(outside[-1]) + 1
        quotes = quotes[quotes < cut]
    if len(quotes) % 2:
        return 0
    edge = np.zeros(256, bool)
    edge[[delimiter, _LF, _CR, _QUOTE]] = True
    opening, closing = quotes[::2], quotes[1::2]
    before = opening[1:] if len(opening) and opening[0] == 0 else opening
    after = closing[:-1] if len(closing) and closing[-1] == len(block) - 1 else closing
    strict = edge[bytes_[before - 1]].all() and edge[bytes_[after + 1]].all()
    return cut if strict else 0


def _starts(body: memoryview, *, quoted: bool) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Count the line breaks before each row that is not an empty line."""
    bytes_ = np.frombuffer(body, np.uint8)
    feeds = np.flatnonzero(bytes_ == _LF)
    ends = feeds
    if quoted:
        quotes = np.flatnonzero(bytes_ == _QUOTE)
        ends = feeds[np.searchsorted(quotes, feeds) % 2 == 0]
    starts = np.concatenate(([0], ends + 1))
    if starts[-1] == len(bytes_):
        starts = starts[:-1]
    first = bytes_[starts]
    # An empty line is a line feed by itself, or with its carriage return.
    empty = (first == _LF) | (first == _CR)
    result: np.ndarray[tuple[int], np.dtype[np.int64]] = np.searchsorted(feeds, starts[~empty])
    return result
