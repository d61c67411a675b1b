"""Whether a report may be written into a folder: it destroys neither its input nor another's work.

contract: Files of a run. A folder holds the report of the run that its summary.json names.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from bulkcall.errors import UsageError
from bulkcall.support.text import shown

if TYPE_CHECKING:
    from pathlib import Path

REPORT_NAMES = (
    "outcomes.csv",
    "rejected.csv",
    "compared.csv",
    "summary.json",
    "summary.md",
    "report.html",
    "report.xlsx",
)
_MOST_BYTES = 64 << 20


def check_out_folder(folder: Path, campaign: str, run_id: str = "") -> None:
    """Raise UsageError where writing a report there would destroy something.

    `run_id` is the run that is reported; empty: a validation, or a run that has no report yet.
    """
    _check_campaign(folder, campaign)
    other = _reported_run(folder)
    if other and other != run_id:
        raise UsageError(
            f"{folder}: holds the report of run {shown(other, 100)}, which would be overwritten; "
            "name another --out"
        )


def free_out_folder(folder: Path, campaign: str, run_id: str = "") -> Path:
    """Return the folder, or the next beside it (`name-2`) where another run's report stands there.

    Raises UsageError where the campaign file stands there under a report's name, or where the
    folder is the working directory, beside which nobody would look.
    """
    _check_campaign(folder, campaign)
    if _is_working_directory(folder):
        check_out_folder(folder, campaign, run_id)
    number = 1
    found = folder
    while _reported_run(found) not in {"", run_id} or (
        number > 1 and _campaign_in(found, campaign)
    ):
        number += 1
        found = folder.with_name(f"{folder.name}-{number}")
    return found


def _check_campaign(folder: Path, campaign: str) -> None:
    if name := _campaign_in(folder, campaign):
        raise UsageError(
            f"{folder}: its {name} is the campaign file itself, which the report would overwrite; "
            "name another --out"
        )


def _is_working_directory(folder: Path) -> bool:
    try:
        return folder.samefile(".")
    except OSError:
        return False


def _campaign_in(folder: Path, campaign: str) -> str:
    """Return the name of the report's file that is the campaign file itself, if one is."""
    for name in REPORT_NAMES:
        try:
            if (folder / name).samefile(campaign):
                return name
        except OSError:  # one of them is not there
            continue
    return ""


def _reported_run(folder: Path) -> str:
    """Return the run whose report a folder holds; empty where it holds none."""
    try:
        with (folder / "summary.json").open("rb") as file:
            found = json.loads(file.read(_MOST_BYTES))
    except (OSError, ValueError, RecursionError):
        return ""
    run_id = found.get("run_id") if isinstance(found, dict) else None
    return run_id if isinstance(run_id, str) else ""
