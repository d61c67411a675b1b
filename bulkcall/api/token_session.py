"""Slots: one for each token, with its three paced limiters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bulkcall.api.auth import TokenAuth
from bulkcall.api.tokens import CreatedToken
from bulkcall.ratelimit import Rate, RateLimiter, SharedState, shared_name
from bulkcall.support.user_folders import state_folder

if TYPE_CHECKING:
    from pathlib import Path

    from bulkcall.api.token_cache import CachedToken
    from bulkcall.api.tokens import TokenSource
    from bulkcall.clock import Clock
    from bulkcall.progress import Progress, StopToken
    from bulkcall.settings import Settings

SECOND = 1.0
MINUTE = 60.0


class TokenSession:
    """One token's place: its own three paced limiters. The token is got when first needed."""

    def __init__(
        self,
        number: int,
        source: TokenSource,
        limiters: tuple[RateLimiter, RateLimiter, RateLimiter],
        stop: StopToken,
    ) -> None:
        self.number = number
        """From 0."""
        self.source = source
        self.auth = TokenAuth(source, stop)
        self.realtime, self.batch, self.status = limiters

    @property
    def welcomed(self) -> bool:
        """Whether the server has given this slot a token in this process: it was there then."""
        return isinstance(self.source, CreatedToken) and self.source.created

    def __repr__(self) -> str:
        return f"Slot({self.number})"


class RateLimiterFactory:
    """Makes a slot's limiters; those of a ready or kept token hold over processes of this user."""

    def __init__(
        self, settings: Settings, clock: Clock, progress: Progress, state_dir: Path | None
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._progress = progress
        self._state_dir = state_dir
        self._states: list[SharedState] = []
        self._noted = False

    def limiters(self, place: CachedToken | None) -> tuple[RateLimiter, RateLimiter, RateLimiter]:
        """Return the limiters for real-time, batch and status calls, with the place if any."""
        settings = self._settings
        return (
            self._limiter("realtime", Rate.of(settings.realtime_per_second, SECOND), place),
            self._limiter("batch", Rate.of(settings.batch_per_minute, MINUTE), place),
            self._limiter("status", Rate.of(settings.status_per_minute, MINUTE), place),
        )

    def close(self) -> None:
        """Let go of shared state."""
        for state in self._states:
            state.close()
        self._states.clear()

    def _limiter(self, name: str, rate: Rate, place: CachedToken | None) -> RateLimiter:
        return RateLimiter(name, rate, self._clock, shared=self._shared(name, rate, place))

    def _shared(self, name: str, rate: Rate, place: CachedToken | None) -> SharedState | None:
        settings = self._settings
        if place is not None:
            path = place.pace(name)
        elif self._state_dir is not None and settings.token:
            known_as = shared_name(settings.base_url, settings.token, name, rate)
            path = self._state_dir / "pace" / known_as
        else:
            return None  # a token that is known to this process alone
        try:
            state = SharedState(path, rate, self._clock)
        except OSError as error:
            if place is not None:
                raise  # a token whose pace can't be kept is not kept either
            if not self._noted:
                self._noted = True
                why = error.strerror or type(error).__name__
                self._progress.note(
                    f"this token's pace can't be shared with other runs ({why}: {path.parent}); "
                    "run one at a time"
                )
            return None
        self._states.append(state)
        return state


def default_state_dir() -> Path | None:
    """Return the folder in which processes of this user share tokens and their pace, or None."""
    return state_folder()
