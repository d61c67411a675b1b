"""Files that are something else than their name says: what it is and what to do, in one line."""

from __future__ import annotations

import bz2
import io
import os
import socket
import zipfile
from pathlib import Path

import pytest

from bulkcall.errors import CampaignFileError
from bulkcall.load import LoadOptions, open_campaign

CASES = Path(__file__).parent / "cases"
CSV = "caller,receiver,label\n1,2,Acme\n"
TABLE = "<table><tr><td>caller</td></tr></table>"


def zip_of(members, method=zipfile.ZIP_DEFLATED):
    """Pack members by name."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return out.getvalue()


@pytest.mark.parametrize("name", ["html-div.xls", "html-mht.xls"])
def test_a_web_page_under_a_spreadsheets_name(load, name):
    """The advice is to save it as XLSX, and not to map columns."""
    with pytest.raises(CampaignFileError, match=r"web (page|archive).*save it as XLSX") as caught:
        load(CASES / name)
    assert "--map" not in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        f"<html>{TABLE}", f"<!DOCTYPE html>\n{TABLE}", f"<div>\n{TABLE}", TABLE,
        f"<TABLE border=1>{TABLE}",
        f"<meta charset='utf-8'>{TABLE}",
        f"<!-- exported -->\n<!-- twice --><style>a</style>{TABLE}",
        f"\n\n  <font>{TABLE}", f"<?xml version='1.0'?><!DOCTYPE html PUBLIC ''><html>{TABLE}",
        f"<center>{TABLE}", "MIME-Version: 1.0\r\nContent-Type: multipart/related\r\n\r\n--x",
        "From: <Saved by Excel>\r\nSubject: a\r\n b\r\nMIME-Version: 1.0\r\n",
        "Content-Type: multipart/related; boundary=x\r\n", f"<!--{'x' * 5000}-->{TABLE}",
    ],
)  # fmt: skip
@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16"])
def test_each_beginning_of_a_web_page(load, text, codec):
    """HTML and MHT by their content, with a byte order mark and without."""
    with pytest.raises(CampaignFileError, match=r"web (page|archive)"):
        load(text.encode(codec), name="list.xls")


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"<?xml version='1.0'?><Workbook xmlns='urn:schemas-microsoft-com:office:spreadsheet'>",
         "XML spreadsheet of Excel 2003; open it in a spreadsheet program and save it as XLSX"),
        (b'[{"caller": 1}]', "a JSON document; write its records as CSV"),
        (zip_of({"Index/Document.iwa": b"x", "Metadata/a.plist": b"x"}),
         "Apple Numbers.*Export To"),
        (zip_of({"Index.zip": b"x", "preview.jpg": b"x"}), "Apple Numbers"),
        (zip_of({"[Content_Types].xml": b"<x/>", "word/document.xml": b"<x/>"}), "a Word document"),
        (zip_of({"a.csv": CSV, "b.csv": CSV, "c.txt": CSV}),
         "one CSV file; it holds 3: 'a.csv', 'b.csv', 'c.txt'; unpack it and give one of them"),
        (zip_of({"a\x1b[2J.csv": CSV, "b.csv": CSV}), r"'a\\x1b\[2J.csv'"),
        (zip_of({"a.csv": CSV}, zipfile.ZIP_BZIP2), r"packed in a way that is not read"),
        (zip_of({"a.csv": CSV}, zipfile.ZIP_LZMA), r"packed in a way that is not read"),
        (bz2.compress(CSV.encode()), "a bzip2 archive; unpack it first"),
        (bytes([5]) + b"Priya" + b" " * 49 + bytes(110), "lock file"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500) + "WordDocument".encode("utf-16-le"),
         "an old Word document"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500) + "EncryptedPackage".encode("utf-16-le"),
         "encrypted; save it without a password"),
    ],
)  # fmt: skip
def test_other_files_are_named(load, data, words):
    """What it is and what to do, whatever the name."""
    with pytest.raises(CampaignFileError, match=words) as caught:
        load(data, name="list.xlsx")
    assert str(caught.value).isprintable()


@pytest.mark.parametrize("name", ["~$calls.xlsx", ".~lock.calls.ods#"])
def test_a_lock_file_is_told_by_its_name(load, name):
    """With the name of the workbook to give."""
    with pytest.raises(CampaignFileError, match=r"lock file.* give 'calls\.(xlsx|ods)'"):
        load(b",priya,host,29.11.2026", name=name)


def test_a_member_with_a_password_is_told(load):
    """Nothing is asked for."""
    data = bytearray(zip_of({"a.csv": CSV}, zipfile.ZIP_STORED))
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    with pytest.raises(CampaignFileError, match="locked with a password; unpack it first"):
        load(bytes(data))


def test_what_is_not_a_file_is_refused_at_once(tmp_path):
    """A FIFO without a writer, a socket, a device and a folder; nothing waits."""
    os.mkfifo(tmp_path / "pipe")
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(tmp_path / "socket"))
    for path, kind in (
        (tmp_path / "pipe", "a pipe"),
        (tmp_path / "socket", "a socket"),
        (tmp_path, "a folder"),
        ("/dev/null", "a device"),
        ("/dev/zero", "a device"),
    ):
        with pytest.raises(CampaignFileError, match=f"^{path}: {kind}.*standard input"):
            open_campaign(str(path), LoadOptions())


def test_standard_input_is_a_campaign_file(load, monkeypatch, tmp_path):
    """`-`: any kind, by its content, read from a private copy."""
    for data in (CSV.encode(), zip_of({"a.csv": CSV})):
        (tmp_path / "in").write_bytes(data)
        with (tmp_path / "in").open() as stdin:
            monkeypatch.setattr("sys.stdin", stdin)
            loaded = load(Path("-"))
        assert loaded.rows == [("1", "2", "Acme")]
        assert (loaded.file.path, loaded.file.size) == ("-", len(data))


def test_standard_input_that_is_closed_is_told(monkeypatch):
    """As under a scheduler that closes it."""
    monkeypatch.setattr("sys.stdin", None)
    with pytest.raises(CampaignFileError, match="standard input is closed"):
        open_campaign("-", LoadOptions())
