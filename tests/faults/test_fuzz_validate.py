"""`bulkcall validate` over damaged files: an answer and an exit status, whatever the file holds."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING

import pytest

from bulkcall.cli.main import run
from tests.faults import load_fuzz

if TYPE_CHECKING:
    from pathlib import Path


def validated(path: Path, capsys: pytest.CaptureFixture[str], *flags: str) -> tuple[int, dict]:
    """Run the command in this process: its exit status, and the one JSON object that it said."""
    status = run(["validate", str(path), "--json", "-q", *flags])
    said = capsys.readouterr()
    assert "Traceback" not in said.err
    assert said.err.count("\n") <= 1, said.err
    return status, json.loads(said.out)


def held(path: Path, data: bytes, capsys: pytest.CaptureFixture[str]) -> int:
    """Validate a damaged file and hold what was said against itself."""
    path.write_bytes(data)
    status, said = validated(path, capsys, "--start", "now", "--window", "8h")
    if status == 2:
        assert said["error"].startswith(str(path))
        assert "\n" not in said["error"]
        return status
    assert status == (3 if said["invalid"] else 0), said
    assert said["rows"] == said["valid"] + said["invalid"] + said["duplicate"] > 0
    assert bool(said["invalid"]) == bool(said["findings"])
    return status


@pytest.mark.parametrize("seed", range(4))
def test_a_damaged_csv_is_judged_or_refused(tmp_path, capsys, monkeypatch, seed):
    """Exit status 0, 2 or 3, counts that add up, one line of error at most; no traceback."""
    monkeypatch.chdir(tmp_path)
    chance = random.Random(1000 + seed)
    files = load_fuzz.seeds()
    ended = {
        held(tmp_path / "file", load_fuzz.damaged(chance.choice(files), chance, files), capsys)
        for _ in range(60)
    }
    assert {2, 3} <= ended <= {0, 2, 3}


def test_a_damaged_workbook_is_judged_or_refused(tmp_path, capsys, monkeypatch):
    """As with CSV."""
    monkeypatch.chdir(tmp_path)
    chance = random.Random(7)
    data = load_fuzz.workbook()
    ended = {
        held(tmp_path / "file", load_fuzz.damaged_workbook(data, chance), capsys) for _ in range(4)
    }
    assert ended <= {0, 2, 3}


def test_what_was_rejected_can_be_given_back(tmp_path, capsys, monkeypatch):
    """rejected.csv of a damaged file is read again: the same rows, invalid for the same rules."""
    monkeypatch.chdir(tmp_path)
    chance = random.Random(11)
    files = load_fuzz.seeds()[:1]
    flags = ("--start", "now", "--window", "8h")
    given_back = 0
    for _ in range(40):
        (tmp_path / "file").write_bytes(load_fuzz.damaged(files[0], chance, files))
        status, first = validated(tmp_path / "file", capsys, *flags, "--out", "out")
        if status != 3:
            continue
        again, second = validated(tmp_path / "out" / "rejected.csv", capsys, *flags)
        assert (again, second["rows"], second["invalid"]) == (3, first["invalid"], first["invalid"])
        if not any(found["code"] == "row.broken_quotes" for found in first["findings"]):
            # The text with broken quotes comes back whole, as a surplus cell.
            assert _counts(second) == _counts(first)
        given_back += 1
    assert given_back > 5


def _counts(said: dict) -> list[tuple[str, str, int]]:
    return sorted((found["field"], found["code"], found["count"]) for found in said["findings"])
