"""outcomes.csv, rejected.csv and summary.json, to the contract's letter."""

from __future__ import annotations

import csv
import io
import json
import stat

import pytest

from bulkcall.errors import DiskFullError, LedgerError, StoppedError
from bulkcall.records import Outcome
from bulkcall.report import build_report, publish
from bulkcall.support.atomic_files import replacing
from tests.unit.report.ledgers import FakeLedger, result

COLUMNS = ("Caller", "Receiver", "outcome", "reason")


def read(path):
    """A CSV file as a header and rows, read by the standard library."""
    with path.open(encoding="utf-8", newline="") as file:
        header, *rows = list(csv.reader(file))
    return header, rows


def ledger_of(*results, columns=COLUMNS, cells=None, **other):
    """A fake run of these results, with plain cells."""
    cells = cells or [["918045000000", f"98100{n:05d}", "x", ""] for n in range(len(results))]
    return FakeLedger(columns, cells, results, **other)


class GoingOn(FakeLedger):
    """A run that goes on while its rows are read."""

    looks = 0

    def counts(self, run_id):
        """Each look finds one more row confirmed."""
        self.looks += 1
        counted = super().counts(run_id)
        counted[Outcome.UNSENT] -= self.looks
        counted[Outcome.SUCCESS] += self.looks
        return counted


def test_a_run_that_goes_on_meanwhile_is_counted_by_its_rows_as_they_were_read(tmp_path):
    """The counts are those of outcomes.csv, and nothing is called lost."""
    cells = [["918045000000", f"98100{n:05d}", "x", ""] for n in range(9)]
    ledger = GoingOn(COLUMNS, cells, [result("unsent")] * 9)
    report = publish(ledger, "r", tmp_path).report
    assert ledger.looks > 1
    assert report.outcomes[Outcome.UNSENT] == 9
    assert report.conserved
    assert build_report(ledger, "r").conserved


def test_every_row_stands_once_in_file_order_with_its_own_text(tmp_path):
    """Blocks of results and of cells that do not line up still give each row its own text."""
    ledger = ledger_of(*[result("success", record_id=f"r{n}") for n in range(1, 24)])
    publish(ledger, "r", tmp_path)
    header, rows = read(tmp_path / "outcomes.csv")
    assert header == [
        "row", "Caller", "Receiver", "input_outcome", "reason",
        "outcome", "message", "field", "channel", "batch_id", "record_id", "match", "attempts",
        "http_status", "sent_at", "confirmed_at", "code",
    ]  # fmt: skip
    assert [row[0] for row in rows] == [str(n) for n in range(1, 24)]
    assert [row[2] for row in rows] == [f"98100{n:05d}" for n in range(23)]
    assert rows[0][5:] == [
        "success", "", "", "batch", "b-1", "r1", "stamp", "1", "200",
        "2025-11-21T04:40:00.000Z", "2025-11-21T04:41:01.007Z", "",
    ]  # fmt: skip


def test_rows_that_never_went_out_have_empty_times_and_status(tmp_path):
    """Null is an empty cell, never a word."""
    publish(ledger_of(result("unsent")), "r", tmp_path)
    _, [row] = read(tmp_path / "outcomes.csv")
    assert row[5:] == ["unsent", "", "", "batch", "", "", "", "0", "", "", "", ""]


def test_hostile_and_awkward_cells_come_back_whole_and_inert(tmp_path):
    """Formulas get a quote before them; quotes, commas, line breaks and scripts stay text."""
    cells = [
        ["=1+1", "+919810000001", '"quoted", and', "two\nlines\r\nthree"],
        ["@SUM(A1)", "+91 98100-00001", "<script>alert(1)</script>", "\u202eevil"],
        ["-12.5", "-cmd", "\tTab", "\x00\x1b"],
    ]
    ledger = ledger_of(
        result("success"), result("error", message="=HYPERLINK(1)"), result("success"), cells=cells
    )
    publish(ledger, "r", tmp_path)
    _, rows = read(tmp_path / "outcomes.csv")
    assert rows[0][1:5] == ["'=1+1", "+919810000001", '"quoted", and', "two\nlines\r\nthree"]
    assert rows[1][1:5] == [
        "'@SUM(A1)", "+91 98100-00001", "<script>alert(1)</script>", "\u202eevil",
    ]  # fmt: skip
    assert rows[2][1:5] == ["-12.5", "'-cmd", "'\tTab", "\x00\x1b"]
    assert rows[1][6] == "'=HYPERLINK(1)"


def test_only_cells_that_need_quotes_have_them(tmp_path):
    """The bytes are plain RFC 4180 with line feeds and no byte order mark."""
    publish(ledger_of(result("success")), "r", tmp_path)
    text = (tmp_path / "outcomes.csv").read_bytes()
    assert text.startswith(b"row,Caller,Receiver,input_outcome,reason,outcome,")
    assert b'"' not in text
    assert b"\r" not in text


@pytest.mark.parametrize(
    ("own", "named"),
    [
        (["row", "a"], ["input_row", "a"]),
        (["a", "a", ""], ["a", "a", ""]),
        (["row", "input_row"], ["input_input_row", "input_row"]),
        (["sent_at", "sent_at"], ["input_sent_at", "input_sent_at"]),
        (["Row", " outcome"], ["Row", " outcome"]),
        (["=cmd"], ["'=cmd"]),
    ],
)
def test_names_that_clash_get_a_prefix(tmp_path, own, named):
    """Only a name that is one of ours is changed."""
    publish(ledger_of(result("success"), columns=own, cells=[["x"] * len(own)]), "r", tmp_path)
    header, _ = read(tmp_path / "outcomes.csv")
    assert header[1 : 1 + len(own)] == named


def test_rejected_holds_what_another_try_could_save(tmp_path):
    """invalid, refused, failed, and error unless its reason is final, however it is written."""
    results = [
        result("success"),
        result("invalid", field="receiver_number", message="not a number"),
        result("refused", field="ends_at", message="too old"),
        result("failed", message="503"),
        result("error", message="Failed to push"),
        result("error", message="not a  truecaller User."),
        result("error", message="OS not supported"),
        result("error", message="APP version not supported"),
        result("missing"), result("pending"), result("unknown"),
        result("duplicate"), result("expired"), result("unsent"),
    ]  # fmt: skip
    published = publish(ledger_of(*results), "r", tmp_path)
    header, rows = read(tmp_path / "rejected.csv")
    assert header == [*COLUMNS, "error_field", "error_message", "error_code"]
    assert [row[1][-1] + ":" + row[4] + ":" + row[5] for row in rows] == [
        "1:receiver_number:not a number", "2:ends_at:too old", "3::503", "4::Failed to push",
    ]  # fmt: skip
    assert published.report.rejected == 4


def test_columns_of_an_earlier_rejected_csv_are_replaced(tmp_path):
    """Correcting in rounds never doubles our columns, and none speaks of an earlier run."""
    ledger = ledger_of(
        result("invalid", field="caller_number", message="new", code="number.missing"),
        columns=["caller", "error_field", "error_message", "Error_Code"],
        cells=[["1", "old", "old", "old"]],
    )
    publish(ledger, "r", tmp_path)
    assert read(tmp_path / "rejected.csv") == (
        ["caller", "error_field", "error_message", "error_code"],
        [["1", "caller_number", "new", "number.missing"]],
    )
    own = ["caller", "error_field", "error_message", "Error_Code"]
    head, [row] = read(tmp_path / "outcomes.csv")
    assert head[1:5] == own
    assert row[1:5] == ["1", "caller_number", "new", "number.missing"]


def test_a_column_that_only_looks_like_ours_keeps_its_text(tmp_path):
    """A file that is no rejected.csv may have a column `error_message` of its own."""
    ledger = ledger_of(
        result("success"), columns=["caller", "error_message"], cells=[["1", "from our shop"]]
    )
    publish(ledger, "r", tmp_path)
    assert read(tmp_path / "outcomes.csv")[1][0][1:3] == ["1", "from our shop"]


def test_all_findings_of_a_row_stand_in_rejected(tmp_path):
    """A person mends a row once: every finding is named, the most helpful first."""
    findings = [
        {"row": 1, "line": 2, "field": "receiver_number", "code": "a", "message": "too short"},
        {"row": 1, "line": 2, "field": "ends_at", "code": "b", "message": "past"},
        {"row": 2, "line": 3, "field": "ends_at", "code": "b", "message": "past"},
    ]
    ledger = ledger_of(
        result("invalid", field="receiver_number", message="too short", code="a"),
        result("invalid", field="ends_at", message="past", code="b"),
        findings=findings,
    )
    publish(ledger, "r", tmp_path)
    _, rows = read(tmp_path / "rejected.csv")
    assert [row[4:] for row in rows] == [
        ["receiver_number; ends_at", "too short; past", "a"],
        ["ends_at", "past", "b"],
    ]


def test_summary_has_exactly_the_contracts_keys(tmp_path):
    """Every key, every outcome word, times in ISO 8601, in the contract's order."""
    stranger = {"id": "x", "receiver_number": "9"}
    publish(ledger_of(result("success"), result("unsent"), unexpected=[stranger]), "r", tmp_path)
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert list(summary) == [
        "run_id", "file", "sha256", "channel", "rows", "outcomes", "conserved", "requests",
        "retries", "started_at", "finished_at", "unexpected",
    ]  # fmt: skip
    assert summary["outcomes"] == {
        "success": 1, "error": 0, "refused": 0, "missing": 0, "pending": 0, "unknown": 0,
        "failed": 0, "invalid": 0, "duplicate": 0, "expired": 0, "unsent": 1,
    }  # fmt: skip
    assert summary["conserved"] is True
    assert (summary["rows"], summary["channel"]) == (2, "batch")
    assert summary["started_at"] == "2025-11-21T04:40:00.000Z"
    assert summary["finished_at"] == "2025-11-21T04:41:30.500Z"
    assert summary["unexpected"] == [stranger]


@pytest.mark.parametrize("change", ["count", "gap", "lost"])
def test_conserved_is_false_where_rows_do_not_add_up(tmp_path, change):
    """The check is made on the rows as written: a wrong count, a gap or a lost row shows."""
    ledger = ledger_of(*[result("success") for _ in range(9)])
    if change == "count":
        ledger.counts = lambda _: dict.fromkeys(ledger.__class__.counts(ledger, "r"), 1)
    elif change == "gap":
        ledger._results[4]["row"] = 4
    else:
        del ledger._results[4]
    report = publish(ledger, "r", tmp_path).report
    assert report.conserved is False
    assert json.loads((tmp_path / "summary.json").read_text())["conserved"] is False
    assert build_report(ledger, "r").conserved is False


def test_an_empty_set_of_rejected_rows_is_a_header(tmp_path):
    """The file is there all the same, so that a script need not ask."""
    publish(ledger_of(result("success")), "r", tmp_path)
    assert read(tmp_path / "rejected.csv")[1] == []


def test_lost_cells_are_an_error_and_leave_no_file(tmp_path):
    """A ledger without a row's text is damaged: one line, and nothing half-written."""
    ledger = ledger_of(*[result("success") for _ in range(9)])
    ledger._cells = ledger._cells[:5]
    with pytest.raises(LedgerError, match="no text for row"):
        publish(ledger, "r", tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_files_and_folder_are_for_the_user_alone(tmp_path):
    """Phone numbers are personal data: 0700 and 0600."""
    out = tmp_path / "runs" / "one"
    files = publish(ledger_of(result("success")), "r", out).files
    assert stat.S_IMODE(out.stat().st_mode) == 0o700
    assert stat.S_IMODE(out.parent.stat().st_mode) == 0o700
    for path in files.values():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert {path.name for path in out.iterdir()} == set(files)


def test_a_full_disk_keeps_the_old_file_and_leaves_nothing(tmp_path):
    """What stood there stands there still."""
    path = tmp_path / "outcomes.csv"
    path.write_text("old")
    full = OSError(28, "No space left on device")

    def write():
        with replacing(path) as file:
            file.write(b"new")
            raise full

    with pytest.raises(DiskFullError, match=r"outcomes\.csv: no room"):
        write()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_leftovers_of_a_killed_process_are_swept(tmp_path):
    """A part file whose writer is gone goes away at the next writing."""
    left = tmp_path / ".outcomes.csv.0123456789abcdef.part"
    left.write_text("half")
    with replacing(tmp_path / "outcomes.csv") as file:
        file.write(b"whole")
    assert [path.name for path in tmp_path.iterdir()] == ["outcomes.csv"]


def test_a_file_in_the_folders_place_is_one_clear_line(tmp_path):
    """--out names a file: say so, with a way out."""
    (tmp_path / "out").write_text("")
    with pytest.raises(StoppedError, match="name another --out"):
        publish(ledger_of(result("success")), "r", tmp_path / "out")


def test_pandas_reads_the_same_text(tmp_path):
    """Another reader agrees on every cell (a script's habit)."""
    pandas = pytest.importorskip("pandas")
    cells = [["a,b", 'say "x"', "नमस्ते", ""], ["", "\n", "é", "'q"]]
    publish(ledger_of(result("success"), result("success"), cells=cells), "r", tmp_path)
    frame = pandas.read_csv(
        io.BytesIO((tmp_path / "outcomes.csv").read_bytes()), dtype=str, keep_default_na=False
    )
    assert frame.iloc[:, 1:5].to_numpy().tolist() == cells
