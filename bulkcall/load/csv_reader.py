"""A CSV from bytes to rows, block by block: the fast reader, or the tolerant one where needed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bulkcall.errors import CampaignFileError
from bulkcall.load import csv_arrow
from bulkcall.load.csv_tolerant import parse
from bulkcall.load.rows import Rows, finished, shape

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from bulkcall.load.options import LoadOptions


def read_rows(
    blocks: Iterable[tuple[bytes, bool]],
    delimiter: str,
    width: int,
    options: LoadOptions,
    *,
    line: int,
    use_fast: bool = True,
) -> Iterator[Rows]:
    """Read UTF-8 blocks, the first of which starts with a row.

    Args:
        blocks: The text after the header, each with whether it is the last; a block may end
            anywhere, also within a character.
        delimiter: One ASCII character.
        width: How many columns the header has.
        options: For the limits.
        line: The line on which the first block starts.
        use_fast: False reads everything with the tolerant one; the rows are the same.

    Raises:
        CampaignFileError: a quote is never closed; a cell or row is over its limit.
    """
    rest = b""
    for block, final in blocks:
        rest = rest + block if rest else block
        while rest:
            read = None
            if use_fast:
                read = csv_arrow.read(
                    rest, delimiter, width, line=line, final=final, max_line=options.max_line
                )
            if read is None:
                read = _read_tolerantly(rest, delimiter, width, options, line=line, final=final)
            rows, consumed, line = read
            if consumed == 0:
                if len(rest) > options.max_line:
                    raise _too_long(line, options.max_line)
                break
            rest = rest[consumed:]
            if len(rows):
                yield finished(rows, options.max_cell)


def _read_tolerantly(
    block: bytes, delimiter: str, width: int, options: LoadOptions, *, line: int, final: bool
) -> tuple[Rows, int, int]:
    text = _whole_characters(block)
    parsed = parse(text, delimiter, line=line, final=final)
    if final and parsed.open_quote:
        raise CampaignFileError(
            f"line {parsed.open_quote}: a quote is opened in this row and never closed; "
            "close it, or take it out"
        )
    consumed = len(text[: parsed.consumed].encode())
    for row, number in zip(parsed.rows, parsed.lines, strict=True):
        size = sum(map(len, row)) + len(row)
        if size * 4 > options.max_line and len("".join(row).encode()) > options.max_line:
            raise _too_long(number, options.max_line)
    return shape(parsed.rows, parsed.lines, width, parsed.faults), consumed, parsed.line


def _whole_characters(block: bytes) -> str:
    # At most three bytes of an unfinished character stand at the end; the next block goes on there.
    for cut in range(4):
        try:
            return block[: len(block) - cut].decode()
        except UnicodeDecodeError:
            continue
    raise CampaignFileError("the file changed while it was read; start again when it is at rest")


def _too_long(line: int, limit: int) -> CampaignFileError:
    return CampaignFileError(
        f"line {line}: a row of more than {limit:,} bytes, the limit; is a quote left open?"
    )
