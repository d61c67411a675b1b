"""Who works on which run: a lock beside the ledger, which the kernel takes from a dead process."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import socket
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from bulkcall.errors import LedgerError, RunHeldError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_LOOKS = 10
_BETWEEN_SECONDS = 0.02


def this_process() -> str:
    """Describe this process for the one that finds the run held."""
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    facts = {"pid": os.getpid(), "host": socket.gethostname(), "since": now}
    # No two holds read alike, not even two of one process.
    return json.dumps({**facts, "hold": secrets.token_hex(8)})


def described(holder: str) -> str:
    """Put a holder's own description into words."""
    try:
        facts = json.loads(holder)
        return f"process {facts['pid']} on {facts['host']} since {facts['since']}"
    except (ValueError, KeyError, TypeError):
        return "another process"


class FileHolds:
    """One lock file a run in `<ledger>.holds/`; its text says who, the kernel's lock says whether.

    A text or a bare process number outlives its process, and numbers are used again; `flock` ends
    with the process, however that ends.
    """

    def __init__(self, ledger: Path) -> None:
        self._folder = ledger.with_name(ledger.name + ".holds")

    @contextmanager
    def hold(self, run_id: str) -> Iterator[None]:
        """Hold the run while the block lasts. RunHeldError names who holds it already."""
        handle = self._lock(run_id)
        for _ in range(_LOOKS):
            if handle is not None:
                break
            # `holder` locks the file for an instant: that is no process that works on the run.
            time.sleep(_BETWEEN_SECONDS)
            handle = self._lock(run_id)
        if handle is None:
            raise RunHeldError(
                f"run {run_id} is being worked on by {described(self.holder(run_id) or '')}; "
                "wait for it to end or stop it"
            )
        try:
            yield
        finally:
            # Taken away while still locked, so that nobody can hold a file that is about to go.
            self._path(run_id).unlink(missing_ok=True)
            os.close(handle)

    def holder(self, run_id: str) -> str | None:
        """Give the description of the live process that holds the run; None where there is none."""
        try:
            handle = os.open(self._path(run_id), os.O_RDWR | os.O_CLOEXEC)
        except OSError:
            return None
        try:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return os.pread(handle, 4096, 0).decode("utf-8", "replace")
        except OSError:
            return None
        finally:
            os.close(handle)
        return None

    def _path(self, run_id: str) -> Path:
        return self._folder / f"{run_id}.lock"

    def _lock(self, run_id: str) -> int | None:
        path = self._path(run_id)
        try:
            self._folder.mkdir(mode=0o700, exist_ok=True)
            while True:
                handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
                try:
                    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    os.close(handle)
                    return None
                if path.exists() and os.path.samestat(os.fstat(handle), path.stat()):
                    os.truncate(handle, 0)
                    os.pwrite(handle, this_process().encode(), 0)
                    return handle
                os.close(handle)  # its holder took the file away between our open and our lock
        except OSError as error:
            raise LedgerError(f"can't lock run {run_id} with {path}: {error.strerror}") from error
