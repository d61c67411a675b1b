"""A ledger in memory and one in a file: what holds for one holds for the other."""

from __future__ import annotations

import pytest

from bulkcall.ledger import Ledger
from tests.old_ledgers import Files


@pytest.fixture(params=["memory", "file"])
def ledger(request, tmp_path):
    """Give an empty ledger."""
    with Ledger.open(":memory:" if request.param == "memory" else str(tmp_path / "l.db")) as found:
        yield found


@pytest.fixture
def site(tmp_path):
    """Give ledgers of today's and of earlier versions."""
    return Files(tmp_path)
