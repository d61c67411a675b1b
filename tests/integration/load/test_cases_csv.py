"""CSV files that people really have and that once went wrong (`cases/`): what is right."""

from __future__ import annotations

from pathlib import Path

import pytest

from bulkcall.errors import CampaignFileError, UsageError
from bulkcall.records import RowRule

CASES = Path(__file__).parent / "cases"
HEADER = "caller,receiver,label\n"


def numbers(loaded):
    """Return the receivers of the rows."""
    return [row[1] for row in loaded.rows]


def test_blank_lines_and_surplus_cells_of_any_blank(load):
    """No-break spaces, zero-width spaces and ideographic spaces make no row and no surplus cell."""
    loaded = load(CASES / "nbsp-blank.csv")
    assert numbers(loaded) == ["9876543211", "9876543212", "9876543213"]
    assert not loaded.faults


@pytest.mark.parametrize(
    "blank", ["\u00a0", "\u200b", "\u3000", "\u2003 \u200e", "\ufeff", "\ufe0f"]
)
@pytest.mark.parametrize("quote", ["", '"'])
def test_a_cell_of_any_blank_is_empty(load, blank, quote):
    """Read fast or tolerantly, above the header, between rows and behind them."""
    cell = f"{quote}{blank}{quote}"
    loaded = load(f"{cell},{cell}\n{HEADER}{cell},{cell},{cell}\n1,2,Acme,{cell}\n{cell}\n")
    assert [row[:3] for row in loaded.rows] == [("1", "2", "Acme")]
    assert (loaded.file.header_line, loaded.lines) == (2, [4])
    assert not loaded.faults


def test_a_last_ctrl_z_is_no_row(load):
    """The end of file of old programs."""
    assert numbers(load(CASES / "ctrl-z.csv")) == ["9876543211", "9876543212"]


@pytest.mark.parametrize(
    "end", ["\x1a", "\n\x1a", "\n\x1a\r\n", "\n" + "\x1a" * 127, "\x1a\n\x1a\n"]
)
@pytest.mark.parametrize("codec", ["utf-8", "utf-16"])
def test_ctrl_z_at_the_end_in_each_form(load, end, codec):
    """One, padded to a block of 128, with a line break behind it, in each encoding."""
    loaded = load((HEADER + "1,2,Acme\n1,3,Acme" + end).encode(codec))
    assert loaded.rows == [("1", "2", "Acme"), ("1", "3", "Acme")]


@pytest.mark.parametrize("name", ["sep-upper", "sep-padded", "sep-after-blank"])
def test_the_sep_line_of_a_case(load, name):
    """Upper case, padded with delimiters, below a blank line."""
    loaded = load(CASES / f"{name}.csv")
    assert numbers(loaded) == ["9876543211", "9876543212"]
    assert loaded.file.delimiter == ";"


@pytest.mark.parametrize(
    "line",
    ["sep=;", "Sep = ;", '"sep=;"', '"sep=;",,,', "sep=;,,,,", "sep=; \t", "\n \n;;;\nsep=;;;"],
)
def test_the_sep_line_in_each_spelling(load, line):
    """Whatever case, quotes, spaces and padding."""
    loaded = load(
        f"{line}\r\n{HEADER}1;2;Acme\n".replace("caller,receiver,label", "caller;receiver;label")
    )
    assert loaded.rows == [("1", "2", "Acme")]


def test_the_sep_line_may_name_another_delimiter(load):
    """A tab as such or escaped, and signs that are not looked for without it."""
    for name, sign in (("\t", "\t"), ("\\t", "\t"), (":", ":"), ("^", "^")):
        loaded = load(f"sep={name}\ncaller{sign}receiver{sign}label\n1{sign}2{sign}Acme\n")
        assert loaded.rows == [("1", "2", "Acme")]


def test_whole_lines_in_quotes_are_told(load):
    """The advice is how to export; `--map` could not help."""
    with pytest.raises(CampaignFileError, match="without quotes around whole lines") as caught:
        load(CASES / "whole-line-quoted.csv")
    assert "--map" not in str(caught.value)


def test_an_unusual_delimiter_is_named(load):
    """What the file would have to say for it."""
    with pytest.raises(CampaignFileError, match="put the line sep=~ above the header"):
        load(HEADER.replace(",", "~") + "1~2~Acme\n")


def test_each_fault_of_a_row_has_its_own_rule(load):
    """Broken quotes are not surplus cells, and neither is a NUL."""
    loaded = load(CASES / "row-fault-causes.csv")
    assert {row: fault.rule for row, fault in loaded.faults.items()} == dict.fromkeys(
        range(1, 5), RowRule.BROKEN_QUOTES
    )
    loaded = load(HEADER + '1,2,"Acme"x\n1,2,Acme,x\n1,2,Ac\0me\n1,2,Acme\n')
    assert {row: fault.rule for row, fault in loaded.faults.items()} == {
        1: RowRule.BROKEN_QUOTES,
        2: RowRule.SURPLUS_CELLS,
        3: RowRule.NUL,
    }
    assert loaded.faults[3].column == 2


@pytest.mark.parametrize("name", ["cp850-four-rows", "macroman-four-rows"])
def test_the_code_pages_of_dos_and_the_mac(load, name):
    """Read rightly, and the note says what was decided."""
    loaded = load(CASES / f"{name}.csv")
    names = ["Société Générale", "Crédit Agricole", "Pâtisserie Noël", "Hôpital Ångström"]
    assert [row[3] for row in loaded.rows] == names
    assert "read as" in loaded.file.notes[0]


def test_the_encoding_can_be_named(load):
    """What the bytes alone can't tell is settled by hand; what does not fit is refused."""
    data = (HEADER + "1,2,Raju\u2019s\n").encode("cp1252")
    with pytest.raises(CampaignFileError, match="say which encoding it is in with --encoding NAME"):
        load(data)
    assert load(data, encoding="windows-1252").rows == [("1", "2", "Raju\u2019s")]
    assert load(f"{HEADER}1,2,田中\n".encode("sjis"), encoding="shift_jis").rows
    with pytest.raises(CampaignFileError, match="not utf-8, as --encoding says: line 2"):
        load(data, encoding="utf-8")
    with pytest.raises(UsageError, match="no encoding 'klingon' is known"):
        load(data, encoding="klingon")
    with pytest.raises(UsageError, match="marked as utf-8"):
        load((HEADER + "1,2,x\n").encode("utf-8-sig"), encoding="cp1252")
