"""The same ledger in a file and on a real PostgreSQL server, which is started for the tests."""

from __future__ import annotations

import pytest

from bulkcall.ledger import Ledger


@pytest.fixture(params=["file", "postgresql"])
def url(request, tmp_path):
    """Give the URL of an empty ledger."""
    if request.param == "file":
        yield str(tmp_path / "ledger.db")
        return
    server = request.getfixturevalue("postgresql")
    with server.database() as found:
        yield found


@pytest.fixture
def ledger(url):
    """Give an empty ledger."""
    with Ledger.open(url) as found:
        yield found
