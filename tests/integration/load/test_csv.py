"""CSV campaign files: contract, Campaign file, Formats and Header, line by line."""

from __future__ import annotations

import gzip
import hashlib
import io
import zipfile

import pytest

from bulkcall.errors import CampaignFileError, UsageError
from bulkcall.records import Field

HEADER = "caller,receiver,label,note\n"
ROW = "919876543210,919811122233,Acme,x\n"


@pytest.mark.parametrize(
    ("codec", "found"),
    [
        ("utf-8", "utf-8"), ("utf-8-sig", "utf-8"), ("utf-16", "utf-16-le"),
        ("utf-16-le", "utf-16-le"), ("utf-16-be", "utf-16-be"), ("utf-32", "utf-32-le"),
    ],
)  # fmt: skip
def test_any_unicode_encoding_is_read(load, codec, found):
    """UTF-8 and UTF-16, with a byte order mark and without, keep every character."""
    loaded = load((HEADER + ROW.replace("x", "सुनीता é ₹")).encode(codec))
    assert loaded.rows == [("919876543210", "919811122233", "Acme", "सुनीता é ₹")]
    assert loaded.file.encoding == found
    assert loaded.file.columns[0] == "caller"


@pytest.mark.parametrize(
    ("codec", "words"),
    [
        ("cp1252", "José Müller Gonçalves Renée"), ("cp1250", "Łódź Dvořák Paweł Kovács"),
        ("cp1251", "Иванов Мария Ольга Сергей"), ("cp1253", "Γιώργος Παπαδόπουλος Μαρία Ελένη"),
        ("cp1254", "Şahin Çağlar İpek Öztürk Y\u0131lmaz Gülşen"),
        ("cp1256", "محمد فاطمة يوسف مريم خالد"),
        ("cp1257", "Žemaitis Ėglė Šarūnas Jūratė Čepaitė Žydrūnas Šiauliai Ąžuolas Živilė"),
        ("cp874", "สมชาย สมหญิง วิชัย นภา อรุณ"),
        ("cp1255", "שלום ירושלים תודה משפחה אברהם יעקב רחל אהבה יהודה ירדן"),
    ],
)  # fmt: skip
def test_windows_code_pages_are_read(load, codec, words):
    """The words of the file tell which one it is, and a note says how sure that is."""
    loaded = load((HEADER + ROW.replace("x", words)).encode(codec))
    assert loaded.rows[0][3] == words
    assert loaded.file.encoding == codec
    assert "not UTF-8" in loaded.file.notes[0]


def test_the_encoding_is_decided_for_the_whole_file(load):
    """A first special letter beyond the first blocks still decides."""
    loaded = load((HEADER + ROW * 60_000 + ROW.replace("x", "Renée")).encode("cp1252"))
    assert len(loaded.rows) == 60_001
    assert loaded.rows[-1][3] == "Renée"
    assert loaded.file.encoding == "cp1252"


def test_damaged_utf8_is_refused_with_its_line(load):
    """One line of another encoding in a UTF-8 file is no reason to misread all others."""
    data = (HEADER + ROW.replace("x", "सुनीता") * 9).encode() + ROW.replace("x", "é").encode(
        "cp1252"
    )
    with pytest.raises(CampaignFileError, match=r"UTF-8, but damaged: line 11"):
        load(data)


def test_another_encoding_is_refused(load):
    """What no known code page makes sense of is not guessed."""
    data = (HEADER + "".join(ROW.replace("x", n) for n in ["田中", "佐藤", "鈴木", "高橋"])).encode(
        "sjis"
    )
    with pytest.raises(CampaignFileError, match="save the file as UTF-8"):
        load(data)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_delimiters_and_line_endings(load, delimiter, ending):
    """Any usual delimiter with any line ending."""
    text = (HEADER + ROW * 2).replace(",", delimiter).replace("\n", ending)
    loaded = load(text)
    assert loaded.rows == [tuple(ROW.strip().split(","))] * 2
    assert loaded.lines == [2, 3]
    assert loaded.file.delimiter == delimiter


def test_a_delimiter_in_other_cells_does_not_mislead(load):
    """Semicolons separate, though commas are more."""
    loaded = load("caller;receiver;label;note\n1;2;Acme, Inc;a,b,c,d,e\n")
    assert loaded.rows == [("1", "2", "Acme, Inc", "a,b,c,d,e")]


def test_the_line_sep_of_excel_is_understood(load):
    """`sep=;` names the delimiter and is no header."""
    loaded = load("sep=;\r\ncaller;receiver;label\r\n1;2;Acme\r\n")
    assert loaded.rows == [("1", "2", "Acme")]
    assert (loaded.file.header_line, loaded.lines) == (2, [3])


def test_content_tells_the_kind_not_the_name(load):
    """A CSV named .xlsx is a CSV; a gz named .csv is a gz."""
    assert load(HEADER + ROW, name="a.xlsx").file.kind == "csv"
    assert load(gzip.compress((HEADER + ROW).encode()), name="a.csv").file.kind == "csv.gz"


def test_gz_and_zip(load):
    """gz, and zip with one CSV in it; folders and a Mac's extras beside it do not count."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("out/", "")
        archive.writestr("__MACOSX/out/._list.csv", "junk")
        archive.writestr("out/list.csv", HEADER + ROW)
    plain = load(HEADER + ROW)
    zipped = load(packed.getvalue())
    assert zipped.file.kind == "csv.zip"
    assert zipped.rows == load(gzip.compress((HEADER + ROW).encode())).rows == plain.rows


def test_a_zip_of_two_files_is_refused(load):
    """One CSV means one."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("a.csv", HEADER + ROW)
        archive.writestr("b.csv", HEADER + ROW)
    with pytest.raises(CampaignFileError, match="must hold one CSV file; it holds 2"):
        load(packed.getvalue())


def test_the_header_is_the_first_line_that_is_not_blank(load):
    """A line whose cells are all empty is blank, above the header and below."""
    loaded = load('\n;;;\n"";\ncaller;receiver;label\n;;\n1;2;Acme\n\n;;;;;\n3;4;Acme\n')
    assert loaded.file.header_line == 4
    assert loaded.rows == [("1", "2", "Acme"), ("3", "4", "Acme")]
    assert loaded.lines == [6, 9]


def test_spaces_alone_make_no_row(load):
    """Neither a line of them nor cells of them, read fast or patiently; a surplus one is none."""
    rows = "  \ncaller,receiver,label\n , ,\t\n1,2,Acme\n   \n3,4,Acme, \n"
    for text in (rows, rows + '" ","",\n', rows.replace("\n", "\r")):
        loaded = load(text)
        assert loaded.file.header_line == 2
        assert loaded.rows == [("1", "2", "Acme"), ("3", "4", "Acme")]
        assert loaded.lines == [4, 6]
        assert not loaded.faults


def test_rows_are_counted_without_header_and_blank_lines(load):
    """A quoted line break does not start a row."""
    loaded = load(HEADER + '1,2,Acme,"two\n\nlines"\n\n3,4,Acme,y\n')
    assert [row[3] for row in loaded.rows] == ["two\n\nlines", "y"]
    assert loaded.lines == [2, 6]


def test_unknown_columns_are_kept_under_their_own_names(load):
    """Also two of one name, and one without."""
    loaded = load("caller,receiver,label, Note ,Note,Note,\n1,2,Acme,a,b,c,d\n")
    assert loaded.file.columns == ("caller", "receiver", "label", " Note ", "Note", "Note", "")
    assert loaded.rows == [("1", "2", "Acme", "a", "b", "c", "d")]


def test_map_settles_a_column(load):
    """`--map field=Column`."""
    loaded = load("wer,wen,was\n1,2,Acme\n", columns={
        "caller_number": "wer", "receiver_number": "wen", "dynamic_label_name": "was"
    })  # fmt: skip
    assert loaded.file.fields[Field.RECEIVER_NUMBER] == 1


def test_short_rows_are_filled(load):
    """Missing cells of a short row are empty."""
    assert load(HEADER + "1,2\n").rows == [("1", "2", "", "")]


def test_a_surplus_cell_that_holds_something_is_a_fault(load):
    """An empty one does no harm."""
    loaded = load(HEADER + "1,2,Acme,x,\n1,2,Acme,x,,boo\n1,2,Acme,x,,\n")
    assert len(loaded.rows) == 3
    assert list(loaded.faults) == [2]
    assert "'boo'" in loaded.faults[2].message


def test_a_misplaced_quote_is_a_fault(load):
    """What can't be read for certain makes its row invalid, and says why."""
    loaded = load(HEADER + '1,2,"Raju "The King" Rao",x\n' + ROW)
    assert list(loaded.faults) == [1]
    assert "column 3" in loaded.faults[1].message
    assert len(loaded.rows) == 2


def test_a_quote_that_is_never_closed_is_refused(load):
    """The rest of the file is not swallowed as one cell."""
    with pytest.raises(CampaignFileError, match=r"line 3: a quote is opened .* never closed"):
        load(HEADER + ROW + '1,2,"Acme,x\n' + ROW * 5)


def test_cells_keep_their_own_text(load):
    """Spaces, zeros and NUL bytes stay; nothing becomes a number or null."""
    cells = (" 0098 ", "1.0", "NULL", "\0N/A\0")
    assert load(HEADER + ",".join(cells) + "\n").rows == [cells]


def test_a_quote_is_taken_off_where_writing_would_put_it(load):
    """A formula comes back without its quote, also in the header; a number never had one."""
    loaded = load("caller,receiver,label,'=x\n'+91 98765 43210,'-5,'-do-,''=y\n")
    assert loaded.file.columns[3] == "=x"
    assert loaded.rows == [("'+91 98765 43210", "'-5", "-do-", "''=y")]


def test_the_file_is_known_by_its_sha256(load):
    """Of its own bytes, packed as they are."""
    data = gzip.compress((HEADER + ROW).encode())
    file = load(data).file
    assert file.sha256 == hashlib.sha256(data).hexdigest()
    assert file.size == len(data)


def test_a_sheet_of_a_csv_is_wrong_usage(load):
    """`--sheet` is for workbooks."""
    with pytest.raises(UsageError, match="--sheet"):
        load(HEADER + ROW, sheet="Calls")


def test_a_rejected_file_given_back_is_read(load):
    """Its two extra columns are carried through like others."""
    loaded = load("caller,receiver,label,error_field,error_message\n1,2,Acme,label,'=too short\n")
    assert loaded.rows == [("1", "2", "Acme", "label", "=too short")]
