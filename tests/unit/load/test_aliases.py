"""Header names and the fields they mean (contract: Campaign file, Header)."""

from __future__ import annotations

import pytest

from bulkcall.load.aliases import SPELLINGS, field_of
from bulkcall.records import Field


@pytest.mark.parametrize("field", list(Field))
def test_the_fields_own_names_are_understood(field):
    """The seven column names of the contract mean themselves."""
    assert field_of(field) is field


@pytest.mark.parametrize(
    ("word", "field"),
    [
        ("caller", Field.CALLER_NUMBER),
        ("receiver", Field.RECEIVER_NUMBER),
        ("label", Field.DYNAMIC_LABEL_NAME),
        ("reason", Field.DYNAMIC_CALL_REASON),
        ("start", Field.STARTS_AT),
        ("end", Field.ENDS_AT),
    ],
)
def test_the_plain_words_are_understood(word, field):
    """The six plain words of the contract; `label` is the name, not the id."""
    assert field_of(word) is field


@pytest.mark.parametrize(
    "name",
    [
        "Caller No.",
        "caller_no",
        "callerNo",
        "CALLER-NO",
        " caller no ",
        "\ufeffCaller  No",
        "\uff23aller no",
    ],
)
def test_case_spaces_punctuation_and_width_do_not_count(name):
    """One spelling, however it is written."""
    assert field_of(name) is Field.CALLER_NUMBER


@pytest.mark.parametrize(
    "name", ["", " ", "number", "name", "id", "date", "customer name", "_", "Nº"]
)
def test_what_could_mean_two_things_means_nothing(name):
    """Ambiguous and foreign names are only carried through."""
    assert field_of(name) is None


def test_no_spelling_stands_under_two_fields():
    """The table is unambiguous."""
    names = [name for spellings in SPELLINGS.values() for name in spellings]
    assert len(names) == len(set(names))
    assert all(field_of(name) is f for f, spellings in SPELLINGS.items() for name in spellings)
