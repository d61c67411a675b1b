"""Named points of the program at which something can be made to happen to its process.

The product has no hook for this: the points are put round its functions from outside, in the
process that a test starts, before the command line runs. `CRASH_AT` names what is to happen, e.g.
`after Ledger.take_batch 2 kill`; several are separated by `;`. `commit` is the ledger's own
transaction: before it, all is written and nothing is committed.
"""

from __future__ import annotations

import functools
import importlib
import inspect
import os
import signal
import threading
import time
from pathlib import Path

ENVIRONMENT = "CRASH_AT"
NAPPING = "napping"
"""A file in the home folder: while it is there, the process that met a `nap` sleeps."""

POINTS = {
    "Ledger.begin_run": "bulkcall.ledger.ledger:Ledger.begin_run",
    "Ledger.hold": "bulkcall.ledger.ledger:Ledger.hold",
    "Ledger.add_rows": "bulkcall.ledger.ledger:Ledger.add_rows",
    "Ledger.mark_duplicates": "bulkcall.ledger.ledger:Ledger.mark_duplicates",
    "Ledger.mark_repeats": "bulkcall.ledger.ledger:Ledger.mark_repeats",
    "Ledger.set_state": "bulkcall.ledger.ledger:Ledger.set_state",
    "Ledger.drop_rows": "bulkcall.ledger.ledger:Ledger.drop_rows",
    "Ledger.recover": "bulkcall.ledger.ledger:Ledger.recover",
    "Ledger.take_realtime": "bulkcall.ledger.ledger:Ledger.take_realtime",
    "Ledger.take_batch": "bulkcall.ledger.ledger:Ledger.take_batch",
    "Ledger.record": "bulkcall.ledger.ledger:Ledger.record",
    "Ledger.note_poll": "bulkcall.ledger.ledger:Ledger.note_poll",
    "Ledger.note_token_creation": "bulkcall.ledger.ledger:Ledger.note_token_creation",
    "TokenIssuer.create": "bulkcall.api.token_issuer:TokenIssuer.create",
    "CachedToken.keep": "bulkcall.api.token_cache:CachedToken.keep",
    "Api.send_record": "bulkcall.api.client:Api.send_record",
    "Api.create_batch": "bulkcall.api.client:Api.create_batch",
    "Api.batch_status": "bulkcall.api.client:Api.batch_status",
    "publish": "bulkcall.run.finish:publish",
    "os.replace": "os:replace",
    "os.fsync": "os:fsync",
}
"""Point → where its function is found. `commit` is the one more."""

STORES = {
    False: "bulkcall.ledger.sqlite:SqliteFile",
    True: "bulkcall.ledger.postgresql:PostgresqlStore",
}
"""Where `commit` is, by whether the ledger is on PostgreSQL."""


def install(environ):
    """Put round the named functions what `CRASH_AT` says."""
    on_postgresql = environ.get("BULKCALL_LEDGER", "").startswith("postgresql:")
    for order in filter(None, map(str.strip, environ.get(ENVIRONMENT, "").split(";"))):
        when, name, nth, action = order.split()
        meet = _Meeting(int(nth), _action(action))
        if name == "commit":
            store = _found(STORES[on_postgresql])
            store.write = _committing(store.write, when, meet)
            continue
        module, _, path = POINTS[name].partition(":")
        owner, _, last = path.rpartition(".")
        holder = _found(f"{module}:{owner}")
        setattr(holder, last, _round(getattr(holder, last), when, meet))


def _found(place):
    module, _, name = place.partition(":")
    found = importlib.import_module(module)
    return getattr(found, name) if name else found


class _Meeting:
    """Counts calls, and acts at the nth."""

    def __init__(self, nth, act):
        self._left = nth
        self._act = act
        self._lock = threading.Lock()

    def __call__(self):
        with self._lock:
            self._left -= 1
            due = self._left == 0
        if due:
            self._act()


def _action(word):
    kind, _, value = word.partition("=")
    if kind == "kill":
        return lambda: os.kill(os.getpid(), signal.SIGKILL)
    if kind == "signal":
        return lambda: os.kill(os.getpid(), signal.Signals[value])
    if kind == "pause":  # for ever: somebody kills it
        return threading.Event().wait
    if kind == "nap":
        return lambda: _nap(Path(os.environ["HOME"]) / NAPPING)
    if kind == "clock":
        return lambda: _move_clock(int(value))
    raise ValueError(word)


def _round(function, when, meet):
    if inspect.iscoroutinefunction(function):

        @functools.wraps(function)
        async def coroutine(*args, **kwargs):
            if when == "before":
                meet()
            result = await function(*args, **kwargs)
            if when == "after":
                meet()
            return result

        return coroutine

    @functools.wraps(function)
    def plain(*args, **kwargs):
        if when == "before":
            meet()
        result = function(*args, **kwargs)
        if when == "after":
            meet()
        return result

    return plain


def _committing(write, when, meet):
    @functools.wraps(write)
    def committing(self, work):
        def written(transaction):
            result = work(transaction)
            if when == "before":
                meet()
            return result

        result = write(self, written)
        if when == "after":
            meet()
        return result

    return committing


def _nap(told):
    told.touch()
    while told.exists():
        time.sleep(0.005)


def _move_clock(milliseconds):
    from bulkcall.clock import SystemClock

    real = SystemClock.now_ms
    SystemClock.now_ms = lambda self: real(self) + milliseconds
