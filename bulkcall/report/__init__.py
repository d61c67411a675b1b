"""The report: what became of every row, as files for people, spreadsheets and machines.

Parts are imported when they are first used: what only checks a file needs neither the ledger nor
the renderers.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bulkcall.report.build import Published, build_report, publish, write_report
    from bulkcall.report.comparison import Change, Comparison, compare
    from bulkcall.report.model import Report
    from bulkcall.report.summary_json import summary
    from bulkcall.report.validation import ValidationReport

__all__ = [
    "Change",
    "Comparison",
    "Published",
    "Report",
    "ValidationReport",
    "build_report",
    "compare",
    "publish",
    "summary",
    "write_report",
]

_HOME: Final[Mapping[str, str]] = {
    "Change": "comparison",
    "Comparison": "comparison",
    "Published": "build",
    "Report": "model",
    "ValidationReport": "validation",
    "build_report": "build",
    "compare": "comparison",
    "publish": "build",
    "summary": "summary_json",
    "write_report": "build",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    # No part may bear a name of this table: importing it would bind that name to the module.
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
