"""Columns of numbers: the column reader agrees with the scalar one."""

from __future__ import annotations

import random

import phonenumbers
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bulkcall.validate.phone_columns import PhoneColumnReader
from bulkcall.validate.phone_parser import PhoneParser
from bulkcall.validate.phone_ranges import free_digits

REGIONS = ["IN", "US", "GB", "DE", "BR", "IT", "RU", "AU", "SG", "KZ", "HU", "AE", "MX"]


def _examples():
    for region in phonenumbers.SUPPORTED_REGIONS:
        for kind in (0, 1, 3, 4, 6):
            number = phonenumbers.example_number_for_type(region, kind)
            if number:
                yield number.country_code, phonenumbers.national_significant_number(number)


EXAMPLES = sorted(set(_examples()))


def _some_text(rnd, country_code):
    digits = "".join(rnd.choice("0123456789") for _ in range(16))
    kind = rnd.random()
    if kind < 0.4:
        code, number = rnd.choice(EXAMPLES)
        mutable = list(number)
        for _ in range(rnd.randrange(4)):
            mutable[rnd.randrange(len(mutable))] = rnd.choice(digits)
        number = rnd.choice(["", "", "0", "1", "8"]) + "".join(mutable)
        text = rnd.choice([f"{code}", f"+{code}", f"00{code}", ""]) + number
    elif kind < 0.6:
        text = digits[: rnd.randrange(1, 17)]
    else:
        head = rnd.choice(["", "0", "91", "+91", "0091", f"+{country_code}", str(country_code)])
        text = head + rnd.choice("6789") + digits[:9]
    if rnd.random() < 0.1:
        return rnd.choice(['="{}"', "'{}", "tel:{}", "TEL:{}", '"{}"', '="{}']).format(text)
    if rnd.random() < 0.15:
        at = rnd.randrange(len(text) + 1)
        text = (
            text[:at]
            + rnd.choice([" ", "-", "(", ")", ".", " (0) ", "x", "+", ".0", "\u200d", "'", "tel:"])
            + text[at:]
        )
    return text


@pytest.mark.parametrize("countries", [(), ("AE", "US", "KZ", "GB")])
@pytest.mark.parametrize("region", REGIONS)
def test_a_column_is_read_as_its_cells_are(region, countries):
    """Numbers of all countries, mutated, cut, prefixed: both readers give the same."""
    reader = PhoneColumnReader(region, countries)
    rnd = random.Random(f"{region} numbers")
    texts = [_some_text(rnd, reader.plan.country_code) for _ in range(1500)]
    numbers = reader.read(pa.array(texts))
    got = list(zip(numbers.readings.tolist(), numbers.digits.tolist(), strict=True))
    assert got == [reader.plan.read(text) for text in texts]


FAST = PhoneColumnReader("IN")
PATIENT = PhoneParser("IN")


@settings(max_examples=60)
@given(
    st.lists(
        st.one_of(
            st.from_regex(r"(\+|00)?(91)?0?[6-9][0-9]{9}", fullmatch=True),
            st.text("0123456789 +-.()eExE\u00a0", max_size=22),
        ),
        min_size=40,
        max_size=60,
    )
)
def test_any_text_is_read_alike(texts):
    """Whatever stands in the cells, both readers give the same."""
    texts = [text.strip() for text in texts]
    numbers = FAST._read(pa.array(texts, pa.string()))
    got = list(zip(numbers.readings.tolist(), numbers.digits.tolist(), strict=True))
    assert got == [PATIENT.read(text) for text in texts]


def test_a_column_that_repeats_is_read_by_its_distinct_texts():
    """Many cells with few distinct texts give what each text gives."""
    reader = PhoneColumnReader("IN")
    texts = ["9876543210", "nonsense", ""] * 1000
    numbers = reader.read(pa.array(texts))
    assert numbers.digits.tolist() == [919876543210, 0, 0] * 1000


@pytest.mark.parametrize(
    ("pattern", "free"),
    [
        (r"[2-9]\d{6}", 6),
        (r"(?:12|3[45])\d\d", 2),
        (r"18(?:0\d{4,9}|3\d{9})", 4),
        (r"1\d{3}|2[0-4]", 0),
        (r"1\d{2,4}", 2),
        (r"1\d?", 0),
    ],
)
def test_free_digits_never_claims_too_much(pattern, free):
    """The table of a range stands on the leading digits that decide."""
    assert free_digits(pattern) == free


@pytest.mark.parametrize(
    "write",
    [
        "{0}", "0{0}", "91{0}", "091{0}", "+91{0}", "0091{0}", "{1} {2}", "{1}-{2}", "0 {1} {2}",
        "91 0 {1} {2}", "+91 (0) {1} {2}", "+91-{1}-{2}", '="{0}"', "'{0}", "tel:+91{0}",
    ],
)  # fmt: skip
def test_no_spelling_of_an_indian_mobile_is_read_as_another(write):
    """Random valid mobiles in each usual spelling are all read rightly."""
    rnd = random.Random(write)
    numbers = [f"{rnd.choice('6789')}{rnd.randrange(10**9):09d}" for _ in range(400)]
    valid = [number for number in numbers if PATIENT.read(f"+91{number}")[1]]
    texts = [write.format(number, number[:5], number[5:]) for number in valid]
    assert len(valid) > 100
    assert FAST.read(pa.array(texts)).digits.tolist() == [int(f"91{each}") for each in valid]


def test_without_a_plus_no_slip_calls_another_country():
    """A digit too many, or one too few, in plain ten and twelve digits: refused, or the same."""
    rnd = random.Random("slips")
    for prefix in ("", "91"):
        whole = [f"{prefix}9{rnd.randrange(10**9):09d}" for _ in range(1000)]
        for text in whole:
            at = rnd.randrange(1, len(text))
            for slip in (
                text[:at] + rnd.choice("0123456789") + text[at:],
                text[:at] + text[at + 1 :],
            ):
                _, digits = PATIENT.read(slip)
                assert not digits or str(digits).startswith("91"), slip
