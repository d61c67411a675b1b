"""The one error of telling: a person could not be told."""

from __future__ import annotations


class NotificationError(Exception):
    """Nobody was told; one line says why, without any secret. It never ends a run."""
