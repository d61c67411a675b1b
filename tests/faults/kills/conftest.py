"""What the tests that kill bulkcall start from: a sandbox with a durable journal, and a place."""

from __future__ import annotations

import itertools

import pytest

from bulkcall.sandbox.process import running
from tests.faults.kills.judge import Figures
from tests.faults.kills.nursery import Nursery
from tests.faults.kills.place import Place
from tests.faults.kills.secrets_on_disk import TOKEN

_names = itertools.count(1)
FIGURES = pytest.StashKey[Figures]()


@pytest.fixture(scope="session")
def kill_nursery():
    """What starts the commands of the session."""
    nursery = Nursery()
    yield nursery
    nursery.close()


@pytest.fixture(scope="session")
def journalled(tmp_path_factory):
    """One sandbox for the session, and the file of its journal."""
    journal = tmp_path_factory.mktemp("sandbox") / "journal.jsonl"
    with running(
        static_tokens=(TOKEN,),
        realtime_limit=0,
        batch_limit=0,
        status_limit=0,
        processing_min_ms=20,
        processing_max_ms=60,
        latency_ms=8,
        latency_jitter_ms=8,
        journal=str(journal),
        seed=1,
    ) as sandbox:
        yield sandbox, journal


@pytest.fixture
def figures(request):
    """What all campaigns of the session came to."""
    return request.config.stash.setdefault(FIGURES, Figures())


def pytest_terminal_summary(terminalreporter, config):
    """Say what all campaigns came to."""
    found = config.stash.get(FIGURES, None)
    if found is None:
        return
    terminalreporter.section("killed and resumed")
    for name, value in vars(found).items():
        if name != "kills":
            terminalreporter.write_line(f"{name:>15} {value}")
    terminalreporter.write_line(f"{'kills':>15} {found.kills.total()}")
    for where, times in sorted(found.kills.items()):
        terminalreporter.write_line(f"{times:>15} {where}")


@pytest.fixture
def new_place(tmp_path, kill_nursery, journalled, figures):
    """Make a place with nothing of the user's and nothing of an earlier campaign."""
    sandbox, journal = journalled

    def make():
        sandbox.reset()
        sandbox.clear_faults()
        folder = tmp_path / f"place-{next(_names)}"
        return Place(folder, kill_nursery, sandbox, journal, figures)

    return make


@pytest.fixture
def place(new_place):
    """A single such place."""
    return new_place()
