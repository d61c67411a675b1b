"""Ledgers of earlier versions on PostgreSQL: the very same tests; and killed in the middle."""

from __future__ import annotations

import multiprocessing
import os
import signal

import pytest

from bulkcall.ledger import Ledger, store
from bulkcall.ledger.schema import SCHEMA_VERSION
from tests.old_ledgers import Databases, Files
from tests.unit.ledger.test_migrating import *  # noqa: F403
from tests.unit.ledger.test_migrating import VERSIONS, everything

FORK = multiprocessing.get_context("fork")


@pytest.fixture
def site(postgresql):
    """Give ledgers on the server."""
    return Databases(postgresql)


def die_when_all_is_written(url):
    """Migrate, and be killed before the commit."""
    run = store.Transaction.run

    def killed(self, sql, *values):
        changed = run(self, sql, *values)
        if sql.startswith("UPDATE meta"):
            os.kill(os.getpid(), signal.SIGKILL)
        return changed

    store.Transaction.run = killed
    Ledger.open(url)


@VERSIONS
@pytest.mark.parametrize("kind", ["file", "postgresql"])
def test_killed_in_mid_migration(request, tmp_path, kind, version):
    """It stays at its version, whole; the next process brings it up."""
    found = Files(tmp_path) if kind == "file" else Databases(request.getfixturevalue("postgresql"))
    url = found.old(version)
    process = FORK.Process(target=die_when_all_is_written, args=(url,))
    process.start()
    process.join()
    assert process.exitcode == (0 if version == SCHEMA_VERSION else -signal.SIGKILL)
    process.close()
    assert found.version(url) == version
    with Ledger.open(url) as ledger:
        assert [trace.total for trace in everything(ledger)["callers"]] == [4, 3]
    assert found.version(url) == SCHEMA_VERSION
