"""Blocks without quotes in which a few rows are not as wide as the header: fast all the same.

The regular lines go to pyarrow, the others are split one by one, and all come back in their order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from bulkcall.load.rows import Rows, shape, without_blanks

if TYPE_CHECKING:
    from collections.abc import Callable

_LF, _CR = 0x0A, 0x0D
_MOST = 0.3
"""A block with more odd rows than this share is left to the tolerant reader."""


def read(
    body: bytes,
    delimiter: str,
    width: int,
    *,
    line: int,
    parse: Callable[[memoryview], pa.Table | None],
) -> Rows | None:
    """Read whole lines that hold no quote and no lone carriage return.

    Args:
        body: The lines; the last may have no line feed.
        delimiter: One ASCII character.
        width: How many columns the header has.
        line: The line on which the first one stands.
        parse: Reads lines of `width` cells; None where it can't.
    """
    bytes_ = np.frombuffer(body, np.uint8)
    ends = np.flatnonzero(bytes_ == _LF) + 1
    if not len(ends) or ends[-1] != len(bytes_):
        ends = np.append(ends, len(bytes_))
    starts = np.concatenate(([0], ends[:-1]))
    delimiters = np.flatnonzero(bytes_ == ord(delimiter))
    cells = np.searchsorted(delimiters, ends) - np.searchsorted(delimiters, starts) + 1
    first = bytes_[starts]
    empty = (first == _LF) | (first == _CR)
    regular = (cells == width) & ~empty
    odd = np.flatnonzero((cells != width) & ~empty)
    if len(odd) > len(ends) * _MOST:
        return None
    kept = bytes_[np.repeat(regular, ends - starts)]
    numbers = line + np.flatnonzero(regular)
    table = parse(memoryview(kept)) if len(numbers) else None
    if table is None or table.num_rows != len(numbers):
        return None
    plain = without_blanks(Rows(table, pa.array(numbers, pa.int64())))
    texts = [body[starts[at] : ends[at]].decode().rstrip("\r\n") for at in odd]
    other = shape([text.split(delimiter) for text in texts], (line + odd).tolist(), width)
    return _merged(plain, other)


def _merged(plain: Rows, other: Rows) -> Rows:
    lines = np.concatenate((plain.lines.to_numpy(), other.lines.to_numpy()))
    order = np.argsort(lines, kind="stable")
    place = np.argsort(order)
    cells = pa.concat_tables([plain.cells, other.cells]).take(pa.array(order)).combine_chunks()
    faults = {int(place[len(plain) + at]): fault for at, fault in other.faults.items()}
    return Rows(cells, pa.array(lines[order], pa.int64()), faults)
