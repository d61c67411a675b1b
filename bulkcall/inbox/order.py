"""In which order ready files are taken: as they arrived, or the one whose time is up first."""

from __future__ import annotations

import math
from enum import StrEnum
from typing import TYPE_CHECKING

import pyarrow.compute as pc

from bulkcall.errors import InterruptedRun
from bulkcall.progress import NullProgress

if TYPE_CHECKING:
    from pathlib import Path

    from bulkcall.clock import Clock
    from bulkcall.inbox.flags import RunFlags
    from bulkcall.inbox.incoming import IncomingFile, Signature
    from bulkcall.progress import StopToken
    from bulkcall.settings import Settings


class Order(StrEnum):
    """Which ready file is taken next."""

    ARRIVAL = "arrival"
    """The one that was last written to first."""
    DEADLINE = "deadline"
    """The one with the earliest `ends_at` among its valid rows; arrival where that is equal."""


class Deadlines:
    """Reads the earliest `ends_at` of files, once as long as they stay as they are."""

    def __init__(
        self, inbox: Path, settings: Settings, flags: RunFlags, *, clock: Clock, stop: StopToken
    ) -> None:
        self._inbox = inbox
        self._settings = settings
        self._flags = flags
        self._clock = clock
        self._stop = stop
        self._known: dict[tuple[str, Signature], float] = {}

    def first(self, ready: list[IncomingFile]) -> IncomingFile:
        """Choose from files that are in order of arrival."""
        if len(ready) == 1 or not self._flags.own_times:
            return ready[0]  # with --window all end at one time
        self._known = {
            (drop.name, drop.signature): self._of(drop) for drop in ready
        }  # what is gone is forgotten
        return min(ready, key=lambda drop: self._known[drop.name, drop.signature])

    def _of(self, drop: IncomingFile) -> float:
        known = self._known.get((drop.name, drop.signature))
        return self._read(drop) if known is None else known

    def _read(self, drop: IncomingFile) -> float:
        """Return the earliest `ends_at`, epoch milliseconds.

        What can't be read comes first, which costs nothing; what has no valid row comes last.
        """
        earliest = math.inf
        now = self._clock.now_ms()
        try:
            with self._flags.reading(
                self._inbox / drop.name,
                self._settings,
                now_ms=now,
                progress=NullProgress(),
                stop=self._stop,
            ) as intake:
                for chunk in intake.chunks():
                    ends = chunk.records.filter(chunk.records["valid"])["ends_at"]
                    found = pc.min(ends).as_py()
                    earliest = earliest if found is None else min(earliest, found)
        except InterruptedRun:
            return math.inf
        except Exception:  # noqa: BLE001 - what is wrong with it is told when it is taken
            return -math.inf
        return earliest
