"""The command line from outside, as the contract's tests start it."""

from __future__ import annotations

from tests.contract.conftest import client, nursery, place, sandbox, sandbox_process

__all__ = ["client", "nursery", "place", "sandbox", "sandbox_process"]
