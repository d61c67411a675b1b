"""Pages that name the test of a promise name one that exists, and name one for each."""

from __future__ import annotations

import ast
import functools
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
TESTS = ROOT / "tests"
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
TRACED = [
    ROOT / "docs" / f"{page}.md"
    for page in ("campaign-files", "pacing", "reconciliation", "validation", "weather")
]
"""Pages with tables whose last column is named `test`."""
SPAN = re.compile(r"`([^`\n]+)`")
SAME = "the same"


def name(path):
    """Name a page in a test's id."""
    return path.relative_to(ROOT).as_posix()


@functools.cache
def known():
    """Give each test file's functions."""
    return {
        path: {
            node.name
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        }
        for path in TESTS.rglob("*.py")
    }


def missing(text):
    """Give what a text names of the tests and what is not there.

    Understood are `tests/…` (a file or folder), `test_file.py`, `test_file.py::test_name`,
    `test_name` alone, and `…::test_name`, which is of the file that was named before.
    """
    wrong, last = [], ""
    for span in SPAN.findall(text):
        if span.startswith("tests/") and " " not in span and "::" not in span:
            if not (ROOT / span).exists():
                wrong.append(span)
            continue
        found = re.fullmatch(r"(?:(…|[\w/]+\.py)::)?(test_\w+)(\.py)?", span)
        if found is None:
            if "test_" in span.replace("pytest_", "") and " " not in span:
                wrong.append(span)
            continue
        last = last if found[1] == "…" else found[1] or ""
        if not exists(last, found[2] + (found[3] or "")):
            wrong.append(span)
    return wrong


def exists(file, test):
    """Tell whether a test (or a file of tests, by its bare name) is there."""
    if test.endswith(".py"):
        return any(path.name == test for path in known())
    held = [names for path, names in known().items() if path.as_posix().endswith(f"/{file}")]
    return any(test in names for names in (held if file else known().values()))


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_each_test_that_a_page_names_exists(page):
    """By its name, in the file that is named with it."""
    assert missing(page.read_text(encoding="utf-8")) == []


def test_a_test_that_does_not_exist_would_be_found_out():
    """A wrong name, a right one in a wrong file, a wrong file, a name that is cut short."""
    for span in (
        "test_no_such_thing_at_all",
        "test_doctor.py::test_a_label_id_is_a_uuid",
        "tests/unit/nowhere",
        "test_nowhere.py",
        "…test_short_rows",
    ):
        assert missing(f"| a promise | `{span}` |") == [span]
    assert missing("`test_rules.py::test_a_label_id_is_a_uuid`, `…::test_each_time_rule`") == []


def promises(page):
    """Give the lines of a page's tables whose last column is named `test`."""
    inside = False
    for line in page.read_text(encoding="utf-8").splitlines():
        if not line.startswith("|"):
            inside = False
        elif line.endswith("| test |"):
            inside = True
        elif inside and not line.startswith("|---"):
            yield line


@pytest.mark.parametrize("page", TRACED, ids=name)
def test_each_promise_names_a_test(page):
    """No line of such a table is without one."""
    lines = list(promises(page))
    assert len(lines) > 5
    for line in lines:
        shown = line.rstrip(" |").rsplit("|", 1)[1].strip()
        assert "`test_" in shown or "::test_" in shown or shown == SAME, line
