"""Settings that all tests share."""

from __future__ import annotations

import itertools
import logging

import pytest
from hypothesis import settings

# A shared machine's pauses are no faults: no property has a deadline.
settings.register_profile("bulkcall", deadline=None)
settings.load_profile("bulkcall")

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def _states(tmp_path_factory):
    return tmp_path_factory.mktemp("states")


@pytest.fixture(autouse=True)
def _own_state(_states, monkeypatch):
    """Keep what a test leaves for the next process (tokens, pace) from other tests and the user."""
    monkeypatch.setenv("XDG_STATE_HOME", str(_states / str(next(_numbers))))


@pytest.fixture(autouse=True)
def _own_logging():
    """Undo what a command run in this process did to the log: -q would silence later tests."""
    log, root = logging.getLogger("bulkcall"), logging.getLogger()
    before = log.level, root.level
    yield
    log.setLevel(before[0])
    root.setLevel(before[1])
