"""The same ledger in a file and on a real PostgreSQL server, which is started for the tests."""

from __future__ import annotations

import os

import pytest

from bulkcall.ledger import Ledger
from tests.integration.ledger.server import NoServerError, Server


@pytest.fixture(scope="session")
def postgresql():
    """Start a PostgreSQL server on loopback, for all tests of this session."""
    try:
        server = Server()
    except NoServerError as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(error))
    with server:
        yield server


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
