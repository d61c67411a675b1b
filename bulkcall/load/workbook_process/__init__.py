"""The process that reads a workbook or a Parquet file for `load`; it knows nothing of the rest.

It imports little, so that it starts at once. What it writes comes in frames (`write_frame`).
"""

from __future__ import annotations

import json
import struct
from typing import IO, Any, Final

from bulkcall.load.workbook_process.cell_text import DAY, MOMENT

__all__ = ["DAY", "HIDDEN", "MARKS", "MOMENT", "NUMBER", "OWN_COLUMNS", "read_frame", "write_frame"]

MARKS: Final = "marks"
"""Column of each batch, JSON: column of the sheet → [mark, what it shows]; empty for most rows."""
HIDDEN: Final = "hidden"
"""Column of each batch: whether the row is hidden in the sheet."""
NUMBER: Final = "number"
"""Column of each batch: the row's place in the sheet, from 1; rows without a cell are left out."""
OWN_COLUMNS: Final = 3
_HEAD: Final = struct.Struct(">cI")


def write_frame(out: IO[bytes], kind: bytes, data: bytes = b"") -> None:
    """Write a frame: `J` JSON, `B` a batch as an Arrow stream, `Z` the end."""
    out.write(_HEAD.pack(kind, len(data)))
    out.write(data)
    out.flush()


def read_frame(stream: IO[bytes]) -> tuple[bytes, bytes]:
    """Return the next frame's kind and data. Raises EOFError where the process ended before it."""
    head = stream.read(_HEAD.size)
    if len(head) != _HEAD.size:
        raise EOFError
    kind, size = _HEAD.unpack(head)
    data = stream.read(size)
    if len(data) != size:
        raise EOFError
    return kind, data


def as_json(**said: Any) -> bytes:
    """Return what is said as JSON."""
    return json.dumps(said).encode()
