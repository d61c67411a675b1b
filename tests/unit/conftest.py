"""Unit tests open no socket; an event loop's own socket pair is the one exception."""

from __future__ import annotations

import pytest
from pytest_socket import disable_socket, enable_socket


@pytest.fixture(autouse=True)
def _no_sockets():
    """Ban sockets for each unit test."""
    disable_socket(allow_unix_socket=True)
    yield
    enable_socket()
