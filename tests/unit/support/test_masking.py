"""Masking masks phone numbers, and nothing else."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bulkcall.support.masking import masked, masked_around, masked_text


@pytest.mark.parametrize(
    "text",
    [
        "run 20261129-193436-a1b2c3 stopped",
        "20261129-193436-123456",
        "batch 4f41c0de-1234-434e-8ead-012345678901",
        "record 00000000-0000-4000-8000-000000000001 failed",
        "batch d76s5-dfg9d-o32442-837467854",
        "campaign_20261129.csv",
        "/srv/in/account-12345678/list-2026-11-29.xlsx.gz",
        "reports/2026/11/29/campaign 20261129.csv",
        "took 20260131 and 2026-01-31",
        "at 2026-11-29T10:11:12.123Z, 2026-11-29 10:11, 2026-11-29T10:11:12+05:30",
        "ends_at 1764444444000 is past",
        "sha 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "can't reach 192.168.100.200:8080",
        "4,784 of 12,345,678 rows, HTTP 503, row 123456",
        "",
    ],
)
def test_what_is_no_phone_number_stays(text):
    """Run ids, UUIDs and other ids, dates and times, hashes, file names, addresses, counts."""
    assert masked_text(text) == text


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("919876543210", "91•••••••210"),
        ("+91 98765 43210 is wrong", "91•••••••210 is wrong"),
        ('{"caller_number": "919876543210"}', '{"caller_number": "91•••••••210"}'),
        ("tel:+919876543210", "tel:91•••••••210"),
        ("number=9876543210;", "number=98•••••210;"),
        ("receiver919876543210", "receiver91•••••••210"),
        ("call-919876543210-again", "call-91•••••••210-again"),
        ("(022) 2345-6789", "(02••••••789"),
        ("9876543210 of campaign_20261129.csv", "98•••••210 of campaign_20261129.csv"),
        ("20261129-193436-a1b2c3: 919876543210", "20261129-193436-a1b2c3: 91•••••••210"),
        ("2026-11-29 919876543210", "2026-11-29 91•••••••210"),
        ("took 919876543210.csv", "took 91•••••••210.csv"),
        ("919876543210, 919876543211", "91•••••••210, 91•••••••211"),
    ],
)
def test_a_phone_number_is_masked_wherever_it_stands(text, seen):
    """Also glued to a word, and beside what stays."""
    assert masked_text(text) == seen


@given(
    st.from_regex(r"\+?[1-9][0-9]{9,14}", fullmatch=True),
    st.sampled_from(['"%s"', "number %s is wrong", "x=%s", "(%s)", "%s", "row 7: %s, label"]),
)
def test_no_number_is_shown_whole(number, form):
    """Whatever its digits, wherever it stands: its middle is never there."""
    digits = number.removeprefix("+")
    assume(not (len(digits) == 13 and digits[0] == "1" and digits[1] in "56789"))
    assert digits not in masked_text(form % number)


@pytest.mark.parametrize("piece", ["a", "1", "1-", "a1-", "12345678 ", "x.", "(1", "1a"])
def test_a_long_text_takes_no_longer_than_its_length(piece):
    """A cell of a megabyte is looked through once, not once for each of its characters."""
    assert masked_text(f"919876543210, {piece * 200_000}").startswith("91•••••••210, ")


def test_one_number_and_what_is_known_to_stay():
    """A number by itself, and a text with parts that are known to be none."""
    assert masked("919876543210") == "91•••••••210"
    assert masked("1234") == "••••"
    assert masked_around("run 9876543210 of 9876543211", "9876543210") == (
        "run 9876543210 of 98•••••211"
    )
