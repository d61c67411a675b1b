"""`bulkcall inbox`: rounds over a drop folder; what was left first, then what has arrived."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

from bulkcall import notify
from bulkcall.clock import SystemClock
from bulkcall.errors import BulkcallError, ExitStatus
from bulkcall.inbox.claims import Claims
from bulkcall.inbox.flags import RunFlags
from bulkcall.inbox.incoming import Arrivals, incoming_files
from bulkcall.inbox.layout import InboxLayout
from bulkcall.inbox.lock import locked
from bulkcall.inbox.order import Deadlines, Order
from bulkcall.inbox.round_result import FileOutcome, Left, RoundResult, Taken
from bulkcall.inbox.worker import Worker
from bulkcall.progress import NullProgress, StopToken

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from bulkcall.clock import Clock
    from bulkcall.inbox.incoming import IncomingFile, Signature
    from bulkcall.progress import Progress
    from bulkcall.settings import Settings

SETTLE = 10.0
"""Seconds for which a file must not have changed."""
EVERY = 30.0
"""Seconds between two rounds of `--watch`."""
LONGEST_WAIT = 900.0
"""Seconds between two rounds while runs keep being stopped."""
BEAT_EVERY = 3600.0
"""Seconds between two heartbeats of `--watch` while nothing arrives."""
_LOOK = 0.2
"""Seconds between two looks at whether a stop was requested."""
_log = logging.getLogger(__name__)


class Inbox:
    """A drop folder and what is asked of the runs of its files; its parts are handed in."""

    def __init__(
        self,
        folder: Path,
        settings: Settings,
        flags: RunFlags | None = None,
        *,
        settle: float = SETTLE,
        order: Order = Order.ARRIVAL,
        clock: Clock | None = None,
        sleep: Callable[[float], None] = time.sleep,
        progress: Progress | None = None,
        stop: StopToken | None = None,
    ) -> None:
        self._places = InboxLayout(folder)
        self._settings = settings
        self._flags = flags or RunFlags()
        self._settle = settle
        self._order = order
        self._clock = clock or SystemClock()
        self._sleep = sleep
        self._progress = progress or NullProgress()
        self._stop = stop or StopToken()
        self._looks = Arrivals(settle)
        self._claims = Claims(self._places.claims)
        self._deadlines = Deadlines(
            self._places.inbox, settings, self._flags, clock=self._clock, stop=self._stop
        )
        self._worker = Worker(
            self._places,
            self._claims,
            settings,
            self._flags,
            clock=self._clock,
            progress=self._progress,
            stop=self._stop,
        )

    def once(self) -> RoundResult:
        """Make one round and give what it came to.

        Raises:
            UsageError: usage, settings or the folder are wrong; no file was touched.
            StoppedError: another process works on this inbox.
        """
        self._prepare()
        with locked(self._places):
            night = self._round(patient=True)
        if not night.taken:
            self._beat(night)
        return night

    def watch(self, told: Callable[[RoundResult], None], *, every: float = EVERY) -> ExitStatus:
        """Make rounds until a stop is requested; `told` is called for each that had work.

        Raises as `once`. Gives 4 where the last round left a run to be resumed, else 0. While runs
        keep being stopped (server away, credentials, disk), rounds come ever less often.
        """
        self._prepare()
        with locked(self._places):
            last, stopped, silent = "", 0, self._clock.monotonic()
            while True:
                night = self._round(patient=False)
                error = str(night.error or "")
                if night.taken or error != last:
                    told(night)
                last = error
                now = self._clock.monotonic()
                if night.taken:
                    silent = now
                elif now - silent >= BEAT_EVERY:
                    self._beat(night)
                    silent = now
                stopped = stopped + 1 if _stopped(night) else 0
                if not self._wait(min(max(LONGEST_WAIT, every), every * 2 ** min(stopped, 16))):
                    return (
                        ExitStatus.INTERRUPTED if night.of(FileOutcome.RESUMABLE) else ExitStatus.OK
                    )

    def _beat(self, night: RoundResult) -> None:
        """Give the heartbeat of a round without a run: each run gives its own."""
        for problem in notify.beat(self._settings, good=night.exit_status is ExitStatus.OK):
            _log.warning("%s", problem)

    def _prepare(self) -> None:
        self._flags.check(self._settings, now_ms=self._clock.now_ms())
        self._places.make()

    def _round(self, *, patient: bool) -> RoundResult:
        taken: list[Taken] = []
        left: list[Left] = []
        try:
            self._take_all(taken, left, patient=patient)
        except BulkcallError as error:
            return RoundResult(tuple(taken), tuple(left), error)
        return RoundResult(tuple(taken), tuple(left))

    def _take_all(self, taken: list[Taken], left: list[Left], *, patient: bool) -> None:
        self._claims.tidy()
        self._look()  # at once, so that files settle while old runs are resumed
        patience = self._clock.monotonic() + self._settle if patient else 0.0
        for claim in self._claims.all():
            if self._must_end(taken):
                break
            _note(self._worker.take_up(claim), taken, left)
        passed: set[tuple[str, Signature]] = set()
        while not self._must_end(taken):
            ready = [drop for drop in self._look() if (drop.name, drop.signature) not in passed]
            if ready:
                drop = self._deadlines.first(ready) if self._order is Order.DEADLINE else ready[0]
                passed.add((drop.name, drop.signature))
                _note(self._worker.begin(drop), taken, left)
            elif self._looks.ready_at is None or self._looks.ready_at > patience:
                break
            else:
                self._wait(self._looks.ready_at - self._clock.monotonic())
        left += [Left(name, "still being written") for name in sorted(self._looks.unready)]
        if self._must_end(taken):
            left += [Left(drop.name, "not begun") for drop in self._look()]

    def _look(self) -> list[IncomingFile]:
        """Give what is ready and not begun, in order of arrival."""
        claimed = {claim.name: claim.signature for claim in self._claims.all()}
        found = incoming_files(self._places.inbox)
        return self._looks.ready(
            (drop for drop in found if claimed.get(drop.name) != drop.signature),
            self._clock.monotonic(),
        )

    def _must_end(self, taken: list[Taken]) -> bool:
        return self._stop.requested or any(each.blocks for each in taken)

    def _wait(self, seconds: float) -> bool:
        """Wait, and tell whether the time is up; False where a stop was requested."""
        until = self._clock.monotonic() + seconds
        while not self._stop.requested and (rest := until - self._clock.monotonic()) > 0:
            self._sleep(min(_LOOK, rest))
        return not self._stop.requested


def _note(found: Taken | Left | None, taken: list[Taken], left: list[Left]) -> None:
    if isinstance(found, Taken):
        taken.append(found)
    elif found is not None:
        left.append(found)


def _stopped(night: RoundResult) -> bool:
    return night.error is not None or any(each.blocks for each in night.taken)
