"""Each log line names a stage that is declared, and the page lists them all."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from bulkcall.support.log_context import LogStage, current_run, log_context, stage_of

ROOT = Path(__file__).parents[3]
SOURCES = sorted((ROOT / "bulkcall").rglob("*.py"))


def logs(path):
    """Whether a module makes a logger of its own name."""
    calls = (
        node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Call)
    )
    return any(ast.unparse(call) == "logging.getLogger(__name__)" for call in calls)


LOGGERS = [
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    for path in SOURCES
    if logs(path)
]


def test_there_are_modules_that_log():
    """The list that the next test goes by is not empty."""
    assert len(LOGGERS) > 10


@pytest.mark.parametrize("logger", LOGGERS)
def test_every_module_that_logs_speaks_for_a_stage(logger):
    """A new package with a logger has its stage declared, or this fails."""
    assert stage_of(logger) in LogStage


@pytest.mark.parametrize(
    ("logger", "stage"),
    [
        ("bulkcall.send.request_worker", LogStage.SEND),
        ("bulkcall.run.ingest", LogStage.LOAD),
        ("bulkcall.run.finish", LogStage.RUN),
        ("bulkcall.validate.rules", LogStage.LOAD),
        ("bulkcall.sender", None),
        ("httpx", None),
    ],
)
def test_the_longest_name_that_fits_counts(logger, stage):
    """A module may speak for another stage than its package; a likeness of names is not enough."""
    assert stage_of(logger) is stage


def test_the_page_lists_every_stage_and_no_other():
    """docs/logs.md, the row `stage`."""
    [row] = re.findall(
        r"^\| `stage` \| (.*) \|$", (ROOT / "docs/logs.md").read_text("utf-8"), re.MULTILINE
    )
    assert set(re.findall(r"`(\w+)`", row)) == {stage.value for stage in LogStage}


def test_a_block_is_about_its_run():
    """The run's id is there inside, and gone afterwards."""
    with log_context("run-1"):
        assert current_run() == "run-1"
    assert current_run() == ""
