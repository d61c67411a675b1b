"""A report of a run with every outcome and hostile cells, and a browser to look at it."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest


def _load(name: str, path: Path):
    # --import-mode=importlib puts no folder on the path; helpers are loaded by name.
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, path)
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
    return sys.modules[name]


_HERE = Path(__file__).parent
_load("report_ledgers", _HERE.parent / "unit" / "report" / "ledgers.py")
_chromium = _load("browser_chromium", _HERE / "chromium.py")
_campaign = _load("report_campaign", _HERE.parent / "unit" / "report" / "campaign.py")


@pytest.fixture(scope="session")
def browser(tmp_path_factory):
    """Chromium, or a skip with its reason."""
    return _chromium.find(tmp_path_factory.mktemp("chromium"))


@pytest.fixture(scope="session")
def page(tmp_path_factory):
    """report.html of the sample run."""
    from bulkcall.report import publish

    out = tmp_path_factory.mktemp("report")
    return publish(_campaign.sample_ledger(), "r", out, limit=500.0).files["report.html"]
