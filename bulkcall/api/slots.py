"""Slots: one for each token, with its three paced lanes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import platformdirs

from bulkcall.api.auth import TokenAuth
from bulkcall.pace import Lane, Rate, SharedState, shared_name

if TYPE_CHECKING:
    from pathlib import Path

    from bulkcall.api.tokens import TokenSource
    from bulkcall.clock import Clock
    from bulkcall.progress import Progress, Stop
    from bulkcall.settings import Settings

SECOND = 1.0
MINUTE = 60.0


class Slot:
    """One token's place: its own three paced lanes. The token is got when first needed."""

    def __init__(
        self,
        number: int,
        source: TokenSource,
        lanes: tuple[Lane, Lane, Lane],
        stop: Stop,
    ) -> None:
        self.number = number
        """From 0."""
        self.source = source
        self.auth = TokenAuth(source, stop)
        self.realtime, self.batch, self.status = lanes

    def __repr__(self) -> str:
        return f"Slot({self.number})"


class LaneMaker:
    """Makes a slot's lanes; a ready token's hold over all processes of this user."""

    def __init__(
        self, settings: Settings, clock: Clock, progress: Progress, state_dir: Path | None
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._progress = progress
        self._state_dir = state_dir
        self._states: list[SharedState] = []
        self._told = False

    def lanes(self) -> tuple[Lane, Lane, Lane]:
        """Make the lanes for real-time, batch and status calls."""
        settings = self._settings
        return (
            self._lane("realtime", Rate.of(settings.realtime_per_second, SECOND)),
            self._lane("batch", Rate.of(settings.batch_per_minute, MINUTE)),
            self._lane("status", Rate.of(settings.status_per_minute, MINUTE)),
        )

    def close(self) -> None:
        """Let go of shared state."""
        for state in self._states:
            state.close()
        self._states.clear()

    def _lane(self, name: str, rate: Rate) -> Lane:
        return Lane(name, rate, self._clock, shared=self._shared(name, rate))

    def _shared(self, name: str, rate: Rate) -> SharedState | None:
        settings = self._settings
        if self._state_dir is None or not settings.token:
            return None  # a created token is known to this process alone
        path = self._state_dir / shared_name(settings.base_url, settings.token, name, rate)
        try:
            state = SharedState(path, rate, self._clock)
        except OSError as error:
            if not self._told:
                self._told = True
                why = error.strerror or type(error).__name__
                self._progress.note(
                    f"this token's pace can't be shared with other runs ({why}: {path.parent}); "
                    "run one at a time"
                )
            return None
        self._states.append(state)
        return state


def default_state_dir() -> Path:
    """Name the folder in which processes of this user share the pace of a token."""
    return platformdirs.user_state_path("bulkcall") / "pace"
