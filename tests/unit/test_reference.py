"""The reference is made from the code, and does not drift from it."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def _script():
    spec = importlib.util.spec_from_file_location(
        "make_reference", ROOT / "scripts/make_reference.py"
    )
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("page", ["settings.md", "commands.md", "bulkcall.schema.json"])
def test_the_reference_is_what_the_code_says(page):
    """Each page that is made from the code is as scripts/make_reference.py writes it."""
    assert (ROOT / "docs" / page).read_text(encoding="utf-8") == _script().PAGES[page]()
