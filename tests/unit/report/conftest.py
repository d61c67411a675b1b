"""Fixtures shared by the report's tests."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path


def _load(name: str, path: Path) -> None:
    # --import-mode=importlib puts no folder on the path; helpers are loaded by name.
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, path)
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)


_HERE = Path(__file__).parent
_load("report_ledgers", _HERE / "ledgers.py")
_load("report_campaign", _HERE / "campaign.py")
