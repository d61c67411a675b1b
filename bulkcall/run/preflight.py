"""Tries everything that a run needs, and sends no record."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from bulkcall.api import Api, ApiFailure
from bulkcall.clock import SystemClock
from bulkcall.errors import BulkcallError, LedgerError, SettingsError
from bulkcall.run.credentials import require_credentials
from bulkcall.run.event_loop import loop_factory
from bulkcall.settings import contradictions
from bulkcall.support.atomic_files import folder_warning
from bulkcall.support.ledger_address import Kind, read_address

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bulkcall.ledger import Ledger
    from bulkcall.settings import Loaded, Settings

MOST_SKEW = 60.0
"""Seconds that our clock may differ from the server's: rows near their end would expire wrongly."""
LEAST_ROOM = 200 * 1024 * 1024
"""Bytes: a campaign of a million rows and its report take about as much."""


class Word(StrEnum):
    """How one thing stands."""

    OK = "ok"
    WRONG = "wrong"
    SKIPPED = "skipped"
    """It can't be tried, because of something else that is wrong."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was tried: what, how it stands, and what to do or what was seen."""

    thing: str
    word: Word
    message: str
    usage: bool = False
    """It is the settings that are wrong."""


def preflight(loaded: Loaded, ledger_at: str) -> list[Finding]:
    """Try settings, ledger, disk, folder, credentials, server and clock; raises nothing of theirs.

    Asks the server for a token unless one is kept (which counts as one of the 10 in 30 minutes that
    the API creates; it is kept for the next run) and for the status of a batch that there is not.
    `ledger_at` is the ledger's path or URL.
    """
    settings = loaded.settings
    found = [_settings(loaded)]
    ledger: Ledger | None = None
    try:
        ledger, finding = _ledger(ledger_at)
        found += [finding, _disk(settings, ledger_at), _out(settings)]
        found += _server(settings, ledger, wrong=bool(loaded.problems))
    finally:
        if ledger is not None:
            ledger.close()
    return [*found, *_hours(settings)]


def _settings(loaded: Loaded) -> Finding:
    problems = [*loaded.problems, *contradictions(loaded.settings)]
    if problems:
        more = f" (and {len(problems) - 1} more)" if problems[1:] else ""
        text = f"{problems[0]}{more}; `bulkcall config check` names all"
        return Finding("settings", Word.WRONG, text, usage=True)
    read = str(loaded.file) if loaded.file else "no bulkcall.toml; environment and defaults"
    return Finding("settings", Word.OK, "; ".join([read, *loaded.warnings]))


def _ledger(ledger_at: str) -> tuple[Ledger | None, Finding]:
    from bulkcall.ledger import Ledger  # noqa: PLC0415 - takes a while to import
    from bulkcall.ledger.ledger_file import network_share  # noqa: PLC0415
    from bulkcall.ledger.schema import SCHEMA_VERSION  # noqa: PLC0415

    ledger: Ledger | None = None
    try:
        ledger = Ledger.open(ledger_at)
        now = SystemClock().now_ms()
        ledger.note_token_creation("bulkcall check", now)  # and takes it back: it can be written
        ledger.forget_token_creation("bulkcall check", now)
        ledger.require_room(LEAST_ROOM)
    except SettingsError as error:
        return ledger, Finding("ledger", Word.WRONG, str(error), usage=True)
    except LedgerError as error:
        return ledger, Finding("ledger", Word.WRONG, str(error))
    address = read_address(ledger_at)
    text = f"{address.shown}, version {SCHEMA_VERSION}, can be written"
    share = network_share(address.path) if address.kind is Kind.FILE else ""
    if share:
        text += f"; on a network share ({share}), so for one machine at a time"
    return ledger, Finding("ledger", Word.OK, text)


def _disk(settings: Settings, ledger_at: str) -> Finding:
    places = [_existing(_out_root(settings))]
    with suppress(SettingsError):
        address = read_address(ledger_at)
        if address.kind is Kind.FILE:
            places.append(_existing(address.path))
    free = {place: shutil.disk_usage(place).free for place in places}
    place = min(free, key=free.__getitem__)
    text = f"{free[place] / 1e9:.1f} GB free at {place}"
    if free[place] < LEAST_ROOM:
        return Finding("disk", Word.WRONG, f"{text}; free some")
    return Finding("disk", Word.OK, text)


def _out(settings: Settings) -> Finding:
    folder = _existing(_out_root(settings))
    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        text = f"{folder} can't be written ({error.strerror}); set another `out`"
        return Finding("out", Word.WRONG, text)
    warning = folder_warning(folder)
    text = f"{_out_root(settings)} can be written" + (f", but {warning}" if warning else "")
    return Finding("out", Word.OK, text)


def _out_root(settings: Settings) -> Path:
    """Return the part of the folder's name that is the same for all runs."""
    fixed, brace, _ = (settings.out or "bulkcall-runs").partition("{")
    path = Path(fixed).expanduser()
    return (path if fixed.endswith("/") or not brace else path.parent).absolute()


def _existing(path: Path) -> Path:
    path = path.absolute()
    while not path.is_dir():
        path = path.parent
    return path


def _server(settings: Settings, ledger: Ledger | None, *, wrong: bool) -> Iterator[Finding]:
    try:
        require_credentials(settings)
    except SettingsError as error:
        # Where a credential could not be read, that stands under settings already.
        yield Finding("credentials", Word.WRONG, str(error), usage=True)
        yield Finding("clock", Word.SKIPPED, "the server was not asked")
        return
    if ledger is None or wrong:
        yield Finding("credentials", Word.SKIPPED, "fix the problems above first")
        yield Finding("clock", Word.SKIPPED, "the server was not asked")
        return
    try:
        server_time, ours, token = _asked(settings, ledger)
    except (BulkcallError, ApiFailure) as error:
        yield Finding("credentials", Word.WRONG, str(error))
        yield Finding("clock", Word.SKIPPED, "the server did not answer")
        return
    yield Finding("credentials", Word.OK, f"{settings.base_url} takes {token}")
    yield _clock(server_time, ours)


def _asked(settings: Settings, ledger: Ledger) -> tuple[float | None, float, str]:
    clock = SystemClock()

    async def ask() -> tuple[float | None, float, str]:
        async with Api(settings, clock, token_log=ledger) as api:
            source = api.slots[0].source
            kept = getattr(source, "at_hand", False)
            await source.get()
            before = clock.now_ms()
            server_time = await api.probe()
            ours = (before + clock.now_ms()) / 2000
        if settings.token:
            return server_time, ours, "the token"
        if kept:
            return server_time, ours, "a token that an earlier run left"
        return server_time, ours, "the key pair (one token created; it is kept for the next run)"

    with asyncio.Runner(loop_factory=_loop()) as runner:
        return runner.run(ask())


def _loop() -> Callable[[], asyncio.AbstractEventLoop]:
    return loop_factory()


def _clock(server_time: float | None, ours: float) -> Finding:
    if server_time is None:
        return Finding("clock", Word.SKIPPED, "the server does not tell its time")
    # Its Date header is cut to the second.
    skew = ours - (server_time + 0.5)
    if abs(skew) > MOST_SKEW:
        way = "ahead of" if skew > 0 else "behind"
        text = f"{abs(skew):.0f} s {way} the server's; set this machine's clock (NTP)"
        return Finding("clock", Word.WRONG, text)
    return Finding("clock", Word.OK, f"within {max(1.0, abs(skew)):.0f} s of the server's")


def _hours(settings: Settings) -> Iterator[Finding]:
    try:
        hours = settings.hours()
    except SettingsError:
        return  # stands under settings
    if hours is None:
        return
    now = SystemClock().now_ms()
    if hours.is_open(now):
        text = f"rows may be sent now, until {hours.local(hours.next_closing(now))}"
    else:
        text = f"no row is sent before {hours.local(hours.next_opening(now))}"
    yield Finding("hours", Word.OK, text)
