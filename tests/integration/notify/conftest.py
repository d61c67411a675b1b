"""Fixtures of the notifications' integration tests: listeners and certificates on loopback."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
import trustme

from tests.integration.notify.listeners import listening


@pytest.fixture
def web():
    """A web server on loopback."""
    with listening() as listener:
        yield listener


@pytest.fixture(scope="session")
def authority(tmp_path_factory):
    """A certificate authority that this test run alone trusts, and its file."""
    authority = trustme.CA()
    file = Path(tmp_path_factory.mktemp("authority")) / "ca.pem"
    authority.cert_pem.write_to_path(file)
    return authority, file


@pytest.fixture
def trusted(authority, monkeypatch):
    """Trust that authority in this test; gives a certificate for 127.0.0.1."""
    issued, file = authority
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    return issued.issue_cert("127.0.0.1")


@pytest.fixture
def all_logs(caplog):
    """Every log line of every library, however small."""
    caplog.set_level(logging.DEBUG)
    return caplog
