"""Fixtures of the fault tests: one sandbox for a module, and a new ledger for each test."""

from __future__ import annotations

import time

import httpx
import pytest

from bulkcall.sandbox.process import running
from tests.send_parts import open_ledger


@pytest.fixture
def ledger(tmp_path):
    """A real, empty ledger."""
    with open_ledger(tmp_path) as ledger:
        yield ledger


@pytest.fixture(scope="module")
def _one_sandbox():
    """A sandbox in its own process, without limits of its own."""
    with running(rules="none", realtime_limit=0, batch_limit=0) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(_one_sandbox):
    """The module's sandbox, as new."""
    for _ in range(100):
        try:
            _one_sandbox.reset()
            break
        except httpx.TransportError:
            time.sleep(0.1)  # the test before had it go away for a while
    _one_sandbox.set(token_life=3600.0, retry_after="seconds")
    return _one_sandbox
