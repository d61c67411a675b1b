"""Fixtures shared by the tests of reconciliation."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

# --import-mode=importlib puts no folder on the path; helpers of these tests are loaded by name.
for _name in ("campaigns", "fakes"):
    _spec = importlib.util.spec_from_file_location(
        f"reconcile_{_name}", Path(__file__).with_name(f"{_name}.py")
    )
    _module = importlib.util.module_from_spec(_spec)
    sys.modules[f"reconcile_{_name}"] = _module
    _spec.loader.exec_module(_module)
