"""The user's own folders, for what lasts; none where nobody knows of a home folder.

Without `HOME` and without an entry in the system's list of users there is no home, and
platformdirs raises RuntimeError.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bulkcall.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path


def data_folder() -> Path:
    """Return the folder of the user's own ledger. Raises UsageError where there is no home."""
    import platformdirs  # noqa: PLC0415 - only where it is asked for

    try:
        return platformdirs.user_data_path("bulkcall", appauthor=False)
    except RuntimeError:
        raise UsageError(
            "this user has no home folder for the ledger; set HOME, or BULKCALL_LEDGER to a path"
        ) from None


def state_folder() -> Path | None:
    """Return the folder in which this user's processes share tokens, paces and claims, or None."""
    import platformdirs  # noqa: PLC0415 - only where it is asked for

    try:
        return platformdirs.user_state_path("bulkcall", appauthor=False)
    except RuntimeError:
        return None


def config_folder() -> Path | None:
    """Return the folder of the user's own bulkcall.toml, or None."""
    import platformdirs  # noqa: PLC0415 - only where it is asked for

    try:
        return platformdirs.user_config_path("bulkcall", appauthor=False)
    except RuntimeError:
        return None
