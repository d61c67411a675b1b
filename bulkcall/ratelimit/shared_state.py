"""One token's limit over all processes of a machine: a schedule's state in a locked, mapped file.

The file holds moments of the monotonic clock, which is the same for all processes of a machine and
which nobody can set. It starts again at a boot; moments that lie too far ahead are from another one
and are forgotten.
"""

from __future__ import annotations

import contextlib
import hashlib
import mmap
import os
from typing import TYPE_CHECKING, Self

from bulkcall.ratelimit.schedule import Schedule
from bulkcall.support import file_lock

if TYPE_CHECKING:
    from pathlib import Path

    from bulkcall.clock import Clock
    from bulkcall.ratelimit.rate import Rate
    from bulkcall.settings import Secret

FORMAT = "1"


class SharedState:
    """A schedule's floats in a file; `with state:` is the right to read and change them.

    Any process that opens the same path with the same rate works on the same limit. The lock is
    held for microseconds and falls with its process.
    """

    def __init__(self, path: Path, rate: Rate, clock: Clock) -> None:
        for folder in (path.parent.parent, path.parent):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        blank = Schedule.blank(rate)
        size = len(blank) * 8
        self._file = file_lock.open_lock_file(path)
        try:
            file_lock.lock(self._file)
            new = os.fstat(self._file).st_size != size
            if new:
                os.ftruncate(self._file, size)
            self._map = mmap.mmap(self._file, size)
        except OSError:
            os.close(self._file)
            raise
        self._bytes = memoryview(self._map)
        self.floats = self._bytes.cast("d")
        latest = clock.monotonic() + Schedule.horizon(rate)
        if new or not all(value <= latest for value in self.floats):
            for index, value in enumerate(blank):
                self.floats[index] = value
        file_lock.unlock(self._file)

    def __enter__(self) -> Self:
        file_lock.lock(self._file)
        return self

    def __exit__(self, *exc: object) -> None:
        file_lock.unlock(self._file)

    def close(self) -> None:
        """Let go of the file; the limit stays noted in it for whoever comes next."""
        if self._file >= 0:
            self.floats.release()
            self._bytes.release()
            self._map.close()
            with contextlib.suppress(OSError):
                os.close(self._file)
            self._file = -1


def shared_name(base_url: str, token: Secret, lane: str, rate: Rate) -> str:
    """Name the state file of one token's lane: a hash, from which the token can't be had."""
    known_by = "\n".join(
        (FORMAT, base_url, token.reveal(), lane, f"{rate.limit}", f"{rate.window!r}")
    )
    return f"{lane}-{hashlib.sha256(known_by.encode()).hexdigest()[:32]}.pace"
