"""Tokens kept for the next process: the API creates 10 in 30 minutes, and each lives an hour.

A *place* is a file that holds one token, encrypted with the API key, and beside it the state of
that token's rate limiters. A process holds its places by a kernel lock for as long as it lives, so
that no two use one token, and whoever takes a place over goes on under the limits where the last
one left them.
Where places can't be had (no folder to write in, all taken), tokens are just not kept.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import platform
from pathlib import Path
from typing import TYPE_CHECKING

from bulkcall.api.token_encryption import decrypt, encrypt
from bulkcall.api.tokens import Token
from bulkcall.settings import Secret
from bulkcall.support import file_lock

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bulkcall.clock import Clock
    from bulkcall.settings import Settings

PLACES = 20
"""So many tokens of an account can be alive at once: 10 created in 30 minutes, good for 60 each."""
LEAST_LEFT_MS = 5 * 60 * 1000
"""A kept token with less left is not taken."""
SLACK_MS = 60 * 1000
"""A clock that is set back by no more than that does no harm."""
SWEEP_AFTER_MS = 24 * 60 * 60 * 1000
_FORMAT = "2"
_MOST_BYTES = 64 * 1024


class CachedToken:
    """One place, held by this process until it is closed."""

    def __init__(self, path: Path, handle: int, key: Secret, clock: Clock) -> None:
        self._path = path
        self._handle = handle
        self._key = key.reveal().encode()
        self._clock = clock

    def pace(self, limiter: str) -> Path:
        """Name the file of a limiter's pace."""
        return self._path.with_name(f"{self._path.stem}.{limiter}.pace")

    def take(self) -> Token | None:
        """Return the token that is kept here, if it has some minutes left."""
        try:
            encrypted = os.pread(self._handle, _MOST_BYTES, 0)
        except OSError:
            return None
        text = decrypt(self._key, self._path.name, encrypted)
        if text is None:
            return None
        kept = json.loads(text)
        now = self._clock.now_ms()
        # Where the clock was set back, nobody can tell how old the token is.
        if not kept["made_at"] - SLACK_MS <= now <= kept["ends_at"] - LEAST_LEFT_MS:
            return None
        # What the server says of it now is no word on the key pair.
        return Token(Secret(kept["token"]), kept["made_at"], kept["ends_at"], proved=True)

    def keep(self, token: Token) -> None:
        """Keep a token here."""
        kept = {"token": token.secret.reveal(), "made_at": token.made_at, "ends_at": token.ends_at}
        # Half of it written can not be decrypted, and counts as nothing.
        self._write(encrypt(self._key, self._path.name, json.dumps(kept).encode()))

    def drop(self) -> None:
        """Forget the token that is kept here: the server does not take it."""
        self._write(b"")

    def close(self) -> None:
        """Leave the place to the next process."""
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1

    def _write(self, content: bytes) -> None:
        with contextlib.suppress(OSError):
            os.ftruncate(self._handle, 0)
            os.pwrite(self._handle, content, 0)


def hold_cached_tokens(
    folder: Path, settings: Settings, clock: Clock, count: int
) -> list[CachedToken]:
    """Hold up to `count` places of an account, those with a good token first.

    Fewer, or none, where no more can be had.
    """
    if not settings.keep_tokens or settings.token:
        return []
    account = _account(settings)
    good: list[CachedToken] = []
    empty: list[CachedToken] = []
    try:
        _make_private(folder)
        _sweep(folder, account, clock.now_ms())
        for number in range(PLACES):
            path = folder / f"{account}-{number:02d}.token"
            if len(good) + len(empty) >= count and not path.exists():
                continue
            handle = _locked(path)
            if handle is None:
                continue
            place = CachedToken(path, handle, settings.api_key, clock)
            (empty if place.take() is None else good).append(place)
            if len(good) == count:
                break
    except OSError:
        pass  # what is held by now can be used all the same
    held = good + empty
    for place in held[count:]:
        place.close()
    return held[:count]


def _account(settings: Settings) -> str:
    """Name what a token, and its pace, are good for. None of it can be had from the name.

    The pace is measured by a clock that starts anew with the machine, and a state holds for one
    set of limits: under others, or after a start, there are other places.
    """
    known_by = (
        _FORMAT,
        settings.base_url,
        settings.client_account_id,
        settings.key_id.reveal(),
        settings.api_key.reveal(),
        repr(settings.realtime_per_second),
        repr(settings.batch_per_minute),
        repr(settings.status_per_minute),
        _boot(),
    )
    return hashlib.sha256("\n".join(known_by).encode()).hexdigest()[:24]


def _boot() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return platform.node()


def _make_private(folder: Path) -> None:
    # Made by itself: `parents` alone would leave it open to others.
    folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.stat()
    if hasattr(os, "geteuid") and found.st_uid != os.geteuid():
        raise PermissionError(f"{folder} belongs to somebody else")
    if found.st_mode & 0o077:
        folder.chmod(0o700)


def _locked(path: Path) -> int | None:
    """Open and lock a file; None if another process has it, or it is being swept away."""
    handle = file_lock.open_lock_file(path)
    try:
        if file_lock.try_lock(handle) and os.path.samestat(os.fstat(handle), path.stat()):
            return handle
    except FileNotFoundError:
        pass
    except OSError:
        os.close(handle)
        raise
    os.close(handle)
    return None


def _sweep(folder: Path, account: str, now_ms: int) -> None:
    """Take away the places of other accounts, limits and boots that nobody used for a day."""
    for path in _old(folder, now_ms - SWEEP_AFTER_MS):
        if path.name.startswith(account):
            continue
        handle = _locked(path)
        if handle is None:
            continue
        for pace in folder.glob(f"{path.stem}.*.pace"):
            pace.unlink(missing_ok=True)
        path.unlink(missing_ok=True)
        os.close(handle)


def _old(folder: Path, before_ms: int) -> Iterator[Path]:
    for path in folder.glob("*.token"):
        with contextlib.suppress(FileNotFoundError):
            if path.stat().st_mtime * 1000 < before_ms:
                yield path
