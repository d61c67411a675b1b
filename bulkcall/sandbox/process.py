"""A sandbox in its own process, for tests, benchmarks and the demo."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import orjson

from bulkcall.sandbox.faults import Fault, fault_json, read_fault
from bulkcall.sandbox.options import SandboxOptions, flags_of, options_from

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_STOP_SECONDS = 5.0


class SandboxError(Exception):
    """The sandbox did not start, or does not do as told; the text says what it said."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A record as the server saw it."""

    caller_number: str | None
    receiver_number: str | None
    starts_at: int | None
    ends_at: int | None


@dataclass(frozen=True, slots=True)
class Entry:
    """One request in the journal."""

    n: int
    """From 1, in the order in which they were answered."""
    mono: float
    """Arrival, monotonic seconds of the sandbox's process."""
    at_ms: int
    """Arrival, epoch milliseconds."""
    call: str
    """realtime, batch_create, batch_status, token or labels."""
    version: int
    """2 or 3; 0: a call whose path has none."""
    token: str
    """The token's id (8 hex digits); empty: none that is good."""
    status: int | None
    """What was answered; None: nothing was."""
    applied: bool
    """It took effect."""
    over: bool
    """It was over the limit."""
    fault: str
    """The kind of the fault used on it, `rule`, or empty."""
    batch_id: str
    word: str
    """Real-time: success or error, what became of the record; empty: it was not taken."""
    records: tuple[Sent, ...]


@dataclass(slots=True)
class Running:
    """A running sandbox: where it is, and the means to look into it and to give it orders."""

    base_url: str
    client_account_id: str
    key_id: str
    api_key: str
    process: subprocess.Popen[bytes]
    _http: httpx.Client = field(repr=False)

    def environment(self) -> dict[str, str]:
        """Return the settings that point bulkcall here."""
        return {
            "BULKCALL_BASE_URL": self.base_url,
            "BULKCALL_CLIENT_ACCOUNT_ID": self.client_account_id,
            "BULKCALL_KEY_ID": self.key_id,
            "BULKCALL_API_KEY": self.api_key,
        }

    def stats(self) -> dict[str, Any]:
        """Return the figures (docs/sandbox.md lists them)."""
        figures: dict[str, Any] = self._ask("GET", "stats")
        return figures

    def journal(self, start: int = 0) -> list[Entry]:
        """Return every request after the `start`th, in order."""
        return [_entry(raw) for raw in self._ask("GET", f"journal?from={start}")]

    def batches(self) -> list[dict[str, Any]]:
        """Return every batch with what becomes of each record, unmasked."""
        found: list[dict[str, Any]] = self._ask("GET", "batches")
        return found

    def order(self, fault: Fault | str) -> None:
        """Order a fault: a `Fault`, or as on the command line (`reset@realtime,times=3`)."""
        order = fault if isinstance(fault, Fault) else read_fault(fault)
        self._ask("POST", "faults", fault_json(order))

    def clear_faults(self) -> None:
        """Drop all orders."""
        self._ask("DELETE", "faults")

    def set(self, **options: Any) -> None:
        """Change options while it runs."""
        self._ask("POST", "options", options)

    def revoke(self, token: str = "") -> None:
        """Revoke one token (its id or text), or all."""
        self._ask("POST", "revoke", {"token": token})

    def away(self, seconds: float) -> None:
        """Refuse connections for so long, and drop those there are. Nothing is forgotten."""
        self._ask("POST", "away", {"seconds": seconds})

    def reset(self) -> None:
        """Begin anew: no tokens, batches, orders, figures or journal (its file stays)."""
        self._ask("POST", "reset")

    def stop(self) -> int:
        """Stop it (again does no harm); gives the exit status."""
        if self.process.stdin and not self.process.stdin.closed:
            self.process.stdin.close()
        self.process.terminate()
        try:
            return self.process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()

    def _ask(self, method: str, what: str, body: Any = None) -> Any:
        content = None if body is None else orjson.dumps(body)
        answer = self._http.request(method, f"/_sandbox/{what}", content=content)
        if answer.is_error:
            raise SandboxError(f"{method} {what}: {answer.status_code} {answer.text}")
        return orjson.loads(answer.content)


@contextlib.contextmanager
def running(
    options: SandboxOptions | None = None, *, port: int = 0, **changes: Any
) -> Iterator[Running]:
    """Run a sandbox in its own process while the block lasts.

    It is reaped in any case, and it stops by itself should this process die.

    Args:
        options: how it behaves; defaults are the API's own limits.
        port: 0 takes a free one.
        changes: single options over `options`, e.g. `processing_max_ms=0`.

    Raises:
        SandboxError: it did not start.
    """
    wanted = options_from(changes, options)
    command = [sys.executable, "-m", "bulkcall.sandbox", "--until-stdin-closes", f"--port={port}"]
    root = str(Path(__file__).parents[2])
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH", ""))))
    }
    process = subprocess.Popen(  # noqa: S603 - this very interpreter, our own module
        [*command, *flags_of(wanted)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environment,
        start_new_session=True,  # Ctrl-C at the terminal is the client's; it stops the sandbox
    )
    with contextlib.ExitStack() as stack:
        stack.callback(_reap, process)
        assert process.stdout is not None  # noqa: S101 - PIPE was asked for
        line = process.stdout.readline()
        if not line:
            raise SandboxError(f"the sandbox did not start (exit status {process.wait()})")
        ready = orjson.loads(line)
        http = stack.enter_context(
            httpx.Client(base_url=ready["base_url"], trust_env=False, timeout=30.0, verify=False)  # noqa: S501 - our own loopback
        )
        yield Running(**ready, process=process, _http=http)


def read_journal(path: Path) -> list[Entry]:
    """Read a journal's file, e.g. after its sandbox was killed. Half a last line is left out."""
    lines = path.read_bytes().split(b"\n")[:-1]
    return [_entry(orjson.loads(line)) for line in lines]


def applied(entries: Iterable[Entry]) -> Counter[Sent]:
    """Count how often each record took effect: what a ledger has to account for."""
    return Counter(record for entry in entries if entry.applied for record in entry.records)


def _reap(process: subprocess.Popen[bytes]) -> None:
    for pipe in (process.stdin, process.stdout):
        if pipe and not pipe.closed:
            pipe.close()
    process.terminate()
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _entry(raw: dict[str, Any]) -> Entry:
    records = tuple(Sent(*record) for record in raw.pop("records"))
    return Entry(**raw, records=records)
