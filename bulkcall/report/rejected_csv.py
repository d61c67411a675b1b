"""rejected.csv: the rows that another try could save, as they came, each with its reason.

Mended, it is a campaign file itself: same header, same text, then `error_field`, `error_message`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from bulkcall.records import Outcome
from bulkcall.report.columns import ERROR_FIELD, ERROR_MESSAGE, kept_columns
from bulkcall.report.csv_text import csv_lines, header_line, inert_cells, plain

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import BinaryIO

_ALWAYS = pa.array([Outcome.INVALID.value, Outcome.REFUSED.value, Outcome.FAILED.value])

FINAL_REASONS = (
    r"(?i)not[\s_-]+a[\s_-]+truecaller[\s_-]+user"
    r"|os([\s_-]+version)?[\s_-]+not[\s_-]+supported"
    r"|app([\s_-]+version)?[\s_-]+not[\s_-]+supported"
)
"""Server's reasons that no further try can change (api.md: why a record failed)."""


def can_be_saved(results: pa.Table) -> pa.Array:
    """Tell for each row of a ledger's results whether another try could save it."""
    outcome = results.column("outcome").combine_chunks()
    message = results.column("message").combine_chunks()
    error = pc.equal(outcome, Outcome.ERROR.value)
    if pc.any(error).as_py():
        error = pc.and_not(error, pc.match_substring_regex(message, FINAL_REASONS))
    return pc.or_(pc.is_in(outcome, _ALWAYS), error)


class RejectedCsv:
    """Writes rejected.csv to an open file, block by block."""

    def __init__(self, file: BinaryIO, own_columns: Sequence[str]) -> None:
        self._file = file
        self._kept = kept_columns(own_columns)
        self.rows = 0
        names = [own_columns[place] for place in self._kept]
        file.write(header_line([*names, ERROR_FIELD, ERROR_MESSAGE]))

    def add(self, cells: pa.Table, fields: pa.Array, messages: pa.Array) -> None:
        """Write rows: their own cells, and for each row the field and the reason."""
        own = [inert_cells(plain(cells.column(place))) for place in self._kept]
        reasons = [inert_cells(plain(fields)), inert_cells(plain(messages))]
        for text in csv_lines([*own, *reasons]):
            self._file.write(text)
        self.rows += cells.num_rows
