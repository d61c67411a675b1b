"""No form of a ledger's address shows its password or becomes a file (contract: Settings)."""

from __future__ import annotations

import pytest

SECRET = "s3cr3tpart"  # noqa: S105 - of no server


@pytest.mark.parametrize(
    "address",
    [
        f"postgresql://me:{SECRET}/x@127.0.0.1:9/db",
        f"postgresql://me:x@{SECRET}@127.0.0.1:9/db",
        f"postgresql://me:{SECRET}%40%2F@127.0.0.1:9/db",
        f"host=127.0.0.1 port=9 password={SECRET}",
        f"postgres:/me:{SECRET}@127.0.0.1/db",
        f"mysql://me:{SECRET}@127.0.0.1/db",
    ],
)
def test_no_command_shows_a_password_or_makes_a_file(place, address):
    """runs, check and config show, in words and as JSON."""
    environ = {"BULKCALL_LEDGER": address}
    before = set(place.folder.rglob("*"))
    for command in (("runs",), ("runs", "--json"), ("check", "--json"), ("config", "show")):
        ended = place.run(*command, environ=environ)
        assert SECRET not in ended.out + ended.err, command
        if command[0] == "runs":
            assert ended.status in (1, 2)
    assert set(place.folder.rglob("*")) == before
