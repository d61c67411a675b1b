"""One campaign with every kind of row, and each sentence of the contract on its files."""

from __future__ import annotations

import csv
import json
import re
from types import SimpleNamespace

import openpyxl
import pytest

from tests.contract.conftest import CALLER, HURRY, QUICK, SANDBOX, new_place, receivers

TIMES = ("--start", "now", "--window", "8h")
HEADER = ["row", "caller", "Receiver Number", "label", "reason", "outcome", "note", "note"]
RESULTS = [
    "outcome",
    "message",
    "field",
    "channel",
    "batch_id",
    "record_id",
    "match",
    "attempts",
    "http_status",
    "sent_at",
    "confirmed_at",
    "code",
]
WORDS = [
    "success",
    "error",
    "refused",
    "missing",
    "pending",
    "unknown",
    "failed",
    "invalid",
    "duplicate",
    "expired",
    "unsent",
]
ISO = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)")
FORMULAS = ["=1+1", "+1+1", "-cmd|' /C calc'!A0", "@SUM(1)", "\tx", "\rx"]
NUMBERS = ["-5", "+5.25", "-.5", "+91 98765 43210", "+1 (212) 555-0100", "+441632960.961"]


def line(receiver, note="", reason="", also=""):
    """Give one row of the campaign."""
    return ["x", CALLER, receiver, "Parcel team", reason, "own word", note, also]


def campaign():
    """Give rows and the outcome that each must have."""
    a, b, c, d = receivers(4)
    yield from [
        (line("+91 98765 99901"), "error"),
        (line("98765-99904", 'multi\nline, "quoted"'), "error"),
        (line("9876599908"), "refused"),
        (line(a, reason="  A reason to call  "), "success"),
        (line(a, reason="A reason to call"), "duplicate"),
        (line(b), "success"),
        (line("12", "kept  "), "invalid"),
        (line("9.19877E+11"), "invalid"),
        (line(c, reason="short"), "invalid"),
        ([*line(d), "surplus"], "invalid"),
        (line("9876599911"), "unknown"),
        (line("9876599909"), "failed"),
        (line("9876599913"), "success"),
    ]
    more = receivers(12, 20)
    yield from [(line(r, n), "success") for r, n in zip(more, FORMULAS + NUMBERS, strict=True)]
    # Beside good ones: a pending one, or no one, beside it would leave its batch open.
    yield (line("9876599906"), "missing")


@pytest.fixture(scope="module")
def ran(tmp_path_factory, nursery, sandbox_process):
    """Run the campaign once; what the tests look at."""
    place = new_place(tmp_path_factory.mktemp("files"), nursery)
    sandbox_process.reset()
    sandbox_process.set(**SANDBOX | QUICK | {"rules": "digits"})
    place.environ |= sandbox_process.environment() | HURRY | {"BULKCALL_RECONCILE_TIMEOUT": "4"}
    rows, wanted = zip(*campaign(), strict=True)
    place.campaign(rows, columns=HEADER)
    place.write("bulkcall.toml", "max_tries = 2\n")
    ended = place.run("run", "campaign.csv", *TIMES, "--out", "o", "--json")
    with (place.folder / "o/outcomes.csv").open(newline="", encoding="utf-8") as file:
        header, *outcomes = csv.reader(file)
    return SimpleNamespace(
        place=place,
        rows=rows,
        wanted=list(wanted),
        ended=ended,
        header=header,
        outcomes=outcomes,
        results=[dict(zip(RESULTS, row[-len(RESULTS) :], strict=True)) for row in outcomes],
        summary=json.loads((place.folder / "o/summary.json").read_text()),
        journal=sandbox_process.journal(),
    )


def test_every_row_ends_with_its_word(ran):
    """Each of the outcomes that one run can bring, at its row."""
    assert [result["outcome"] for result in ran.results] == ran.wanted, ran.ended
    assert ran.ended.status == 3


def test_outcomes_csv_has_its_columns_in_order(ran):
    """Row, the file's own columns (input_ before a name that clashes), the results."""
    own = [
        "row", "input_row", "caller", "Receiver Number", "label", "reason", "input_outcome",
        "note", "note",
    ]  # fmt: skip
    assert ran.header == [*own, *RESULTS]


def test_every_row_stands_once_in_file_order(ran):
    """Conservation: row 1 to N."""
    assert [row[0] for row in ran.outcomes] == [str(n + 1) for n in range(len(ran.rows))]


def test_own_text_is_kept_and_formulas_are_inert(ran):
    """Own text, spaces included; a quote before what a spreadsheet would run, and only there."""
    for row, written in zip(ran.rows, ran.outcomes, strict=True):
        expected = ["'" + text if text in FORMULAS else text for text in row[: len(HEADER)]]
        assert written[1 : 1 + len(HEADER)] == expected


def test_results_are_of_their_kind(ran):
    """Times in ISO 8601 UTC, figures as figures, channel and match words, ids where sent."""
    for result in ran.results:
        assert result["channel"] == "batch"
        assert result["match"] in {"number", "stamp", "group", ""}
        assert result["attempts"].isdigit()
        assert re.fullmatch(r"(\d{3})?", result["http_status"])
        for name in ("sent_at", "confirmed_at"):
            assert not result[name] or ISO.fullmatch(result[name])
        if result["outcome"] in {"success", "error"}:
            assert result["batch_id"]
            assert result["record_id"]
            assert result["match"] == "stamp"
            assert result["http_status"] == "200"
            assert "" < result["sent_at"] <= result["confirmed_at"]
        if result["outcome"] in {"invalid", "duplicate"}:
            assert result["attempts"] == "0"
            assert result["message"]
            assert not result["sent_at"] + result["batch_id"] + result["http_status"]
        if result["outcome"] in {"pending", "missing"}:
            assert result["batch_id"]
            assert not result["confirmed_at"]


def test_messages_are_the_servers_own(ran):
    """Error and refused carry the API's message, refused its field."""
    assert ran.results[0]["message"] == "Not a Truecaller user"
    assert ran.results[1]["message"] == "Failed to push"
    assert ran.results[2]["field"] == "receiver_number"
    assert ran.results[2]["message"].startswith("Request body is invalid")
    assert ran.results[2]["http_status"] == "400"


def test_attempts_are_how_often_a_row_was_sent(ran):
    """The server's journal says how often each row was in a request that was not turned away."""
    seen = {}
    for entry in ran.journal:
        if entry.call == "batch_create" and entry.status not in {429, 503}:
            for record in entry.records:
                seen[record.receiver_number] = seen.get(record.receiver_number, 0) + 1
    for row, result in zip(ran.rows, ran.results, strict=True):
        digits = re.sub(r"\D", "", row[2])[-10:]
        if result["outcome"] not in {"invalid", "duplicate"}:
            assert int(result["attempts"]) == seen.get("91" + digits, 0), (row, result)


def test_summary_json_has_its_keys_and_adds_up(ran):
    """Keys, eleven words, conserved, requests counted as the server counts them."""
    summary = ran.summary
    assert list(summary) == [
        "run_id", "file", "sha256", "channel", "rows", "outcomes", "conserved", "requests",
        "retries", "started_at", "finished_at", "unexpected",
    ]  # fmt: skip
    assert list(summary["outcomes"]) == WORDS
    assert summary["rows"] == len(ran.rows) == sum(summary["outcomes"].values())
    assert {w: ran.wanted.count(w) for w in WORDS} == summary["outcomes"]
    assert summary["conserved"] is True
    carried = [entry for entry in ran.journal if entry.call == "batch_create"]
    assert summary["requests"] == len(carried)
    assert ISO.fullmatch(summary["started_at"])
    assert ISO.fullmatch(summary["finished_at"])
    assert summary["started_at"] < summary["finished_at"]
    assert len(summary["unexpected"]) == 1
    for name in ("run_id", "outcomes", "rows", "conserved", "unexpected", "requests"):
        assert ran.ended.json[name] == summary[name]


def test_rejected_csv_holds_what_another_try_could_save(ran):
    """invalid, refused, failed, and errors that are not final: own columns and text, reasons."""
    with (ran.place.folder / "o/rejected.csv").open(newline="", encoding="utf-8") as file:
        header, *kept = csv.reader(file)
    assert header == [*HEADER, "error_field", "error_message", "error_code"]
    saved = [
        row[: len(HEADER)]
        for row, result in zip(ran.rows, ran.results, strict=True)
        if result["outcome"] in {"invalid", "refused", "failed"}
        or result["message"] == "Failed to push"
    ]
    assert [row[: len(HEADER)] for row in kept] == saved
    assert all(row[-1] and row[-2] for row in kept)
    assert {row[-3] for row in kept} >= {"receiver_number", "dynamic_call_reason"}


def test_rejected_csv_mended_runs_as_it_is(ran, sandbox):
    """Mended it goes; unmended rows keep their own columns, error_* are replaced, not doubled."""
    sandbox.set(rules="none")
    place = ran.place
    text = (place.folder / "o/rejected.csv").read_text()
    place.write("mended.csv", text.replace("9.19877E+11", receivers(1, 50)[0]))
    ended = place.run("run", "mended.csv", *TIMES, "--out", "o2", "--json")
    outcomes = place.table("o2/outcomes.csv")
    assert [row["outcome"] for row in outcomes] == [
        *("success", "success", "invalid", "success", "invalid"),
        *("invalid", "success"),  # the surplus cell came back with its row: not corrected yet
    ], (ended, text)
    with (place.folder / "o2/rejected.csv").open(newline="", encoding="utf-8") as file:
        header, *kept = csv.reader(file)
    assert header == [*HEADER, "error_field", "error_message", "error_code"]
    assert (kept[0][2], kept[0][6]) == ("12", "kept  ")


def test_the_report_files_are_there_and_stand_alone(ran):
    """report.html loads nothing from elsewhere; report.xlsx holds formulas as plain text."""
    folder = ran.place.folder / "o"
    page = (folder / "report.html").read_text()
    assert not re.search(r"""(src|href)=["']?(https?:)?//""", page)
    assert not re.search(r"@import|url\(\s*['\"]?http", page)
    book = openpyxl.load_workbook(folder / "report.xlsx")
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert not any(cell.data_type == "f" for cell in cells)
    texts = {cell.value for cell in cells}
    assert {"=1+1", "@SUM(1)", "Not a Truecaller user"} <= texts
    assert (folder / "outcomes.csv").read_bytes()[:3] != b"\xef\xbb\xbf"


def test_report_needs_neither_server_nor_campaign_file(ran):
    """`report` writes the same files again: no campaign file, no address that answers."""
    place = ran.place
    run_id = ran.summary["run_id"]
    before = (place.folder / "o/outcomes.csv").read_bytes()
    kept = (place.folder / "campaign.csv").read_bytes()
    (place.folder / "campaign.csv").unlink()
    (place.folder / "o/outcomes.csv").unlink()
    ended = place.run(
        "report", run_id, "--json", environ={"BULKCALL_BASE_URL": "http://127.0.0.1:9"}
    )
    assert (ended.status, ended.json["run_id"]) == (3, run_id), ended
    assert (place.folder / "o/outcomes.csv").read_bytes() == before
    assert json.loads((place.folder / "o/summary.json").read_text()) == ran.summary
    (place.folder / "campaign.csv").write_bytes(kept)


def test_status_runs_and_trace_tell_the_same(ran):
    """`status`, `runs` and `trace` agree with the report, for people and as JSON."""
    run_id = ran.summary["run_id"]
    status = ran.place.run("status", run_id, "--json")
    assert (status.status, status.json["outcomes"]) == (0, ran.summary["outcomes"])
    listed = ran.place.run("runs", "--json").json["runs"]
    assert ran.summary["outcomes"] in [run["outcomes"] for run in listed]
    for number in ("+91 98765 99904", "9876599904"):
        traced = ran.place.run("trace", number, "--json")
        found = [row for row in traced.json["rows"] if row["run_id"] == run_id]
        assert [(row["row"], row["outcome"]) for row in found] == [(2, "error")]
        assert found[0]["message"] == "Failed to push"
        assert found[0]["batch_id"] == ran.results[1]["batch_id"]
    plain = ran.place.run("trace", "9876599904")
    assert ran.results[1]["batch_id"] in plain.out
    assert "Failed to push" in plain.out
