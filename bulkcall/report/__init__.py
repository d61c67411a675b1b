"""The report: what became of every row, as files for people, spreadsheets and machines."""

from __future__ import annotations

from bulkcall.report.build import Published, build_report, publish, write_report
from bulkcall.report.compare import Change, Comparison, compare
from bulkcall.report.files import make_folder, replacing
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
    "make_folder",
    "publish",
    "replacing",
    "summary",
    "write_report",
]
