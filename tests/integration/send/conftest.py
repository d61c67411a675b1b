"""Fixtures of the sender's integration tests."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

# --import-mode=importlib puts no folder on the path; what these tests share is loaded by name.
_NAME = "send_parts"
if _NAME not in sys.modules:
    _path = Path(__file__).parents[2] / f"{_NAME}.py"
    _spec = importlib.util.spec_from_file_location(_NAME, _path)
    _module = importlib.util.module_from_spec(_spec)
    sys.modules[_NAME] = _module
    _spec.loader.exec_module(_module)


@pytest.fixture
def ledger(tmp_path):
    """A real, empty ledger."""
    import send_parts

    with send_parts.open_ledger(tmp_path) as ledger:
        yield ledger
