"""The sample campaigns and the template, through loading and validating."""

from __future__ import annotations

import collections
import runpy
import time
from pathlib import Path

import pytest

from bulkcall.load import LoadOptions, open_campaign
from bulkcall.load.template import write_template
from bulkcall.records import Field
from bulkcall.validate import DuplicateFinder, ValidateOptions, Validator

SAMPLES = Path(__file__).parents[3] / "sample_data"


def judge(path: Path, *, own_times: bool) -> tuple[int, int, int, collections.Counter[str]]:
    """Count rows, invalid rows, duplicates, and findings by code."""
    supplied = frozenset() if own_times else frozenset({Field.STARTS_AT, Field.ENDS_AT})
    options = ValidateOptions(
        region="IN",
        timezone="Asia/Kolkata",
        date_format="",
        start=None if own_times else "now",
        window=None if own_times else "8h",
        now_ms=time.time_ns() // 1_000_000,
    )
    rules: collections.Counter[str] = collections.Counter()
    rows = valid = 0
    repeats = DuplicateFinder()
    with open_campaign(str(path), LoadOptions(supplied=supplied)) as campaign:
        validator = Validator(campaign.file, options)
        for chunk in campaign.chunks():
            checked = validator.check(chunk)
            repeats.add(checked)
            rows += len(chunk)
            valid += sum(checked.records["valid"].to_pylist())
            rules.update(checked.findings["code"].to_pylist())
    return rows, rows - valid, len(repeats.finish()[0]), rules


@pytest.mark.parametrize("name", ["campaign.csv", "campaign.xlsx"])
def test_the_sample_holds_the_mistakes_it_says(name):
    """sample_data/README.md: 14 kinds of mistakes, 26 rows each, and 26 duplicates."""
    rows, invalid, repeated, rules = judge(SAMPLES / name, own_times=False)
    assert (rows, invalid, repeated) == (5174, 14 * 26, 26)
    assert rules["number.scientific"] == rules["row.surplus_cells"] == 26
    assert rules["label_id.not_uuid"] + rules["label_id.null_word"] == 26


def test_the_valid_sample_is_valid():
    """sample_data/README.md: only rows that pass."""
    assert judge(SAMPLES / "campaign-valid.csv", own_times=False)[:3] == (4784, 0, 0)


@pytest.mark.parametrize("name", ["template.csv", "template.xlsx"])
def test_the_template_s_examples_are_never_sent(tmp_path, name):
    """Both rows are invalid, and say why: whoever forgets to replace them sends nothing."""
    write_template(tmp_path / name)
    rows, invalid, _, rules = judge(tmp_path / name, own_times=False)
    assert (rows, invalid) == (2, 2)
    assert rules["number.example"] == 4


def test_the_samples_are_what_the_script_makes(tmp_path):
    """Nobody edits them by hand, and the seed makes the same files everywhere."""
    made = runpy.run_path(str(SAMPLES / "make.py"))
    made["main"].__globals__["HERE"] = tmp_path
    made["main"]()
    for name in ("campaign.csv", "campaign-valid.csv"):
        assert (tmp_path / name).read_bytes() == (SAMPLES / name).read_bytes()
