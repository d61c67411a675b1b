"""The breaker as the sender lives with it: who may go, what a person is told, when it is over."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from bulkcall.api import (
    BadCertificate,
    ClientError,
    Halted,
    MaybeApplied,
    NotApplied,
    NoToken,
    RateLimited,
    Unavailable,
    Unreadable,
)
from bulkcall.errors import ServerAwayError, TurnedDownError
from bulkcall.support.masking import masked_text

if TYPE_CHECKING:
    from bulkcall.api import ApiFailure
    from bulkcall.clock import Clock
    from bulkcall.progress import Progress, StopToken
    from bulkcall.send.circuit_breaker import CircuitBreaker, RejectionRate
    from bulkcall.send.outbound import Decision, OutboundRequest

_LOG = logging.getLogger(__name__)
LOOK = 0.1
"""Seconds between two looks at whether a pause is over or a stop was asked for."""

WORTH_TELLING = 2.9
"""Seconds that a pause must last to be told: of 3 s a moment is gone when that is asked."""

QUIET = 30.0
"""Seconds between two such lines."""


class ServerHealth:
    """Feeds the breaker with what came back, lets probes through, and says when to stop the run."""

    def __init__(
        self,
        breaker: CircuitBreaker,
        tally: RejectionRate,
        *,
        clock: Clock,
        progress: Progress,
        base_url: str,
    ) -> None:
        self._breaker = breaker
        self._tally = tally
        self._clock = clock
        self._progress = progress
        self._base_url = base_url
        self._probing = False
        self._quiet_until = 0.0

    def paused(self, seconds: float, why: str) -> None:
        """Tell a person, now and then, that a token rests because the server asked for it."""
        now = self._clock.monotonic()
        if seconds >= WORTH_TELLING and now >= self._quiet_until:
            self._quiet_until = now + QUIET
            told = masked_text(why)
            self._progress.note(f"{told}: a token pauses for {seconds:.0f} s; no row is lost by it")

    @property
    def away(self) -> bool:
        """Whether the server seems away."""
        return self._breaker.open

    async def admit(self, halt: StopToken) -> bool:
        """Wait until a request may go. True: it is the one probe, to be ended with `probed`.

        Raises ServerAwayError when the server has been away for too long.
        """
        while self._breaker.open and not halt.requested:
            now = self._clock.monotonic()
            if not self._probing:
                if self._breaker.given_up(now):
                    raise ServerAwayError(self._farewell(now))
                if now >= self._breaker.next_probe:
                    self._probing = True
                    return True
            await self._clock.sleep(LOOK)
        return False

    def probed(self, *, used: bool) -> None:
        """Note that the probe is over; `used`: a request went out for it."""
        self._probing = False
        if used and self._breaker.open:
            self._breaker.probe_failed(self._clock.monotonic())

    def answered(self) -> None:
        """Note that the server answered."""
        since = self._breaker.since
        if self._breaker.answered() and since is not None:
            gone = self._clock.monotonic() - since
            _LOG.info("breaker closed after %.1f s", gone)
            self._progress.note(f"the server is back after {gone:.0f} s; going on")

    def reached(self) -> None:
        """Note that the server has given a token, so that it has been there in this run."""
        self._breaker.contact = True

    def failed(self, failure: ApiFailure, parcel: OutboundRequest) -> None:
        """Note how a request failed. Raises ServerAwayError where no wait can help."""
        if isinstance(failure, BadCertificate):
            raise ServerAwayError(f"{self._base_url}: {failure.message}; nothing is sent there")
        if isinstance(failure, Halted):
            return
        if not _absent(failure):
            self.answered()
            return
        now = self._clock.monotonic()
        # A missing token says nothing about a row; a 5xx may, if the row has been tried before.
        answered = failure.http_status is not None and not isinstance(failure, NoToken)
        if answered and parcel.again:
            return
        opened = self._breaker.failed(now, parcel.rows[0].row, failure.message, answered=answered)
        if opened:
            left = (self._breaker.deadline or now) - now
            _LOG.info("breaker open: %s; %.0f s until giving up", type(failure).__name__, left)
            self._progress.note(
                f"the server seems away ({masked_text(failure.message)}); pausing, and asking now "
                "and then; the run stops, "
                f"resumable, if it is not back within {max(0.0, left):.0f} s"
            )

    def settled(self, ruling: Decision) -> None:
        """Count what a request settled. Raises TurnedDownError if going on is not worth it."""
        self._tally.note(ruling.settled, ruling.reason)
        if self._tally.verdict:
            # It quotes the server, which may name the row's numbers; this line is for everybody.
            told = masked_text(self._tally.verdict)
            raise TurnedDownError(f"{told}; the rest was not sent: mend the cause, then resume")

    def _farewell(self, now: float) -> str:
        gone = now - (self._breaker.since or now)
        never = "" if self._breaker.contact else ", and it never answered in this run"
        return (
            f"the server at {self._base_url} has been away for {gone:.0f} s{never} "
            f"({masked_text(self._breaker.message)}); resume when it is back"
        )


def _absent(failure: ApiFailure) -> bool:
    """Whether a failure may mean that the server is away; else it is there and says no."""
    if isinstance(failure, RateLimited | ClientError | Unreadable):
        return False
    if isinstance(failure, NoToken):
        return not failure.answered
    if isinstance(failure, Unavailable):
        return failure.http_status == 503  # noqa: PLR2004 - 408 and 425 are about this request
    return isinstance(failure, NotApplied | MaybeApplied)
