"""One number at a time (contract, Numbers)."""

from __future__ import annotations

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkcall.errors import UsageError
from bulkcall.validate.phone_parser import (
    NumberReading,
    PhoneParser,
    country_name,
    country_of_text,
    invisible_character,
)

IN = PhoneParser("IN")


@pytest.mark.parametrize(
    ("text", "digits"),
    [
        ("+919876543210", 919876543210),
        ("+91 98765 43210", 919876543210),
        ("(+91) 98765-43210", 919876543210),
        ("00919876543210", 919876543210),
        ("0091 98765 43210", 919876543210),
        ("+6591234567", 6591234567),
        ("+44 (0)20 7946 0018", 442079460018),
        ("+39 06 698 12345", 390669812345),
    ],
)
def test_with_a_plus_or_00_a_number_is_international(text, digits):
    """Contract: 'with a plus or 00, international'."""
    assert IN.read(text) == (NumberReading.OK, digits)


@pytest.mark.parametrize(
    "text",
    ["919876543210", "91 98765 43210", "0919876543210", "91 0 98765 43210", "0 91 (0) 98765-43210"],
)
def test_plain_digits_with_the_country_code_of_the_region(text):
    """Contract: 'or with the region's country code, with or without a trunk zero before it'."""
    assert IN.read(text) == (NumberReading.OK, 919876543210)


@pytest.mark.parametrize(
    "text",
    [
        "9876543210",
        "09876543210",
        "98765 43210",
        "98765-43210",
        "(98765) 43210",
        "98765.43210",
        "0 98765 43210",
        "98765\u00a043210",
        "\u200e98765\u201143210\ufeff",
        "९८७६५४३२१०",
    ],
)
def test_plain_digits_valid_in_the_region_are_national(text):
    """Contract: 'a trunk zero, spaces, dashes, brackets and dots do no harm'."""
    assert IN.read(text) == (NumberReading.OK, 919876543210)


def test_plain_digits_of_the_region_are_its_own_though_another_country_has_them():
    """Contract: plain digits belong to the set region; 6591234567 is +65 9123 4567 as well."""
    assert IN.read("6591234567") == (NumberReading.OK, 916591234567)
    assert PhoneParser("IN", ["SG"]).read("6591234567") == (NumberReading.OK, 916591234567)


def test_a_number_that_is_two_of_the_region_is_ambiguous():
    """With and without its country code, in a region whose numbers have several lengths."""
    assert PhoneParser("DE").read("4976317066") == (NumberReading.AMBIGUOUS, 0)
    assert PhoneParser("DE").both("4976317066") == (4976317066, 494976317066)


ONE_TOO_MANY = {
    "79876543210": "RU",
    "79261234567": "RU",
    "81901234567": "JP",
    "62812345678": "ID",
    "84912345678": "VN",
    "63917123456": "PH",
    "93701234567": "AF",
    "442079460018": "GB",
    "971501234567": "AE",
}


@pytest.mark.parametrize(("text", "country"), ONE_TOO_MANY.items())
def test_a_number_of_another_country_needs_a_plus_or_the_setting(text, country):
    """Contract: a digit too many must not call Russia; `countries` lists who may be called so."""
    reading, digits = IN.read(text)
    assert digits == 0
    assert reading in {NumberReading.OTHER_COUNTRY, NumberReading.TOO_LONG}
    if reading is NumberReading.OTHER_COUNTRY:
        assert country_of_text(text) == country
        assert PhoneParser("IN", [country.lower()]).read(text) == (NumberReading.OK, int(text))
        assert PhoneParser("IN", ["NG"]).read(text) == (reading, 0)
        assert IN.read(f"+{text}") == (NumberReading.OK, int(text))


def test_countries_are_named_in_english():
    """For the message; a region without a name keeps its letters."""
    assert [country_name(each) for each in ("RU", "AE", "IN", "XX")] == [
        "Russia",
        "United Arab Emirates",
        "India",
        "XX",
    ]


@pytest.mark.parametrize(
    ("text", "reading"),
    [
        ("12345", NumberReading.TOO_SHORT),
        ("98765432", NumberReading.TOO_SHORT),
        ("+9198765432", NumberReading.TOO_SHORT),
        ("9198765432101", NumberReading.TOO_LONG),
        ("98765432100", NumberReading.TOO_LONG),
        ("098765432100", NumberReading.TOO_LONG),
        ("91919876543210", NumberReading.TOO_LONG),
        ("9876543210 9876543211", NumberReading.TOO_LONG),
        ("+9198765432101", NumberReading.TOO_LONG),
        ("91987654321", NumberReading.WRONG_LENGTH),
        ("0123456789", NumberReading.TOO_SHORT),
        ("5555555555", NumberReading.NOT_VALID),
        ("0000000000", NumberReading.NOT_VALID),
        ("00", NumberReading.NOT_VALID),
        ("+", NumberReading.NOT_VALID),
    ],
)
def test_digits_that_are_no_valid_number(text, reading):
    """Contract: digits too many and too few are different messages, and so is a wrong digit."""
    assert IN.read(text) == (reading, 0)


@pytest.mark.parametrize(
    "text",
    [
        '="9876543210"',
        '"9876543210"',
        "'9876543210",
        "\u20199876543210",
        "tel:+919876543210",
        "TEL:9876543210",
        '="+91 98765 43210"',
    ],
)
def test_what_surrounds_a_number_for_certain_is_taken_off(text):
    """Contract: `tel:`, `="…"`, a quote before it."""
    assert IN.read(text) == (NumberReading.OK, 919876543210)


HIDDEN = "\ufe0e\ufe0d\u061c\u180e\u200d\u200c\u034f\u3164\u202a\xad\u2060\u2800\u206a\ufffc\u2061"


@pytest.mark.parametrize("mark", HIDDEN)
def test_invisible_marks_round_a_number_are_taken_off(mark):
    """Contract: 'Invisible marks round a number are taken off'."""
    assert IN.read(f"{mark}+919876543210{mark}") == (NumberReading.OK, 919876543210)


@pytest.mark.parametrize("mark", HIDDEN)
def test_an_invisible_mark_inside_a_number_is_named(mark):
    """Contract: 'elsewhere the message names the character'."""
    text = f"+91{mark}9876543210"
    assert IN.read(text) == (NumberReading.INVISIBLE_CHARACTER, 0)
    assert invisible_character(text) == f"U+{ord(mark):04X}"


@pytest.mark.parametrize("text", ["9.19877E+11", "9.19876543210E+11", "9,2e11", "1E+12"])
def test_scientific_notation_is_never_a_number(text):
    """Contract: 'Scientific notation has lost its digits: invalid', even if it seems whole."""
    assert IN.read(text) == (NumberReading.SCIENTIFIC, 0)


@pytest.mark.parametrize("text", ["987654321.0", "919876543210.0", "+919876543210,00"])
def test_a_decimal_number_is_not_read_as_digits_with_a_dot(text):
    """987654321.0 without its dot would be another, valid number: nothing is guessed."""
    assert IN.read(text) == (NumberReading.DECIMAL, 0)


@pytest.mark.parametrize(
    "text", ["98765abcde", "9876543210/11", "9876543210, 9876543211", "98765+43210", "++91"]
)
def test_anything_else_in_a_number_is_named(text):
    """A cell that holds more than a number is not read in part."""
    assert IN.read(text) == (NumberReading.CHARACTERS, 0)


def test_damage_in_a_number_is_named():
    """A spreadsheet's error and a null word are told apart from a slip."""
    assert IN.read("#N/A") == (NumberReading.ERROR_WORD, 0)
    assert IN.read("NULL") == (NumberReading.NULL_WORD, 0)


def test_the_set_region_decides_what_is_national():
    """Contract: 'national if they are valid so in the set region (BULKCALL_REGION)'."""
    assert PhoneParser("GB").read("020 7946 0018") == (NumberReading.OK, 442079460018)
    assert PhoneParser("us").read("(650) 253-0000") == (NumberReading.OK, 16502530000)
    assert PhoneParser("DE").read("030 123456") == (NumberReading.OK, 4930123456)
    assert IN.read("030 123456")[0] is NumberReading.TOO_SHORT


def test_both_readings_alike_are_one_reading():
    """A US number with its 1 is the same nationally and internationally: no doubt is left."""
    assert PhoneParser("US").read("12015550123") == (NumberReading.OK, 12015550123)


def test_an_unknown_region_is_wrong_usage():
    """The region comes from the user: one line says what is wrong."""
    with pytest.raises(UsageError, match=r"region 'XX' is unknown"):
        PhoneParser("XX")


@given(st.sampled_from(sorted(phonenumbers.SUPPORTED_REGIONS)), st.data())
def test_a_plus_means_what_phonenumbers_reads(region, data):
    """With a plus, a number is OK exactly if phonenumbers parses it as valid, with its digits."""
    code = phonenumbers.country_code_for_region(region)
    digits = data.draw(st.text("0123456789", min_size=4, max_size=12))
    text = f"+{code}{digits}"
    number = phonenumbers.parse(text)
    expected = (
        phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
        if phonenumbers.is_valid_number(number)
        else "+0"
    )
    reading, value = IN.read(text)
    assert f"+{value}" == expected
    assert (reading is NumberReading.OK) == (value != 0)


@given(st.sampled_from(["IN", "US", "GB", "DE", "AE", "SG", "RU", "BR"]), st.data())
def test_plain_digits_mean_what_phonenumbers_reads_in_the_region(region, data):
    """A national reading of ours is the one that phonenumbers has for the region, and valid."""
    plan = PhoneParser(region)
    digits = data.draw(st.text("0123456789", min_size=5, max_size=11))
    national = plan.national(digits)
    try:
        number = phonenumbers.parse(digits, region)
    except phonenumbers.NumberParseException:
        assert national == 0
        return
    whole = int(f"{number.country_code}{phonenumbers.national_significant_number(number)}")
    valid = phonenumbers.is_valid_number(number)
    if digits.startswith(("00", "011")):
        return  # there, phonenumbers reads an international prefix, which is not asked here
    if national:
        assert (valid, whole) == (True, national)
    elif valid:
        # phonenumbers also takes a country code off where that alone makes the number fit.
        assert digits.removeprefix("0").startswith(str(plan.country_code))
