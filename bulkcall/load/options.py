"""What a caller can say about a campaign file, and the limits against hostile ones."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bulkcall.load.mapping_memory import MappingMemory
    from bulkcall.records import Field

KIB, MIB, GIB = 1 << 10, 1 << 20, 1 << 30


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadOptions:
    """How to read a campaign file. The limits are generous: no honest file meets them."""

    sheet: str | None = None
    """The sheet to read; the first visible one when None."""
    encoding: str = ""
    """What a CSV is in, named by the user; decided by its bytes when empty."""
    skip_hidden: bool = False
    """Leave out the rows of a workbook that are hidden; they then don't count as rows."""
    columns: Mapping[str, str] = field(default_factory=dict)
    """Field → the file's own column name (`--map`, `[columns]`)."""
    saved: MappingMemory | None = None
    """Mappings that the user has saved for headers; `columns` goes before them."""
    optional: frozenset[Field] = frozenset()
    """Fields that need no column, and may have one."""
    supplied: frozenset[Field] = frozenset()
    """Fields that flags give to every row: they need no column, and may not have one."""
    max_cell: int = MIB
    """Bytes of one cell, as UTF-8."""
    max_line: int = 8 * MIB
    """Bytes of one row, as UTF-8, quoted line breaks included."""
    max_columns: int = 16_384
    """Columns of the header; a spreadsheet has no more."""
    max_unpacked: int = 16 * GIB
    """Bytes of what a gz or zip file holds."""
    max_reader_seconds: int = 300
    """Seconds that a workbook's reader may take for the next 20,000 rows."""
    max_workbook: int = 2 * GIB
    """Bytes of what an XLSX or ODS file holds: unlike CSV, a workbook is read as a whole."""
