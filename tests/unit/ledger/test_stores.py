"""What a store promises to threads that use it side by side."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from bulkcall.ledger.opening import open_store


@pytest.mark.parametrize("where", [":memory:", "file"])
def test_who_has_read_undoes_nothing_that_another_writes(tmp_path, where):
    """A thread that is done with reading leaves another's open transaction as it is."""
    store = open_store(str(tmp_path / "ledger.db") if where == "file" else where)
    with ThreadPoolExecutor(1) as other:

        def look():
            with store.reading():
                pass

        def work(transaction):
            transaction.run("CREATE TABLE seen (at INTEGER)")
            transaction.run("INSERT INTO seen (at) VALUES (1)")
            other.submit(look).result(timeout=30)

        store.write(work)
        with store.reading() as transaction:
            assert transaction.one("SELECT count(*) FROM seen") == (1,)
    store.close()
