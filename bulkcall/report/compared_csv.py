"""compared.csv: the rows that are failing now or were failing in the other run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bulkcall.report.csv_text import csv_lines, header_line, plain

if TYPE_CHECKING:
    from typing import BinaryIO

    from bulkcall.report.comparison import Comparison


def write_compared(file: BinaryIO, comparison: Comparison) -> None:
    """Write every change but `still fine`, the newly failing first, each in file order."""
    table = comparison.rows
    file.write(header_line(table.column_names))
    file.writelines(csv_lines([plain(column) for column in table.combine_chunks().columns]))
