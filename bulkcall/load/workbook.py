"""Workbooks and Parquet: one sheet's rows, read by a process of its own (workbook_process/)."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import zipfile
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from bulkcall.errors import CampaignFileError, UsageError
from bulkcall.load.reader_bounds import memory_for
from bulkcall.load.source import DAMAGE
from bulkcall.load.workbook_process import read_frame

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Self

    from bulkcall.load.options import LoadOptions
    from bulkcall.load.source import Source

READER = "bulkcall.load.workbook_process"
_CPU_SECONDS = 900
_CPU_SIGNAL = getattr(signal, "SIGXCPU", 0)
_NO_ZIP = {"xls", "parquet"}

READER_ENVIRONMENT = {"PYTHONUTF8": "1"}
"""All that the reader's process is given: no secret of ours is there to be found."""


class Sheet:
    """One sheet of a workbook, open for reading; a context manager.

    Raises (all methods):
        CampaignFileError: the workbook is damaged, encrypted or beyond a limit.
        UsageError: the workbook has no such sheet.
    """

    def __init__(self, source: Source, options: LoadOptions) -> None:
        self._source = source
        self._seconds = options.max_reader_seconds
        self._timed_out = False
        # An XLS file is small, and xlrd goes round for ever where its sectors form a circle.
        self._cpu_seconds = _CPU_SECONDS if source.kind != "xls" else 30 + (source.size >> 17)
        _check_size(source, options)
        # A workbook takes several times its own size: its parts, its cells, and their texts.
        self._memory = memory_for(2 * options.max_workbook + (1 << 30))
        lifeline, self._lifeline = os.pipe()
        asked = {
            "kind": source.kind,
            "sheet": options.sheet,
            "memory": self._memory,
            "seconds": self._cpu_seconds,
            "lifeline": lifeline,
        }
        source.stream.seek(0)
        try:
            self._reader = subprocess.Popen(  # noqa: S603 - our own module, under our own Python
                [sys.executable, "-P", "-m", READER, json.dumps(asked)],
                stdin=source.stream,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                start_new_session=True,  # a Ctrl-C is for the run, not for its reader
                pass_fds=(lifeline,) if os.name == "posix" else (),
                # Modules are found as here.
                env={"PYTHONPATH": os.pathsep.join(filter(None, sys.path)), **READER_ENVIRONMENT},
            )
        except BaseException:
            os.close(self._lifeline)
            raise
        finally:
            os.close(lifeline)
        try:
            said = self._said(self._frame()[1])
            self.name = str(said["sheet"])
            self.others = tuple(str(name) for name in said["others"])
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """End the reader."""
        if self._reader.stdout is not None:
            self._reader.stdout.close()
        self._reader.kill()
        self._reader.wait()
        with suppress(OSError):
            os.close(self._lifeline)
        self._lifeline = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Yield the sheet's rows that hold something, or are hidden."""
        while True:
            kind, data = self._frame()
            if kind == b"Z":
                return
            if kind == b"J":
                self._said(data)
            try:
                with pa.ipc.open_stream(data) as stream:
                    yield from stream
            except (pa.ArrowInvalid, OSError) as error:
                raise self._died() from error

    def _frame(self) -> tuple[bytes, bytes]:
        assert self._reader.stdout is not None  # noqa: S101 - a pipe was asked for
        with self._watched():
            try:
                return read_frame(self._reader.stdout)
            except (EOFError, OSError) as error:
                raise self._died() from error

    @contextmanager
    def _watched(self) -> Iterator[None]:
        """Kill the reader if it gives nothing for too long."""

        def give_up() -> None:
            self._timed_out = True
            self._reader.kill()

        timer = threading.Timer(self._seconds, give_up)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def _said(self, data: bytes) -> dict[str, Any]:
        said: dict[str, Any] = json.loads(data)
        if "error" in said:
            if said.get("usage"):
                raise UsageError(f"{self._source.path}: {said['error']}")
            raise self._source.error(said["error"])
        return said

    def _died(self) -> CampaignFileError:
        status = self._reader.wait()
        if status == -_CPU_SIGNAL:
            what = f"reading it takes more than {self._cpu_seconds:,} seconds of processor time"
        elif self._timed_out:
            what = f"reading it takes more than {self._seconds:,} seconds"
        elif status < 0:
            what = (
                f"it is damaged, or takes more than {self._memory:,} bytes of memory (reader ended "
                f"by signal {-status})"
            )
        else:
            what = f"its reader ended with status {status}"
        return self._source.error(f"the workbook can't be read: {what}; save the sheet as CSV")


def _check_size(source: Source, options: LoadOptions) -> None:
    if source.kind in _NO_ZIP:
        return
    try:
        with zipfile.ZipFile(source.stream) as archive:
            total = sum(member.file_size for member in archive.infolist())
    except DAMAGE as error:
        raise source.error(f"a damaged workbook: {error}") from error
    if total > options.max_workbook:
        raise source.error(
            f"the workbook unpacks to {total:,} bytes; the limit is {options.max_workbook:,}; "
            "save the sheet as CSV"
        )
