"""A short run of the loader's fuzz; load_fuzz.py runs it for as long as one likes."""

from __future__ import annotations

import pytest

from tests.faults import load_fuzz


@pytest.mark.parametrize("seed", range(4))
def test_a_damaged_csv_is_read_or_refused_in_one_line(tmp_path, seed):
    """Every row once, or one clear line; never a traceback."""
    figures = load_fuzz.fuzz(tmp_path / "file", 100, seed, workbooks=False)
    assert "refused" in figures
    assert "read" in figures


def test_a_damaged_workbook_is_read_or_refused_in_one_line(tmp_path):
    """As with CSV."""
    figures = load_fuzz.fuzz(tmp_path / "file", 8, 1, workbooks=True)
    assert "refused" in figures
    assert "read" in figures
