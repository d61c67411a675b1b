"""What `bulkcall validate --out` writes: rejected.csv and summary.json, without a ledger."""

from __future__ import annotations

import logging
from contextlib import ExitStack
from typing import TYPE_CHECKING, Self

import orjson
import pyarrow.compute as pc

from bulkcall.report.findings import (
    joined_findings,
    surplus_of,
    surplus_texts,
    with_all_findings,
)
from bulkcall.report.out_folder import check_out_folder
from bulkcall.report.rejected_csv import RejectedCsv
from bulkcall.support.atomic_files import replacing, require_folder

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

    from bulkcall.records import CampaignFile, CheckedChunk

_LOG = logging.getLogger(__name__)


class ValidationReport:
    """Takes checked chunks as they pass; `close` gives the files their names.

    A context manager: left without `close`, it leaves no file behind. Raises UsageError where no
    file can be put into the folder, DiskFullError or StoppedError where one can't be written.
    """

    def __init__(self, out_dir: Path, file: CampaignFile) -> None:
        check_out_folder(out_dir, file.path)
        warning = require_folder(out_dir)
        if warning:
            _LOG.warning("%s", warning)
        self._folder = out_dir
        self._rows = 0
        self._invalid = 0
        with ExitStack() as stack:
            handle = stack.enter_context(replacing(out_dir / "rejected.csv"))
            self._rejected = RejectedCsv(handle, file.columns)
            self._stack = stack.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None:
            error = RuntimeError("left without close()")
            kind = RuntimeError
        # After `close` the stack is empty and this does nothing.
        self._stack.__exit__(kind, error, trace)

    def add(self, checked: CheckedChunk) -> None:
        """Write the invalid rows of a chunk."""
        records = checked.records.combine_chunks()
        self._rows += records.num_rows
        bad = pc.invert(records.column("valid").combine_chunks())
        wrong = records.filter(bad)
        self._invalid += wrong.num_rows
        fields, messages = with_all_findings(
            wrong.column("row").combine_chunks(),
            wrong.column("field").combine_chunks(),
            wrong.column("message").combine_chunks(),
            joined_findings(checked.findings),
        )
        codes = wrong.column("code").combine_chunks()
        rows = wrong.column("row").combine_chunks()
        surplus = surplus_of(rows, surplus_texts(checked.findings))
        self._rejected.add(checked.chunk.cells.filter(bad), fields, messages, codes, surplus)

    def close(self, duplicates: int) -> dict[str, Path]:
        """Finish both files; `duplicates` of the valid rows equal an earlier one. Name → path."""
        summary = {
            "rows": self._rows,
            "valid": self._rows - self._invalid - duplicates,
            "invalid": self._invalid,
            "duplicate": duplicates,
        }
        path = self._folder / "summary.json"
        with replacing(path) as handle:
            handle.write(orjson.dumps(summary, option=orjson.OPT_INDENT_2) + b"\n")
        self._stack.close()
        return {"rejected.csv": self._folder / "rejected.csv", "summary.json": path}
