"""Files that can't be read: one clear line, exit status 2, nothing else (contract: Exit status)."""

from __future__ import annotations

import gzip
import io
import os
import zipfile

import pytest

from bulkcall.errors import CampaignFileError, ExitStatus
from bulkcall.load import LoadOptions, open_campaign
from bulkcall.records import Field

HEADER = "caller,receiver,label\n"
PACKED = gzip.compress((HEADER + "1,2,Acme\n" * 999).encode())


def zip_of(data: bytes) -> bytes:
    """Pack one CSV."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.csv", data)
    return packed.getvalue()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "the file is empty"),
        (b"\n;;\n\r\n", "only blank lines"),
        (HEADER, "no rows"),
        (HEADER + "\n,,\n", "no rows"),
        ("a,b\n1,2\n", "no known column"),
        ("My list of March\n\n" + HEADER + "1,2,Acme\n", "line 3 looks like the header"),
        ("caller,label\n1,Acme\n", "no column for receiver_number"),
        (HEADER.replace("label", "phone,label") + "1,2,3,Acme\n", "'receiver' .* and 'phone'"),
        (b"\x89PNG\r\n\x1a\n" + bytes(99), "a picture"),
        (b"%PDF-1.7\n", "PDF"),
        (bytes(range(256)) * 9, "binary data"),
        (bytes(5000), "binary data"),
        (b"<html><body><table><tr><td>caller", "web page"),
        (PACKED[:-9], "can't be read to its end|damaged"),
        (PACKED[:40] + b"\0\0\0" + PACKED[43:], "can't be read to its end|damaged"),
        (gzip.compress(b""), "holds nothing"),
        (gzip.compress(PACKED), "another archive"),
        (zip_of(b""), "is empty"),
        (zip_of((HEADER + "1,2,Acme\n" * 99).encode())[:-30], "damaged zip"),
        (b"PK\x03\x04" + bytes(200), "damaged zip"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2000), "damaged"),
        (b"\xff\xfe" + (HEADER + "1,2,A\n").encode("utf-16-le")[:-1], "utf-16-le, but damaged"),
    ],
)  # fmt: skip
def test_an_unreadable_file_is_one_clear_line(load, data, words):
    """It names the file and says what is wrong."""
    with pytest.raises(CampaignFileError, match=words) as caught:
        load(data)
    assert "\n" not in str(caught.value)
    assert "file.csv: " in str(caught.value)
    assert caught.value.exit_status == ExitStatus.USAGE


def test_a_missing_file_a_folder_and_a_pipe(tmp_path):
    """Only a regular file can be read."""
    os.mkfifo(tmp_path / "pipe")
    holder = os.open(tmp_path / "pipe", os.O_RDWR)
    for path in (tmp_path / "none.csv", tmp_path, tmp_path / "pipe"):
        with pytest.raises(CampaignFileError, match=f"^{path}: "):
            open_campaign(str(path), LoadOptions())
    os.close(holder)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission(tmp_path):
    """The system's own words, in one line."""
    path = tmp_path / "a.csv"
    path.write_text(HEADER)
    path.chmod(0)
    with pytest.raises(CampaignFileError, match="Permission denied"):
        open_campaign(str(path), LoadOptions())


def test_a_file_that_changes_while_it_is_read(tmp_path):
    """Rows of two versions are not mixed."""
    path = tmp_path / "a.csv"
    path.write_text(HEADER + "1,2,Acme\n")
    options = LoadOptions(supplied=frozenset({Field.STARTS_AT, Field.ENDS_AT}))
    with open_campaign(str(path), options) as campaign:
        path.write_text(HEADER + "1,2,Acme\n3,4,Acme\n")
        with pytest.raises(CampaignFileError, match="changed while it was read"):
            list(campaign.chunks())


@pytest.mark.parametrize(
    ("rows", "limit", "words"),
    [
        ("1,2,{}\n", {"max_cell": 1000}, "line 2, column 3: a cell of 5,000 bytes; the limit is"),
        ('1,2,"{}"\n', {"max_cell": 1000}, "a cell of 5,000 bytes"),
        ("1,2,{}\n", {"max_line": 2000}, "line 2: a row of more than 2,000 bytes"),
        ('1,2,"{}\n', {"max_line": 2000}, "line 2: a quote is opened|line 2: a row of more"),
    ],
)  # fmt: skip
def test_cells_and_lines_have_limits(load, rows, limit, words):
    """Each limit has its own clear error."""
    with pytest.raises(CampaignFileError, match=words):
        load(HEADER + rows.format("x" * 5000), **limit)


@pytest.mark.parametrize("pack", [gzip.compress, zip_of])
def test_what_is_unpacked_has_a_limit(load, pack):
    """A zip bomb is stopped before it has burst."""
    with pytest.raises(CampaignFileError, match="unpacks to more than 1,000,000 bytes"):
        load(pack(HEADER.encode() + b"1,2,Acme\n" * 1_000_000), max_unpacked=1_000_000)


def test_a_header_has_a_limit(load):
    """More columns than any spreadsheet has are no campaign."""
    with pytest.raises(CampaignFileError, match="columns; the limit is 16,384"):
        load("caller,receiver,label" + ",x" * 20_000 + "\n1,2,Acme\n")
