"""Settings that all tests share."""

from __future__ import annotations

import itertools
import logging
import os
from pathlib import Path

import pytest
from hypothesis import settings

# A shared machine's pauses are no faults: no property has a deadline.
settings.register_profile("bulkcall", deadline=None)
settings.load_profile("bulkcall")

_numbers = itertools.count(1)
_ROOT = Path(__file__).parent
_FIRST = ("faults", "contract", "soak", "browser", "integration", "unit")
"""The order in which workers take the tests: what takes longest first, the small last."""
_ONE_WORKER = {"postgresql", "browser"}
"""Fixtures that start a server or a browser: one worker has it for all tests."""


def pytest_make_parametrize_id(val, argname):
    """Name parameters of bytes by their argument: a packed file holds the hour of its packing."""
    return argname if isinstance(val, bytes) else None


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config, items):
    """Where several workers share the tests, keep together what shares a fixture of its own.

    A file outside unit/ goes to one worker, as its sandbox does; so do all tests that need one
    database server or one browser. Unit tests share nothing and are dealt out one by one.
    """
    if not config.getoption("dist", "no").startswith("load"):
        return
    for item in items:
        part = item.path.relative_to(_ROOT).parts[0]
        params = item.callspec.params.values() if hasattr(item, "callspec") else ()
        wants = {*item.fixturenames, *(each for each in params if isinstance(each, str))}
        shared = _ONE_WORKER & wants
        if shared:
            item.add_marker(pytest.mark.xdist_group(min(shared)))
        elif part != "unit" and not item.get_closest_marker("xdist_group"):
            item.add_marker(pytest.mark.xdist_group(item.path.stem))
    items.sort(key=lambda item: _FIRST.index(item.path.relative_to(_ROOT).parts[0]))


@pytest.fixture(scope="session")
def _states(tmp_path_factory):
    return tmp_path_factory.mktemp("states")


@pytest.fixture(autouse=True)
def _own_state(_states, monkeypatch):
    """Keep what a test leaves for the next process (tokens, pace) from other tests and the user."""
    monkeypatch.setenv("XDG_STATE_HOME", str(_states / str(next(_numbers))))


@pytest.fixture(autouse=True, scope="session")
def _reader_is_measured():
    """Where coverage is measured, measure the workbook reader too, which has no environment."""
    name = "COVERAGE_PROCESS_CONFIG"
    if name in os.environ:
        from bulkcall.load import workbook

        workbook.READER_ENVIRONMENT[name] = os.environ[name]


@pytest.fixture(autouse=True)
def _own_logging():
    """Undo what a command run in this process did to the log: -q would silence later tests."""
    log, root = logging.getLogger("bulkcall"), logging.getLogger()
    before = log.level, root.level
    yield
    log.setLevel(before[0])
    root.setLevel(before[1])


@pytest.fixture(scope="session")
def postgresql():
    """A PostgreSQL server on loopback, for all tests of this session."""
    from tests.integration.ledger.server import NoServerError, Server

    try:
        server = Server()
    except NoServerError as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(error))
    with server:
        yield server
