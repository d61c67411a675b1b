"""Standard streams that cost a message at most: full, closed, or without anybody who reads.

contract: Exit status. `prepare` is called once, before anything else opens a file.
"""

from __future__ import annotations

import errno
import io
import os
import select
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

_STDIN, _STDOUT, _STDERR = 0, 1, 2
_PIECE_BYTES = 512
"""A pipe that says it is ready takes at least so much at once (POSIX: PIPE_BUF)."""
_PATIENCE_MS = 1000
"""How long a reader may pause before what it does not read is dropped."""
_NOWHERE = Path("/proc/self/fdinfo")


def prepare() -> None:
    """Let nothing about the streams or the working directory bring a command down."""
    for number in (_STDIN, _STDOUT, _STDERR):
        _open_if_closed(number)
    if sys.stdout is None:
        sys.stdout = os.fdopen(_STDOUT, "w", encoding="utf-8", closefd=False)
    encoding = "utf-8" if sys.stderr is None else sys.stderr.encoding
    # Wide enough for whatever a name holds: what the encoding lacks is written as an escape.
    sys.stderr = io.TextIOWrapper(
        _Forgiving(_STDERR), encoding=encoding, errors="backslashreplace", write_through=True
    )
    _leave_deleted_folder()


def write_or_drop(number: int, data: bytes, patience_ms: int = _PATIENCE_MS) -> bool:
    """Write to a descriptor; False where it takes nothing and the rest was dropped."""
    view = memoryview(data)
    while view:
        try:
            if not _is_ready(number, patience_ms):
                return False
            view = view[os.write(number, view[:_PIECE_BYTES]) :]
        except OSError:
            return False
    return True


class _Forgiving(io.RawIOBase):
    """A stream that says it has written everything."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self._number = number
        self._is_read = True

    @property
    def name(self) -> str:
        return "<stderr>"

    def fileno(self) -> int:
        return self._number

    def isatty(self) -> bool:
        return os.isatty(self._number)

    def writable(self) -> bool:
        return True

    def write(self, data: Any, /) -> int:
        # Once nobody reads, each further message is tried, and none is waited for.
        self._is_read = write_or_drop(
            self._number, bytes(data), _PATIENCE_MS if self._is_read else 0
        )
        return len(memoryview(data))


def _is_ready(number: int, patience_ms: int) -> bool:
    if not hasattr(select, "poll"):
        return True
    poll = select.poll()
    poll.register(number, select.POLLOUT)
    return any(event & select.POLLOUT for _, event in poll.poll(patience_ms))


def _open_if_closed(number: int) -> None:
    """Put the null device there, so that no file that is opened later gets this number."""
    try:
        os.fstat(number)
    except OSError as error:
        if error.errno != errno.EBADF:
            return
        flags = os.O_RDONLY if number == _STDIN else os.O_WRONLY
        opened = os.open(os.devnull, flags)
        if opened != number:
            os.dup2(opened, number)
            os.close(opened)


def _leave_deleted_folder() -> None:
    """Stand where relative paths lead nowhere, if the working directory was deleted.

    Asking for it would fail in every library; and a relative path must not become one of another
    folder. Absolute paths, the ledger's and `--out` say, work as ever.
    """
    try:
        Path.cwd()
    except OSError:
        with suppress(OSError):
            os.chdir(_NOWHERE if _NOWHERE.is_dir() else "/")
        write_or_drop(
            _STDERR, b"bulkcall: the working directory is gone; only absolute paths can be used\n"
        )
