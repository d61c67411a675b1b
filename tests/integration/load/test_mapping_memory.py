"""Mappings that are remembered by a file's header, and what they are held to."""

from __future__ import annotations

import stat

import pytest

from bulkcall.errors import CampaignFileError
from bulkcall.load.mapping_memory import Holds, MappingMemory, fingerprint, what_it_holds
from bulkcall.records import Field

FILE = (
    "Number 1,Number 2,Brand,Id\n"
    "919876543210,919811122233,Acme,7\n"
    "919876543210,919811122234,Acme,8\n"
)
HEADER = ("Number 1", "Number 2", "Brand", "Id")
COLUMNS = {
    "caller_number": "Number 1",
    "receiver_number": "Number 2",
    "dynamic_label_name": "Brand",
}


@pytest.fixture
def memory(tmp_path):
    """A memory of one account with one mapping."""
    kept = MappingMemory("account", tmp_path / "mappings")
    kept.save(HEADER, COLUMNS, "2026-11-29")
    return kept


def test_the_next_file_with_the_header_needs_no_map(load, memory):
    """And the result says whose word it was."""
    loaded = load(FILE, saved=memory)
    assert loaded.file.fields == {
        Field.CALLER_NUMBER: 0,
        Field.RECEIVER_NUMBER: 1,
        Field.DYNAMIC_LABEL_NAME: 2,
    }
    assert "columns as saved on 2026-11-29 with `bulkcall map`" in loaded.file.notes[-1]


@pytest.mark.parametrize(
    ("account", "text"), [("another", FILE), ("account", FILE.replace("Id", "Ref"))]
)
def test_another_account_or_header_has_no_mapping(load, memory, account, text):
    """Nothing is carried over."""
    with pytest.raises(CampaignFileError, match="no known column"):
        load(text, saved=MappingMemory(account, memory.folder))


def test_case_and_blanks_of_the_header_do_not_count(load, memory):
    """As with `--map`."""
    assert load(FILE.replace("Brand", " BRAND\u00a0"), saved=memory).file.fields


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("919811122233", "Ravi", "'Number 2' is receiver_number, and now it holds texts"),
        ("Acme", "919811122299", "'Brand' is dynamic_label_name, and now it holds phone numbers"),
    ],
)
def test_a_column_that_now_holds_something_else_is_refused(load, memory, old, new, said):
    """Not used silently: one line says what was saved and what the column holds."""
    changed = FILE.replace(old, new).replace(
        "919811122234", "Ravi" if new == "Ravi" else "919811122234"
    )
    with pytest.raises(CampaignFileError, match=said):
        load(changed, saved=memory)


def test_map_goes_before_what_is_remembered(load, memory):
    """For the fields that it names; the others stay as remembered."""
    loaded = load(FILE, saved=memory, columns={"receiver_number": "Number 1", "caller": "Number 2"})
    assert loaded.file.fields[Field.RECEIVER_NUMBER] == 0
    assert loaded.file.fields[Field.CALLER_NUMBER] == 1
    assert loaded.file.fields[Field.DYNAMIC_LABEL_NAME] == 2


def test_it_is_private_and_can_be_forgotten(memory):
    """Mode 0600 in a folder of the user's own."""
    path = memory.folder / f"{fingerprint('account', HEADER)}.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(memory.folder.stat().st_mode) == 0o700
    assert memory.forget(HEADER)
    assert memory.find(HEADER) is None
    assert not memory.forget(HEADER)


@pytest.mark.parametrize(
    "damage", [b"{", b"[]", b'{"columns": {"nonsense": "x"}, "saved_on": ""}', b"\xff"]
)
def test_a_damaged_mapping_is_one_clear_line(load, memory, damage):
    """It names the file to delete."""
    (memory.folder / f"{fingerprint('account', HEADER)}.json").write_bytes(damage)
    with pytest.raises(CampaignFileError, match=r"can't be read \(.*\.json\); delete that file"):
        load(FILE, saved=memory)


@pytest.mark.parametrize(
    ("cells", "holds"),
    [
        (["+91 98765-43210", "919811122233"], Holds.NUMBERS),
        (["9.19877E+11"] * 3, Holds.NUMBERS),
        (["2026-03-31T10:00", "31/03/2026 10:00"], Holds.TIMES),
        (["123e4567-e89b-12d3-a456-426614174000"], Holds.IDS),
        (["Acme Bank", "", "Asha"], Holds.TEXTS),
        (["", "\u00a0"], Holds.NOTHING),
    ],
)
def test_what_a_column_holds(cells, holds):
    """What most of its filled cells look like."""
    assert what_it_holds(cells) is holds
