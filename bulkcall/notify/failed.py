"""The one error of telling: a person could not be told."""

from __future__ import annotations


class NotTold(Exception):  # noqa: N818 - not an error of the run, which goes on
    """Nobody was told; one line says why, without any secret. It never ends a run."""
