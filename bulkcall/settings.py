"""Every setting, in one frozen object; the only reader of the environment and of bulkcall.toml.

Flags stand over environment, environment over bulkcall.toml, bulkcall.toml over defaults
(contract: Settings). Secrets are `Secret` objects: no `repr`, log or traceback shows them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


class Secret:
    """A text that never shows itself: only `reveal()` gives it, `repr` and `str` do not."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """Give the secret, to put on the wire."""
        return self._text

    def __repr__(self) -> str:
        return "Secret(…)"

    def __bool__(self) -> bool:
        return bool(self._text)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._text == self._text  # noqa: SLF001 - its own kind

    def __hash__(self) -> int:
        return hash(self._text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Effective settings of one client account."""

    base_url: str = "https://enterprise-portal-noneu.truecaller.com"
    client_account_id: str = ""
    key_id: Secret = field(default_factory=lambda: Secret(""))
    api_key: Secret = field(default_factory=lambda: Secret(""))
    token: Secret = field(default_factory=lambda: Secret(""))
    """A ready bearer token instead of a key pair."""
    tokens: int = 1
    """How many tokens to use side by side, 1 to 10."""
    ledger: str = ""
    """A path or a database URL."""
    profile: str = ""
    reconcile_timeout: float = 300.0
    """Seconds to wait for batch status after the last batch was accepted."""
    region: str = "IN"
    """ISO 3166 region for national numbers."""
    timezone: str = ""
    """IANA name; empty: times need an offset (default: Asia/Kolkata while the region is IN)."""
    date_format: str = ""
    """dmy, mdy, ymd, a strptime pattern, or empty."""
    realtime_per_second: float = 100.0
    batch_per_minute: float = 60.0
    status_per_minute: float = 60.0
    batch_size: int = 500
    stamp: bool = True
    max_tries: int = 5
    """Tries a row may spend before it is `failed` or held as `unknown`."""
    request_timeout: float = 30.0
    """Seconds to wait for an answer."""
    away_timeout: float = 300.0
    """Seconds a server that was there may be away before the run stops (resumable)."""
    first_contact_timeout: float = 15.0
    """Seconds a server that has never answered may be away before the run stops."""
    turned_down_share: float = 0.9
    """Stop when at least this share of the settled rows was turned down for one reason …"""
    turned_down_count: int = 1000
    """… among at least so many settled rows; 0: never."""
    columns: Mapping[str, str] = field(default_factory=dict)
    """Field → the campaign file's own column name."""
