"""The name of a run, and the folder of its report."""

from __future__ import annotations

import re
import secrets
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from bulkcall.records import STANDARD_INPUT

if TYPE_CHECKING:
    from bulkcall.settings import Settings


def new_run_id(at: int) -> str:
    """Name a run that begins now (epoch milliseconds)."""
    began = datetime.fromtimestamp(at / 1000, UTC)
    # Sorts by time, tells people the day, and can't clash: two runs may begin in one second.
    return f"{began:%Y%m%d-%H%M%S}-{secrets.token_hex(3)}"


def out_folder(settings: Settings, run_id: str, file: str, at: int) -> Path:
    """Name the folder of a run's files after the setting `out`, or `bulkcall-runs/<run id>`.

    `{file}` is the campaign file's name up to its first dot, `{date}` the day (YYYY-MM-DD) in
    `settings.timezone`.
    """
    if not settings.out:
        return Path("bulkcall-runs") / run_id
    day = datetime.fromtimestamp(at / 1000, ZoneInfo(settings.timezone or "UTC")).date()
    name = "stdin" if file == STANDARD_INPUT else Path(file).name
    stem = name.lstrip(".").partition(".")[0] or "campaign"
    filled = {"run_id": run_id, "file": stem, "date": day.isoformat()}
    pattern = re.sub(r"\{(\w+)\}", lambda found: filled[found[1]], settings.out)
    return Path(pattern).expanduser()
