"""The own text of typed cells (contract: Campaign file, Cells)."""

from __future__ import annotations

import datetime as dt

import pytest

from bulkcall.load.workbook_process.cell_text import text_of


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (919876543210.0, "919876543210"), (9.8e17, "980000000000000000"), (-3.0, "-3"),
        (12, "12"), (0.5, "0.5"), (1e-7, "0.0000001"), (True, "TRUE"), (False, "FALSE"),
        ("0098", "0098"), ("", ""),
    ],
)  # fmt: skip
def test_numbers_are_digits(value, text):
    """Whole numbers have no point and no exponent, however large."""
    assert text_of(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (dt.datetime.fromisoformat("2026-03-31T09:30:00"), "2026-03-31T09:30:00"),
        (dt.datetime.fromisoformat("2026-03-31T09:29:59.999999"), "2026-03-31T09:30:00"),
        (dt.datetime.fromisoformat("2026-03-31T09:30:00.000001"), "2026-03-31T09:30:00"),
        (dt.datetime.fromisoformat("2026-03-31T09:30:00.250000"), "2026-03-31T09:30:00.250"),
        (dt.datetime.fromisoformat("2026-12-31T23:59:59.999800"), "2027-01-01T00:00:00"),
        (dt.date(2026, 3, 31), "2026-03-31"),
        (dt.time(9, 5), "09:05:00"),
        (dt.timedelta(hours=36, seconds=1), "36:00:01"),
    ],
)
def test_dates_are_iso_8601(value, text):
    """A fraction of a day that falls a hair beside the second is that second."""
    assert text_of(value) == text
