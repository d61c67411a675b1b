"""rejected.csv can't launder a row: given back unchanged no row is valid; corrected, all are."""

from __future__ import annotations

import csv
import io
import json

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bulkcall.cli.main import run
from bulkcall.run.options import ReadOptions
from bulkcall.run.validate_only import validate

NOW_MS = 1_775_023_200_000  # 2026-04-01T06:00:00Z
HEADER = ("caller", "receiver", "label_id", "label", "reason", "start", "end", "note")
GOOD = (
    "+918045678900",
    "9876543210",
    "123e4567-e89b-12d3-a456-426614174000",
    "Asha Bank",
    "Your card is ready for pickup",
    "2026-04-03T10:00:00+05:30",
    "2026-04-03T18:00:00+05:30",
    "kept",
)
DAMAGED = (
    "#N/A", "#REF!", "#BEZUG!", "Err:502", "NULL", "(null)", "undefined", "{{name}}", "${x}",
    "[object Object]", "???? ????", "Caf\ufffd Noir", "\u200d\u200d\u200d", "Asha\u200bBank",
    "Asha\nBank", "Asha\tBank", "Asha\x07Bank", "\u202eknaB ahsA", "---",
)  # fmt: skip
BAD_NUMBERS = [
    "9.19877E+11",
    "919876543210.0",
    "12345",
    "98765432100",
    "79876543210",
    "call me",
    "5555555555",
    "=1+1",
    "+1234",
    "-5",
    "'",
    "98765\u200d43210",
    "@x",
    "#N/A",
    "null",
    "",
]
BAD_TIMES = [
    "03/04/2026 10:00",
    "2026-04-03",
    "1.775E+12",
    "soon",
    "2026-02-30T10:00",
    "1775190600000000",
    "#VALUE!",
    "=NOW()",
    "",
]
BAD_REASONS = ("short", "x" * 101, "ends with a dash-", "holds an / mark")
CELL_FAULTS = {
    0: BAD_NUMBERS,
    1: BAD_NUMBERS,
    2: ("nope", "123e4567", *DAMAGED),
    3: ("AB", "x" * 41, *DAMAGED),
    4: (*BAD_REASONS, *DAMAGED),
    5: BAD_TIMES,
    6: BAD_TIMES,
}
FAULTS = st.one_of(
    *(st.tuples(st.just(column), st.sampled_from(texts)) for column, texts in CELL_FAULTS.items()),
    st.tuples(st.just("surplus"), st.sampled_from(("x", " y ", '"q"', "=1+1", "a,b", "é\nf"))),
    st.tuples(st.just("quotes"), st.sampled_from(('"Raju "King" Rao"', '"Raju" Rao', '"Ra" "o"'))),
)


def line(fault, number) -> str:
    """Return a row with one fault, as a line of CSV."""
    kind, text = fault
    cells = [*GOOD[:-1], f"row {number}"]
    if kind == "surplus":
        cells.append(text)
    elif kind != "quotes":
        cells[kind] = text
    written = io.StringIO()
    csv.writer(written, lineterminator="\n").writerow(cells)
    if kind == "quotes":
        return written.getvalue().replace(GOOD[3], text)
    return written.getvalue()


def judged(path, out=None, **options):
    """Validate a file; returns rows, valid and the codes that were found."""
    found = validate(ReadOptions(file=str(path), now_ms=NOW_MS, **options), out=out)
    return found.rows, found.valid + found.duplicate, {each.code for each in found.troubles}


def corrected(path, to) -> None:
    """Put right values into every row of a rejected.csv, as a person would, surplus cells away."""
    with path.open(newline="", encoding="utf-8") as file:
        header, *rows = csv.reader(file)
    good = dict(zip(HEADER, GOOD, strict=True))
    with to.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        for row in rows:
            kept = row[: len(header)]
            writer.writerow(
                good[name] if name in good and name != "note" else cell
                for name, cell in zip(header, kept, strict=True)
            )


@settings(max_examples=150, deadline=None)
@given(faults=st.lists(FAULTS, min_size=1, max_size=12))
def test_no_row_becomes_valid_by_itself(tmp_path_factory, faults):
    """Every kind of fault, mixed at random: unchanged no row is valid, corrected all are."""
    folder = tmp_path_factory.mktemp("back")
    lines = [",".join(HEADER) + "\n", *(line(fault, at) for at, fault in enumerate(faults))]
    (folder / "campaign.csv").write_text("".join(lines), encoding="utf-8", newline="")
    rows, valid, _ = judged(folder / "campaign.csv", folder / "out")
    assert (rows, valid) == (len(faults), 0)
    rejected = folder / "out" / "rejected.csv"
    assert judged(rejected, folder / "again")[:2] == (len(faults), 0)
    twice = folder / "again" / "rejected.csv"
    assert judged(twice)[:2] == (len(faults), 0)
    corrected(twice, folder / "fixed.csv")
    assert judged(folder / "fixed.csv") == (len(faults), len(faults), set())


def workbook(path) -> None:
    """Write a sheet with an error, a formula that was never computed and a surplus cell."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(list(HEADER))
    for number in range(6):
        sheet.append([*GOOD[:-1], f"row {number}"])
    sheet["D2"] = "#N/A"
    sheet["D2"].data_type = "e"
    sheet["C3"] = "#REF!"
    sheet["C3"].data_type = "e"
    sheet["C4"] = "=A1"
    sheet["E5"] = "=A1"
    sheet["I6"] = "surplus"
    sheet["B7"] = "#DIV/0!"
    sheet["B7"].data_type = "e"
    book.save(path)


def test_cells_that_a_workbook_does_not_tell_stay_invalid(tmp_path):
    """Error cells, formulas never computed (also of a field that may be empty), surplus cells."""
    workbook(tmp_path / "campaign.xlsx")
    assert judged(tmp_path / "campaign.xlsx", tmp_path / "out")[:2] == (6, 0)
    rejected = tmp_path / "out" / "rejected.csv"
    assert judged(rejected)[:2] == (6, 0)
    corrected(rejected, tmp_path / "fixed.csv")
    assert judged(tmp_path / "fixed.csv")[:2] == (6, 6)


@pytest.mark.parametrize("flags", [{"start": "now", "window": "8h"}])
def test_with_times_from_flags_as_well(tmp_path, flags):
    """Where --start and --window give the times, the same rows stay invalid with them."""
    own = [*HEADER[:5], "note"]
    text = ",".join(own) + "\n" + "+918045678900,98765,,Asha Bank,,x\n"
    text += "+918045678900,9876543210,,Asha Bank,,x,surplus\n"
    (tmp_path / "campaign.csv").write_text(text, encoding="utf-8")
    assert judged(tmp_path / "campaign.csv", tmp_path / "out", **flags)[:2] == (2, 0)
    assert judged(tmp_path / "out" / "rejected.csv", **flags)[:2] == (2, 0)


def test_a_run_s_rejected_csv_is_the_same(tmp_path, monkeypatch, capsys):
    """Also through the ledger, where the cells and the findings come from its blobs."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BULKCALL_LEDGER", str(tmp_path / "ledger.db"))
    monkeypatch.setenv("BULKCALL_CLIENT_ACCOUNT_ID", "account")
    monkeypatch.setenv("BULKCALL_TOKEN", "token")
    monkeypatch.setenv("BULKCALL_BASE_URL", "http://127.0.0.1:9")
    own = [*HEADER[:5], "note"]
    text = ",".join(own) + "\n"
    text += "+918045678900,9876543210,,Asha Bank,,x,surplus\n"
    text += '+918045678900,9876543210,,"Raju "King" Rao",,x\n'
    text += "+918045678900,9876543210,#N/A,Asha Bank,,x\n"
    (tmp_path / "campaign.csv").write_text(text, encoding="utf-8")
    flags = ("--start", "now", "--window", "8h")
    run(["run", "campaign.csv", *flags, "--dry-run", "--out", "o", "--json"])
    capsys.readouterr()
    assert run(["validate", "o/rejected.csv", *flags, "--json"]) == 3
    assert json.loads(capsys.readouterr().out)["valid"] == 0
    with (tmp_path / "o/rejected.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file, restkey="surplus"))
    assert [row["error_code"] for row in rows] == [
        "row.surplus_cells",
        "row.broken_quotes",
        "label_id.error_word",
    ]
    assert rows[0]["surplus"] == ["surplus"]
