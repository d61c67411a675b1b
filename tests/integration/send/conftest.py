"""Fixtures of the sender's integration tests."""

from __future__ import annotations

import pytest

from tests.send_parts import open_ledger


@pytest.fixture
def ledger(tmp_path):
    """A real, empty ledger."""
    with open_ledger(tmp_path) as ledger:
        yield ledger
