"""Bearer tokens: made, known, expired, revoked (api.md, Calls: Token)."""

from __future__ import annotations

import base64
import hashlib
from enum import Enum
from typing import TYPE_CHECKING

import orjson

from bulkcall.sandbox.enums import Call
from bulkcall.sandbox.limits import Gauge

if TYPE_CHECKING:
    import random

_PARTS = 3


class Token:
    """A token that was made or registered, with its counts."""

    __slots__ = ("ends", "gauges", "id", "revoked")

    def __init__(self, text: str, ends: float) -> None:
        self.id = token_id(text)
        self.ends = ends
        """Monotonic seconds."""
        self.revoked = False
        self.gauges: dict[Call, Gauge] = {call: Gauge() for call in Call if call is not Call.TOKEN}


class Verdict(Enum):
    """Why a bearer token is not accepted."""

    UNKNOWN = "unknown"
    """Not one of ours, expired or revoked."""
    UNREADABLE = "unreadable"
    """Not even the shape of a token: three parts with dots between."""


def token_id(text: str) -> str:
    """Name a token without giving it away: the first 8 hex digits of its SHA-256."""
    return hashlib.sha256(text.encode()).hexdigest()[:8]


class TokenBook:
    """All tokens of the account. Times are monotonic seconds."""

    def __init__(self, static: tuple[str, ...], rng: random.Random) -> None:
        self._rng = rng
        self._tokens = {text: Token(text, float("inf")) for text in static}
        self.creation = Gauge()
        self.created = 0

    def create(self, account: str, now: float, now_ms: int, life: float) -> str:
        """Make a token. Whether one may be made is the caller's question."""
        claims = {"sub": account, "iat": now_ms // 1000, "exp": now_ms // 1000 + int(life)}
        text = ".".join(
            base64.urlsafe_b64encode(part).rstrip(b"=").decode()
            for part in (
                b'{"alg":"HS256","typ":"JWT"}',
                orjson.dumps(claims),
                self._rng.getrandbits(256).to_bytes(32),
            )
        )
        self._tokens[text] = Token(text, now + life)
        self.created += 1
        return text

    def look_up(self, text: str, now: float) -> Token | Verdict:
        """Find a live token, or say why there is none."""
        token = self._tokens.get(text)
        if token is None:
            parts = text.split(".")
            readable = len(parts) == _PARTS and all(parts)
            return Verdict.UNKNOWN if readable else Verdict.UNREADABLE
        if token.revoked or now >= token.ends:
            return Verdict.UNKNOWN
        return token

    def revoke(self, token: str = "") -> int:
        """Revoke the token with this id (or text), or all; static ones too. Gives how many."""
        chosen = [t for text, t in self._tokens.items() if token in ("", t.id, text)]
        for each in chosen:
            each.revoked = True
        return len(chosen)

    def all(self) -> list[Token]:
        """Return every token, dead ones included."""
        return list(self._tokens.values())
