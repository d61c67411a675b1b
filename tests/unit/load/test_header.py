"""From header cells to fields: `--map`, two columns for one field, what is missing."""

from __future__ import annotations

import pytest

from bulkcall.errors import CampaignFileError, UsageError
from bulkcall.load.header import find_fields
from bulkcall.records import Field

FULL = ["caller", "receiver", "label", "start", "end"]
TIMES = frozenset({Field.STARTS_AT, Field.ENDS_AT})


def test_fields_are_found_by_alias():
    """Each known column is found where it stands; unknown ones are left alone."""
    assert find_fields(["note", *FULL, "note"], {}) == {
        Field.CALLER_NUMBER: 1,
        Field.RECEIVER_NUMBER: 2,
        Field.DYNAMIC_LABEL_NAME: 3,
        Field.STARTS_AT: 4,
        Field.ENDS_AT: 5,
    }


def test_map_settles_the_rest():
    """`--map` names a column that no alias knows, by its exact text or without case and spaces."""
    columns = ["Kundennummer ", "caller", "label", "start", "end"]
    for name in ("Kundennummer ", "kundennummer"):
        assert find_fields(columns, {"receiver_number": name})[Field.RECEIVER_NUMBER] == 0


def test_map_prefers_the_exact_text():
    """Of `To` and `to`, the one that was named is taken."""
    columns = ["to", "To", "caller", "label", "start", "end"]
    assert find_fields(columns, {"receiver_number": "To"})[Field.RECEIVER_NUMBER] == 1


def test_map_stands_over_the_aliases():
    """A mapped field takes no other column, and a mapped column no other field."""
    columns = ["caller", "phone", "mobile", "label", "start", "end"]
    fields = find_fields(columns, {"receiver_number": "mobile"})
    assert fields[Field.RECEIVER_NUMBER] == 2
    columns = ["from", "to", "caller", "label", "start", "end"]
    fields = find_fields(columns, {"receiver": "from", "caller": "caller"})
    assert fields[Field.RECEIVER_NUMBER] == 0
    assert fields[Field.CALLER_NUMBER] == 2


@pytest.mark.parametrize(
    ("mapped", "words"),
    [
        ({"colour": "caller"}, ["no such field", "caller_number", "ends_at"]),
        ({"receiver_number": "nope"}, ["no such column", "'caller'", "'receiver'"]),
        ({"receiver": "caller", "receiver_number": "label"}, ["twice"]),
    ],
)
def test_a_wrong_map_is_wrong_usage(mapped, words):
    """An unknown field, an unknown column, a field named twice: the message lists what there is."""
    with pytest.raises(UsageError) as caught:
        find_fields(FULL, mapped)
    assert not isinstance(caught.value, CampaignFileError)
    assert all(word in str(caught.value) for word in words)


def test_a_map_to_one_of_two_equal_names_is_refused():
    """Nothing is guessed between columns of one name."""
    with pytest.raises(UsageError, match="2 columns have this name"):
        find_fields([*FULL, "x", "x"], {"dynamic_call_reason": "x"})


@pytest.mark.parametrize("second", ["caller_number", "caller", "From"])
def test_two_columns_for_one_field_are_refused(second):
    """The message names both columns and the way out."""
    with pytest.raises(CampaignFileError) as caught:
        find_fields([*FULL, second], {})
    text = str(caught.value)
    assert "'caller' (column 1)" in text
    assert f"{second!r} (column 6)" in text
    assert "--map caller_number=" in text


def test_no_known_column_is_refused():
    """The message lists what was found."""
    with pytest.raises(CampaignFileError, match=r"no known column; found: 'a', 'b'.*--map"):
        find_fields(["a", "b"], {})


def test_a_file_without_a_header_names_nobody():
    """Its first row is taken for the header: the message stands in logs, so numbers are masked."""
    with pytest.raises(CampaignFileError, match=r"found: '91•••••••001', '\+ Bank'"):
        find_fields(["919876500001", "+ Bank"], {})


@pytest.mark.parametrize("missing", FULL)
def test_a_missing_required_column_is_refused(missing):
    """Callers, receivers, a label of some kind and times are required."""
    with pytest.raises(CampaignFileError, match=r"no column for .*; found .*--map"):
        find_fields([name for name in FULL if name != missing], {})


def test_a_label_id_will_do():
    """A column of label ids makes one of label names needless."""
    assert Field.LABEL_ID in find_fields(["caller", "receiver", "label_id", "start", "end"], {})


def test_supplied_fields_need_no_column():
    """`--start` and `--window` stand in for the time columns, and the message says so."""
    find_fields(FULL[:3], {}, TIMES)
    with pytest.raises(CampaignFileError, match="--start and --window"):
        find_fields(FULL[:3], {})


def test_supplied_fields_may_have_no_column():
    """Two sources for one field are refused."""
    with pytest.raises(UsageError, match="'start' gives starts_at, and --start gives it too"):
        find_fields(FULL, {}, frozenset({Field.STARTS_AT}))
