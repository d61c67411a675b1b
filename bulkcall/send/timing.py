"""How long sending waits for what, in seconds; tests hand in shorter ones."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """The sender's waits. A backoff is its first ceiling and its cap."""

    row_backoff: tuple[float, float] = (0.5, 30.0)
    """Of a row's wait between tries."""
    probe_backoff: tuple[float, float] = (1.0, 15.0)
    """Between two probes of a server that seems away."""
    unreadable_backoff: tuple[float, float] = (0.25, 2.0)
    """Between two requests to a server whose answers can't be read."""
    expire_every: float = 2.0
    """Between two looks for rows whose `ends_at` has passed."""
    token_patience: float = 1.0
    """For which ready requests wait for a token before they are given back to the ledger."""
    pause_worth_noting: float = 2.9
    """That a token's pause must last to be noted: of 3 s a moment is gone when that is asked."""


DEFAULT_TIMING = Timing()
