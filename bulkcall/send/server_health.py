"""The breaker as the sender lives with it: who may go, what a person reads, when it is over."""

from __future__ import annotations

import logging
from enum import Enum
from typing import TYPE_CHECKING

from bulkcall.api import (
    BadCertificate,
    BadRequest,
    ClientError,
    ForbiddenError,
    Halted,
    MaybeApplied,
    NotApplied,
    NoToken,
    ProxyRefused,
    RateLimited,
    Unavailable,
    Unreadable,
)
from bulkcall.errors import ServerAwayError, TurnedDownError, UnreadableError
from bulkcall.progress import StopToken
from bulkcall.support.masking import masked_text

if TYPE_CHECKING:
    from bulkcall.api import ApiFailure, UnreadableAnswers
    from bulkcall.clock import Clock
    from bulkcall.progress import Progress
    from bulkcall.send.circuit_breaker import CircuitBreaker, RejectionRate
    from bulkcall.send.outbound import Decision, OutboundRequest
    from bulkcall.send.retry import Backoff

_LOG = logging.getLogger(__name__)
LONGEST_SLEEP = 60.0
"""Seconds for which one waits for another one's probe without a look."""

QUIET = 30.0
"""Seconds between two such lines."""


class Admission(Enum):
    """Under which terms a request may go."""

    FREE = "free"
    """Beside any number of others."""
    FIRST = "first"
    """The one request of a run of which no other has ended yet."""
    PROBE = "probe"
    """The one small request that asks whether the server is there, or speaks sense again."""


class ServerHealth:
    """Feeds the breaker with what came back, lets probes through, and says when to stop the run."""

    def __init__(
        self,
        breaker: CircuitBreaker,
        rejections: RejectionRate,
        unreadable: UnreadableAnswers,
        *,
        unreadable_backoff: Backoff,
        clock: Clock,
        progress: Progress,
        base_url: str,
        pause_worth_noting: float,
    ) -> None:
        self._breaker = breaker
        self._rejections = rejections
        self._unreadable = unreadable
        self._unreadable_backoff = unreadable_backoff
        self._unreadable_next = 0.0
        self._any_ended = False
        self._clock = clock
        self._progress = progress
        self._base_url = base_url
        self._pause_worth_noting = pause_worth_noting
        self._probing = False
        self._waiting: set[StopToken] = set()
        self._quiet_until = 0.0

    def paused(self, seconds: float, why: str) -> None:
        """Note for a person, now and then, that a token rests because the server asked for it."""
        now = self._clock.monotonic()
        if seconds >= self._pause_worth_noting and now >= self._quiet_until:
            self._quiet_until = now + QUIET
            shown = masked_text(why)
            self._progress.note(
                f"{shown}: a token pauses for {seconds:.0f} s; no row is lost by it"
            )

    @property
    def away(self) -> bool:
        """Whether the server seems away."""
        return self._breaker.open

    @property
    def cautious(self) -> bool:
        """Whether requests go one at a time, and small: away, or its answers can't be read."""
        return self._breaker.open or self._unreadable.suspect

    async def admissible(self, halt: StopToken) -> None:
        """Wait until a request may go: then take a permit, and `admit` it.

        Raises ServerAwayError when the server has been away for too long.
        """
        while not halt.requested and self._admission() is None:
            now = self._clock.monotonic()
            if not self._probing and self._breaker.given_up(now):
                raise ServerAwayError(self._away_message(now))
            # Woken when what is known of the server changes: a probe has ended, an answer came.
            wake = StopToken(halt)
            self._waiting.add(wake)
            try:
                await self._clock.sleep(LONGEST_SLEEP if self._probing else self._due() - now, wake)
            finally:
                self._waiting.discard(wake)

    def admit(self) -> Admission | None:
        """Let a request go now, if it may. One that is not FREE is to be ended with `probed`."""
        admission = self._admission()
        if admission is not None and admission is not Admission.FREE:
            self._probing = True
        return admission

    def _admission(self) -> Admission | None:
        if self._any_ended and not self.cautious:
            return Admission.FREE
        now = self._clock.monotonic()
        if self._probing or now < self._due() or self._breaker.given_up(now):
            return None
        return Admission.PROBE if self.cautious else Admission.FIRST

    def _due(self) -> float:
        return self._breaker.next_probe if self._breaker.open else self._unreadable_next

    def _wake(self) -> None:
        for wake in tuple(self._waiting):
            wake.request("what is known of the server has changed")

    def probed(self, *, used: bool) -> None:
        """Note that the one request of an admission is over; `used`: it went out."""
        self._probing = False
        if used and self._breaker.open:
            self._breaker.probe_failed(self._clock.monotonic())
        self._wake()

    def answered(self, rows: int) -> None:
        """Note that the server gave an answer of sense to a request of so many rows."""
        self._unreadable.note(rows, readable=True)
        self._reached_it()

    def _reached_it(self) -> None:
        self._any_ended = True
        since = self._breaker.since
        if self._breaker.answered() and since is not None:
            gone = self._clock.monotonic() - since
            _LOG.info("breaker closed after %.1f s", gone)
            self._progress.note(f"the server is back after {gone:.0f} s; going on")
        self._wake()

    def reached(self) -> None:
        """Note that the server has given a token, so that it has been there in this run."""
        self._breaker.contact = True

    def failed(self, failure: ApiFailure, request: OutboundRequest) -> None:
        """Note how a request failed.

        Raises ServerAwayError or CredentialsError where no wait can help, UnreadableError where
        most recent answers can't be read.
        """
        self._any_ended = True
        if isinstance(failure, BadCertificate | ProxyRefused):
            raise ServerAwayError(f"{self._base_url}: {failure.message}; nothing is sent there")
        if isinstance(failure, ForbiddenError):
            raise failure.stops(self._base_url)
        if isinstance(failure, Halted):
            return
        if isinstance(failure, Unreadable):
            self._reached_it()
            self._not_read(failure, request)
            return
        if not _absent(failure):
            if isinstance(failure, BadRequest | ClientError):
                self._unreadable.note(len(request.rows), readable=True)
            self._reached_it()
            return
        now = self._clock.monotonic()
        # A missing token says nothing about a row; a 5xx may, if the row has been tried before.
        answered = failure.http_status is not None and not isinstance(failure, NoToken)
        if answered and request.again:
            return
        opened = self._breaker.failed(now, request.rows[0].row, failure.message, answered=answered)
        if opened:
            left = (self._breaker.deadline or now) - now
            _LOG.info("breaker open: %s; %.0f s until giving up", type(failure).__name__, left)
            self._progress.note(
                f"the server seems away ({masked_text(failure.message)}); pausing, and asking now "
                "and then; the run stops, "
                f"resumable, if it is not back within {max(0.0, left):.0f} s"
            )

    def _not_read(self, failure: ApiFailure, request: OutboundRequest) -> None:
        unreadable = self._unreadable
        unreadable.note(len(request.rows), readable=False)
        pause = self._unreadable_backoff.ceiling(unreadable.streak)
        self._unreadable_next = self._clock.monotonic() + pause
        _LOG.info("an answer can't be read, %d in a row", unreadable.streak)
        if unreadable.too_many:
            raise UnreadableError(
                f"most recent answers of {self._base_url} can't be read "
                f"({masked_text(failure.message)}): {unreadable.rows:,} rows were answered so and "
                "are unknown, the rest was not sent; resume when the server is itself again"
            )

    def settled(self, decision: Decision) -> None:
        """Count what a request settled. Raises TurnedDownError if going on is not worth it."""
        self._rejections.note(decision.settled, decision.reason)
        if self._rejections.verdict:
            # It quotes the server, which may name the row's numbers; this line is for everybody.
            shown = masked_text(self._rejections.verdict)
            raise TurnedDownError(f"{shown}; the rest was not sent: fix the cause, then resume")

    def _away_message(self, now: float) -> str:
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
