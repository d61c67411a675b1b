"""rejected.csv: the rows that another try could save, as they came, each with its reason.

Corrected, it is a campaign file itself: same header, same text, then `error_field`,
`error_message` and `error_code`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from bulkcall.codes import CODES
from bulkcall.records import Outcome
from bulkcall.report.columns import ERROR_CODE, ERROR_FIELD, ERROR_MESSAGE, kept_columns
from bulkcall.report.csv_text import csv_lines, header_line, inert_cells, plain

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import BinaryIO

_ALWAYS = pa.array([Outcome.INVALID.value, Outcome.REFUSED.value, Outcome.FAILED.value])

_FINAL = pa.array([code.name for code in CODES.values() if code.final])
"""Reasons that no further try can change."""


def can_be_saved(results: pa.Table) -> pa.Array:
    """Tell for each row of a ledger's results whether another try could save it."""
    outcome = results.column("outcome").combine_chunks()
    error = pc.equal(outcome, Outcome.ERROR.value)
    if pc.any(error).as_py():
        final = pc.is_in(results.column("code").combine_chunks(), _FINAL)
        error = pc.and_not(error, final)
    return pc.or_(pc.is_in(outcome, _ALWAYS), error)


class RejectedCsv:
    """Writes rejected.csv to an open file, block by block."""

    def __init__(self, file: BinaryIO, own_columns: Sequence[str]) -> None:
        self._file = file
        self._kept = kept_columns(own_columns)
        self.rows = 0
        names = [own_columns[place] for place in self._kept]
        file.write(header_line([*names, ERROR_FIELD, ERROR_MESSAGE, ERROR_CODE]))

    def add(
        self,
        cells: pa.Table,
        fields: pa.Array,
        messages: pa.Array,
        codes: pa.Array,
        surplus: pa.Array | None = None,
    ) -> None:
        """Write rows: their own cells, and for each row the field, the reason and its code.

        A row that has text in `surplus` gets it as one more cell than the header has: so it came,
        and so it stays invalid until somebody has looked at it.
        """
        own = [inert_cells(plain(cells.column(place))) for place in self._kept]
        reasons = [inert_cells(plain(fields)), inert_cells(plain(messages)), plain(codes)]
        for text in csv_lines([*own, *reasons], surplus):
            self._file.write(text)
        self.rows += cells.num_rows
