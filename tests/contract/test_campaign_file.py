"""How a campaign file is read, cell by cell, as `validate` tells (contract: Campaign file)."""

from __future__ import annotations

import csv
import gzip
import io
import json
import time
import zipfile
from datetime import UTC, datetime, timedelta, timezone

import openpyxl
import pytest

from tests.contract.conftest import CALLER, receivers

TIMES = ("--start", "now", "--window", "8h")
HEAD = "caller,receiver,label\n"
ONE = f"{CALLER},{receivers(1)[0]},Parcel team\n"
LABEL_ID = "3f2504e0-4f89-11d3-9a0c-0305e82c3301"


def verdicts(place, rows, columns, *flags, environ=None):
    """Validate these rows; gives for each row its finding, `field: message`, or nothing."""
    place.campaign([(*row, str(n)) for n, row in enumerate(rows)], columns=(*columns, "n"))
    ended = place.run("validate", "campaign.csv", *flags, "--out", "v", "--json", environ=environ)
    assert ended.status in {0, 3}, ended
    rejected = {int(row["n"]): row for row in place.table("v/rejected.csv")}
    summary = json.loads((place.folder / "v/summary.json").read_text())
    assert summary["invalid"] == len(rejected)
    assert (
        summary["rows"] == len(rows) == sum(summary[w] for w in ("valid", "invalid", "duplicate"))
    )
    found = [rejected.get(n) for n in range(len(rows))]
    return [f"{row['error_field']}: {row['error_message']}" if row else "" for row in found]


def test_numbers(place):
    """What can be read for certain is valid; the rest is invalid and says why."""
    good = [
        "+91 98765 00011", "0091-98765-00011", "919876500011", "9876500011", "09876500011",
        "(98765) 00011", "98765.00011", " 9876500011 ", "+1 212-555-0123", "+442079460000",
    ]  # fmt: skip
    bad = ["9.19877E+11", "12", "", "abc", "+91 98765", "9876500011 ext 5", "98765000111111", "+"]
    found = verdicts(
        place,
        [(CALLER, number, f"Team {n:03d}") for n, number in enumerate(good + bad)],
        ("caller", "receiver", "label"),
        *TIMES,
    )
    assert found[: len(good)] == [""] * len(good)
    assert all(told.startswith("receiver_number: ") for told in found[len(good) :]), found
    assert "ormat" in found[len(good)]
    # A region of one's own: the same digits are not national there.
    rows = [(CALLER, "+919876500011", "Team"), ("+919876500011", "212-555-0123", "Team")]
    columns = ("caller", "receiver", "label")
    found = verdicts(place, rows, columns, *TIMES, environ={"BULKCALL_REGION": "US"})
    assert found[1] == ""


def test_times(place):
    """Offsets, the zone, epoch, clashes of the zone, slashes only with a format, 24 hours."""
    day = (datetime.now(timezone(timedelta(hours=5, minutes=30))) + timedelta(days=2)).date()
    at = int(time.time()) + 86400
    rows = [
        (f"{day}T10:00:00+05:30", f"{day}T12:00:00Z", True),
        (f"{day} 10:00", f"{day} 12:00:30", True),
        (f"{at}", f"{at + 3600}", True),
        (f"{at}000", f"{at + 3600}500", True),
        (f"{at}", f"{at + 86400}", True),
        (f"{at}", f"{at + 86401}", False),
        (f"{at}", f"{at}", False),
        (f"{at}", f"{at - 1}", False),
        (f"{at - 200000}", f"{at - 190000}", False),
        (f"{day:%d/%m/%Y} 10:00", f"{day:%d/%m/%Y} 12:00", False),
        ("", f"{at}", False),
        (f"{at}", "tomorrow", False),
    ]
    columns = ("caller", "receiver", "label", "start", "end")
    table = [
        (f"+{CALLER}", f"+91{number}", "Team", *row[:2])
        for number, row in zip(receivers(12), rows, strict=True)
    ]
    found = verdicts(place, table, columns)
    assert [not told for told in found] == [row[2] for row in rows], found
    assert all(told.startswith(("starts_at", "ends_at")) for told in found if told)
    dated = verdicts(place, table, columns, "--date-format", "dmy")
    assert dated[9] == ""
    place.write("bulkcall.toml", 'date_format = "dmy"\n')
    assert verdicts(place, table, columns) == dated
    (place.folder / "bulkcall.toml").unlink()
    pattern = verdicts(place, table[9:10], columns, "--date-format", "%d/%m/%Y %H:%M")
    assert pattern == [""]
    naive = verdicts(place, table[:2], columns, environ={"BULKCALL_REGION": "GB"})
    assert naive[0] == ""
    assert naive[1] != ""
    zoned = {"BULKCALL_REGION": "GB", "BULKCALL_TIMEZONE": "Europe/London"}
    assert verdicts(place, table[:2], columns, environ=zoned) == ["", ""]


def test_labels_and_reasons(place):
    """A row needs an id or a name; lengths are code points; the reason's characters and ends."""
    rows = [
        ("", "Abc", "", ""),
        (LABEL_ID, "", "", ""),
        (LABEL_ID.upper(), "Parcel", "A fine reason", ""),
        ("", "é" * 40, "ü" * 100, ""),
        ("", "  Abc  ", "  ten letters  ", ""),
        ("", "", "", "no label"),
        ("not-a-uuid", "Abc", "", "label_id"),
        ("", "Ab", "", "dynamic_label_name"),
        ("", "x" * 41, "", "dynamic_label_name"),
        ("", "Abc", "x" * 9, "dynamic_call_reason"),
        ("", "Abc", "x" * 101, "dynamic_call_reason"),
        ("", "Abc", "a reason / another", "dynamic_call_reason"),
        ("", "Abc", "a reason at an end.", "dynamic_call_reason"),
        ("", "Abc", "-a reason at an end", "dynamic_call_reason"),
    ]
    table = [(CALLER, n, *row[:3]) for n, row in zip(receivers(len(rows)), rows, strict=True)]
    columns = ("caller_number", "receiver_number", "label_id", "label", "reason")
    found = verdicts(place, table, columns, *TIMES)
    for told, (*_, wrong) in zip(found, rows, strict=True):
        assert bool(told) is bool(wrong), (told, wrong)
        assert told.startswith(wrong) or wrong == "no label", (told, wrong)


def zipped(text):
    """Give a zip with one CSV in it."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        file.writestr("inner.csv", text)
    return buffer.getvalue()


def workbook():
    """Give an XLSX whose first sheet is hidden; cells are typed."""
    book = openpyxl.Workbook()
    hidden = book.active
    hidden.append(["nothing"])
    hidden.sheet_state = "hidden"
    sheet = book.create_sheet("Shown")
    sheet.append(["caller", "receiver", "label", "n", "start", "end"])
    start = datetime.now() + timedelta(days=1)  # noqa: DTZ005 - a spreadsheet's dates have no zone
    sheet.append([int(CALLER), 919876500011, "Straße", 5, start, start + timedelta(hours=2)])
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


TEXT = HEAD + ONE.replace("Parcel", "Straße")


@pytest.mark.parametrize(
    "content",
    [
        TEXT.encode(),
        TEXT.encode("utf-8-sig"),
        TEXT.encode("utf-16"),
        TEXT.encode("cp1252"),
        TEXT.replace(",", ";").replace("\n", "\r\n").encode(),
        TEXT.replace(",", "\t").replace("\n", "\r").encode(),
        TEXT.replace(",", "|").rstrip("\n").encode(),
        b"\n,,\n" + TEXT.encode() + b"\n,,\n",
        gzip.compress(TEXT.encode()),
        zipped(TEXT),
        workbook(),
    ],
    ids=[
        "utf8",
        "bom",
        "utf16",
        "cp1252",
        "semicolon",
        "tab",
        "pipe",
        "blank",
        "gz",
        "zip",
        "xlsx",
    ],
)
def test_the_content_tells_the_kind(place, content):
    """Encodings, delimiters, line ends and kinds, all under one misleading name."""
    (place.folder / "campaign.txt").write_bytes(content)
    times = () if content[:2] == b"PK" and b"xl/" in content else TIMES
    ended = place.run("validate", "campaign.txt", *times, "--json")
    assert ended.status == 0, ended
    assert (ended.json["rows"], ended.json["valid"]) == (1, 1)


def test_header_words_map_and_supplied_times(place):
    """Usual spellings, --map and [columns]; two columns for one field, or time twice: exit 2."""
    cases = [
        ("Caller Number,RECEIVER_NUMBER,Dynamic Label Name,other\n", (), 0),
        ("caller,receiver,label,caller_number\n", (), 2),
        ("caller,Kunde,label\n", (), 2),
        ("caller,Kunde,label\n", ("--map", "receiver_number=Kunde"), 0),
        ("caller,receiver,Kunde\n", ("--map", "dynamic_label_name=Kunde"), 0),
        ("caller,receiver,label\n", ("--map", "receiver_number=Nobody"), 2),
        ("caller,receiver,label,start\n", (), 2),
        ("caller,receiver\n", (), 2),
    ]
    for header, flags, status in cases:
        place.write("campaign.csv", header + ONE)
        ended = place.run("validate", "campaign.csv", *TIMES, *flags)
        assert ended.status == status, (header, ended)
    place.write("campaign.csv", "caller,Kunde,label\n" + ONE)
    place.write("bulkcall.toml", '[columns]\nreceiver_number = "Kunde"\n')
    for command in ("validate", "plan"):
        assert place.run(command, "campaign.csv", *TIMES).status == 0
    assert place.run("validate", "campaign.csv").status == 2, "no time columns, and no flags"


@pytest.mark.parametrize(
    ("command", "written"),
    [("run", "outcomes.csv"), ("validate", "rejected.csv"), ("plan", "plan.json")],
)
def test_run_validate_and_plan_read_a_file_alike(client, command, written):
    """--map, --sheet, --start, --window, --date-format, --out: each has them and needs them all."""
    book = openpyxl.Workbook()
    book.active.append(["nothing"])
    sheet = book.create_sheet("Mine")
    sheet.append(["caller", "Kunde", "label"])
    for number in receivers(2):
        sheet.append([CALLER, number, "Parcel team"])
    book.save(client.folder / "campaign.xlsx")
    day = datetime.now(UTC) + timedelta(days=2)
    flags = {
        "--map": "receiver_number=Kunde",
        "--sheet": "Mine",
        "--start": f"{day:%d/%m/%Y} 10:00",
        "--window": "8h",
        "--date-format": "dmy",
    }

    def go(given):
        words = [word for flag in given.items() for word in flag]
        return client.run(command, "campaign.xlsx", *words, "--out", "o", "--json")

    for flag in flags if command == "validate" else ():
        without = go({name: value for name, value in flags.items() if name != flag})
        assert without.status == 2, (flag, without)
    ended = go(flags)
    assert (ended.status, ended.json["rows"]) == (0, 2), ended
    assert (client.folder / "o" / written).is_file()


def test_rows_are_counted_as_promised(place):
    """Blank lines and quoted line breaks start no row; short rows are filled; surplus: invalid."""
    body = (
        "caller,receiver,label,note\n"
        f"{CALLER},{receivers(4)[0]},Parcel team\n"
        "\n,,,\n"
        f'{CALLER},{receivers(4)[1]},Parcel team,"a\n\nb"\n'
        f"{CALLER},{receivers(4)[2]},Parcel team,c,,\n"
        f"{CALLER},{receivers(4)[3]},Parcel team,d,surplus\n"
    )
    place.write("campaign.csv", body)
    ended = place.run("validate", "campaign.csv", *TIMES, "--out", "v", "--json")
    assert (ended.json["rows"], ended.json["invalid"]) == (4, 1), ended
    [rejected] = place.table("v/rejected.csv")
    assert (rejected["note"], rejected["receiver"]) == ("d", receivers(4)[3])


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_a_template_is_a_campaign_file_whose_examples_are_never_sent(place, kind):
    """`template` writes a file that is read as it is; its example rows are invalid and say so."""
    written = place.run("template", f"mine.{kind}", "--json")
    assert written.status == 0, written
    ended = place.run("validate", f"mine.{kind}", *TIMES, "--json")
    assert (ended.status, ended.json["valid"], ended.json["invalid"]) == (3, 0, 2), ended
    assert "example row" in place.run("validate", f"mine.{kind}", *TIMES).out


def test_typed_cells_show_as_their_own_text(client):
    """XLSX: whole numbers as digits, dates as ISO 8601, in outcomes.csv."""
    (client.folder / "campaign.xlsx").write_bytes(workbook())
    ended = client.run("run", "campaign.xlsx", "--out", "o", "--json")
    assert ended.status == 0, ended
    with (client.folder / "o/outcomes.csv").open(newline="", encoding="utf-8") as file:
        [row] = csv.DictReader(file)
    assert (row["caller"], row["receiver"], row["n"]) == (CALLER, "919876500011", "5")
    assert datetime.fromisoformat(row["start"]) < datetime.fromisoformat(row["end"])


def test_plan_tells_requests_tokens_and_time(place):
    """`plan` needs no credentials: rows, requests and seconds on each channel."""
    place.campaign([(CALLER, number, "Parcel team") for number in receivers(1001)])
    planned = place.run("plan", "campaign.csv", *TIMES, "--json", "--tokens", "2").json
    assert (planned["rows"], planned["valid"], planned["tokens"]) == (1001, 1001, 2)
    assert planned["channels"]["batch"]["requests"] == 3
    assert planned["channels"]["realtime"]["requests"] == 1001
    assert 4 <= planned["channels"]["realtime"]["seconds"] <= 7
    for channel in planned["channels"].values():
        assert channel["expired"] == 0


def test_damage_is_named_by_all_three_commands(client):
    """`validate`, `plan` and `run` say in one line what happened to a column, for people too."""
    lost = [(CALLER, "9.19877E+11", "Parcel team")] * 3
    client.campaign([*lost, (CALLER, receivers(1)[0], "Parcel team")])
    for command in ("validate", "plan", "run"):
        told = client.run(command, "campaign.csv", *TIMES)
        assert "receiver_number: 3 of 4 cells are in scientific notation" in told.out + told.err
