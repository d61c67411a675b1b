"""Fixtures shared by the report's tests."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

# --import-mode=importlib puts no folder on the path; helpers of these tests are loaded by name.
_NAME = "report_ledgers"
if _NAME not in sys.modules:
    _spec = importlib.util.spec_from_file_location(_NAME, Path(__file__).with_name("ledgers.py"))
    _module = importlib.util.module_from_spec(_spec)
    sys.modules[_NAME] = _module
    _spec.loader.exec_module(_module)
