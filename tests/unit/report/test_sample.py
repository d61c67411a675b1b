"""docs/sample-report.html is what the code writes today."""

from __future__ import annotations

from pathlib import Path

from bulkcall.report import build_report
from bulkcall.report.html import html_bytes
from tests.unit.report.campaign import sample_ledger

SAMPLE = Path(__file__).parents[3] / "docs" / "sample-report.html"


def test_the_sample_report_is_up_to_date(tmp_path):
    """The page that the README shows does not drift from the code."""
    page = html_bytes(build_report(sample_ledger(hostile=False), "r", limit=60.0))
    fresh = tmp_path / "sample-report.html"
    fresh.write_bytes(page)
    assert SAMPLE.read_bytes() == page, f"look at {fresh}, and copy it to {SAMPLE}"
