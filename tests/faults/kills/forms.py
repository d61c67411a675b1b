"""The short form of these tests, which is run always, and the long one (`make faults`)."""

from __future__ import annotations

import pytest


def long(*values):
    """Give parameters that only the long form goes through."""
    return pytest.param(*values, marks=pytest.mark.slow)
