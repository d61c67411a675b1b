"""`bulkcall inbox`: rounds over a drop folder; what was left first, then what has arrived."""

from __future__ import annotations

import logging
import time
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from bulkcall import notify
from bulkcall.clock import SystemClock
from bulkcall.errors import BulkcallError, ExitStatus, UsageError
from bulkcall.inbox.claims import Claims
from bulkcall.inbox.flags import RunFlags
from bulkcall.inbox.incoming import Arrivals, incoming_files
from bulkcall.inbox.layout import InboxLayout
from bulkcall.inbox.lock import locked
from bulkcall.inbox.order import Deadlines, Order
from bulkcall.inbox.round_result import FileOutcome, Left, RoundResult, Taken
from bulkcall.inbox.worker import Worker
from bulkcall.progress import NullProgress, StopToken
from bulkcall.support.text import one_line, shown
from bulkcall.support.user_folders import state_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bulkcall.clock import Clock
    from bulkcall.inbox.incoming import IncomingFile, Signature
    from bulkcall.progress import Progress
    from bulkcall.settings import Settings

SETTLE_SECONDS = 10.0
"""Seconds for which a file must not have changed."""
ROUND_SECONDS = 30.0
"""Seconds between two rounds of `--watch`."""
LONGEST_WAIT_SECONDS = 900.0
"""Seconds between two rounds while runs keep being stopped."""
HEARTBEAT_SECONDS = 3600.0
"""Seconds between two heartbeats of `--watch` while nothing arrives."""
_POLL_SECONDS = 0.2
"""Seconds between two looks at whether a stop was requested."""
_NAMED = 3
_log = logging.getLogger(__name__)


class Inbox:
    """A drop folder and what is asked of the runs of its files; its parts are handed in."""

    def __init__(
        self,
        folder: Path,
        settings: Settings,
        flags: RunFlags | None = None,
        *,
        state: Path | None = None,
        settle: float = SETTLE_SECONDS,
        order: Order = Order.ARRIVAL,
        clock: Clock | None = None,
        sleep: Callable[[float], None] = time.sleep,
        progress: Progress | None = None,
        stop: StopToken | None = None,
    ) -> None:
        self._layout = InboxLayout(folder, state or _state_folder(settings))
        self._settings = settings
        self._flags = flags or RunFlags()
        self._settle = settle
        self._order = order
        self._clock = clock or SystemClock()
        self._sleep = sleep
        self._progress = progress or NullProgress()
        self._stop = stop or StopToken()
        self._arrivals = Arrivals(settle)
        self._claims = Claims(self._layout)
        self._deadlines = Deadlines(
            self._layout.path, settings, self._flags, clock=self._clock, stop=self._stop
        )
        self._worker = Worker(
            self._layout,
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
        with self._prepared():
            result = self._round(patient=True)
        if not result.taken:
            self._send_heartbeat(result)
        return result

    def watch(
        self, report: Callable[[RoundResult], None], *, every: float = ROUND_SECONDS
    ) -> ExitStatus:
        """Make rounds until a stop is requested; `report` is called for each that had work.

        Raises as `once`. Gives 4 where the last round left a run to be resumed, else 0. While runs
        keep being stopped (server away, credentials, disk), rounds come ever less often.
        """
        with self._prepared():
            return self._watch(report, every)

    def _watch(self, report: Callable[[RoundResult], None], every: float) -> ExitStatus:
        last, stopped, silent = "", 0, self._clock.monotonic()
        while True:
            result = self._round(patient=False)
            error = str(result.error or "")
            if result.taken or error != last:
                report(result)
            last = error
            now = self._clock.monotonic()
            if result.taken:
                silent = now
            elif now - silent >= HEARTBEAT_SECONDS:
                self._send_heartbeat(result)
                silent = now
            stopped = stopped + 1 if _stopped(result) else 0
            if not self._wait(min(max(LONGEST_WAIT_SECONDS, every), every * 2 ** min(stopped, 16))):
                return ExitStatus.INTERRUPTED if result.of(FileOutcome.RESUMABLE) else ExitStatus.OK

    def _send_heartbeat(self, result: RoundResult) -> None:
        """Send the heartbeat of a round without a run: each run sends its own."""
        for problem in notify.send_heartbeat(
            self._settings, good=result.exit_status is ExitStatus.OK
        ):
            _log.warning("%s", problem)

    @contextmanager
    def _prepared(self) -> Iterator[None]:
        """Hold the inbox; its folders are open while the block lasts."""
        self._flags.check(self._settings, now_ms=self._clock.now_ms())
        try:
            self._layout.open()
            with locked(self._layout):
                yield
        finally:
            self._layout.close()

    def _round(self, *, patient: bool) -> RoundResult:
        taken: list[Taken] = []
        left: list[Left] = []
        try:
            self._layout.open()  # what others did to the folders meanwhile is seen
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
            self._work(claim.name, partial(self._worker.take_up, claim), taken, left)
        passed: set[tuple[str, Signature]] = set()
        while not self._must_end(taken):
            ready = [drop for drop in self._look() if (drop.name, drop.signature) not in passed]
            if ready:
                drop = self._deadlines.first(ready) if self._order is Order.DEADLINE else ready[0]
                passed.add((drop.name, drop.signature))
                self._work(drop.name, partial(self._worker.begin, drop), taken, left)
            elif self._arrivals.ready_at is None or self._arrivals.ready_at > patience:
                break
            else:
                self._say_what_is_waited_for()
                self._wait(self._arrivals.ready_at - self._clock.monotonic())
        left += [Left(name, "still being written") for name in sorted(self._arrivals.unready)]
        if self._must_end(taken):
            left += [Left(drop.name, "not begun") for drop in self._look()]

    def _work(
        self,
        name: str,
        step: Callable[[], Taken | Left | None],
        taken: list[Taken],
        left: list[Left],
    ) -> None:
        """Do the next step for one file and note what came of it; a surprise is that file's own."""
        try:
            found = step()
        except BulkcallError:
            raise
        except Exception as error:  # noqa: BLE001 - one file's surprise must not end the round
            _log.debug("%s: not worked on", shown(name), exc_info=True)
            why = one_line(f"internal error: {type(error).__name__}: {error}", 160)
            found = Left(name, why, ExitStatus.STOPPED)
        if isinstance(found, Taken):
            taken.append(found)
        elif found is not None:
            left.append(found)

    def _say_what_is_waited_for(self) -> None:
        count = len(self._arrivals.unready)
        files = "1 file" if count == 1 else f"{count:,} files"
        self._progress.note(
            f"waiting {self._settle:g} s to see whether {files} may still be written to: "
            f"{', '.join(shown(name) for name in sorted(self._arrivals.unready)[:_NAMED])}"
            f"{' …' if count > _NAMED else ''} (--settle)"
        )

    def _look(self) -> list[IncomingFile]:
        """Return what is ready and not begun, in order of arrival."""
        claimed = {claim.name: claim.signature for claim in self._claims.all()}
        found = incoming_files(self._layout.drop)
        return self._arrivals.ready(
            (drop for drop in found if claimed.get(drop.name) != drop.signature),
            self._clock.monotonic(),
        )

    def _must_end(self, taken: list[Taken]) -> bool:
        return self._stop.requested or any(each.blocks for each in taken)

    def _wait(self, seconds: float) -> bool:
        """Wait, and tell whether the time is up; False where a stop was requested."""
        until = self._clock.monotonic() + seconds
        while not self._stop.requested and (rest := until - self._clock.monotonic()) > 0:
            self._sleep(min(_POLL_SECONDS, rest))
        return not self._stop.requested


def _stopped(result: RoundResult) -> bool:
    return result.error is not None or any(each.blocks for each in result.taken)


def _state_folder(settings: Settings) -> Path:
    """Return the folder that holds the claims of this user's inboxes: in the user's state folder.

    Where that can't be made (no home folder, say), beside a ledger that is a file.
    """
    state = state_folder()
    if settings.ledger and "://" not in settings.ledger:
        ledger = Path(settings.ledger).expanduser().resolve()
        beside = ledger.with_name(f"{ledger.name}.inboxes")
        if state is None:
            return beside
        try:
            (state / "inboxes").mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError:
            return beside
    if state is None:
        raise UsageError("this user has no home folder for claims; set XDG_STATE_HOME to a folder")
    return state / "inboxes"
