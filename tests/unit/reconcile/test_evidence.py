"""What a number as listed says of a number as sent."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkcall.reconcile.evidence import shows
from bulkcall.reconcile.times import epoch_ms

NUMBER = "919876543210"


@pytest.mark.parametrize(
    ("pattern", "fits"),
    [
        ("", True),
        ("************", True),
        ("****", True),
        (NUMBER, True),
        ("919876543211", False),
        ("91******3210", True),
        ("92******3210", False),
        ("91******3211", False),
        ("91**3210", True),
        ("91**3211", False),
        ("92**3210", False),
        ("91*876*43210", True),
        ("91*877*43210", False),
        ("9198765432101234*", False),
        ("********3210", True),
        ("9198********", True),
    ],
)
def test_visible_digits_must_fit(pattern, fits):
    """Whole, hidden, partly hidden, with or without the number's length: digit by digit."""
    assert shows(pattern, NUMBER) is fits


@given(st.text("0123456789", min_size=1, max_size=15), st.data())
def test_any_mask_over_a_number_fits_it(number, data):
    """Whichever digits are hidden, the number shows through its own mask, no other digit does."""
    hidden = data.draw(st.lists(st.booleans(), min_size=len(number), max_size=len(number)))
    mask = "".join("*" if hide else digit for digit, hide in zip(number, hidden, strict=True))
    assert shows(mask, number)
    for place, hide in enumerate(hidden):
        if not hide:
            other = str((int(number[place]) + 1) % 10)
            assert not shows(mask, number[:place] + other + number[place + 1 :])


@pytest.mark.parametrize("text", ["", None, "soon", "2025-13-45T00:00:00Z"])
def test_what_is_no_time_is_none(text):
    """No time, no guess."""
    assert epoch_ms(text) is None


def test_a_time_without_an_offset_is_utc():
    """ISO 8601 without an offset, as a server's own clock would have it."""
    assert epoch_ms("2025-07-24T15:20:00") == 1753370400000
    assert epoch_ms("1753370400.0") == 1753370400000
