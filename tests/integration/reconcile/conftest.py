"""Fixtures of reconciliation's integration tests: a real ledger, the real client, the sandbox."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

# --import-mode=importlib puts no folder on the path; what tests share is loaded by name.
for _name, _path in (
    ("send_parts", Path(__file__).parents[2] / "send_parts.py"),
    ("reconcile_parts", Path(__file__).with_name("parts.py")),
):
    if _name not in sys.modules:
        _spec = importlib.util.spec_from_file_location(_name, _path)
        _module = importlib.util.module_from_spec(_spec)
        sys.modules[_name] = _module
        _spec.loader.exec_module(_module)


@pytest.fixture
def ledger(tmp_path):
    """A real, empty ledger."""
    from send_parts import open_ledger

    with open_ledger(tmp_path) as ledger:
        yield ledger
