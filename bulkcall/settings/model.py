"""The effective settings of one client account, as one frozen object.

Each attribute is a setting: its name is its key in bulkcall.toml, `BULKCALL_` and its name in
capitals its environment variable. What a value may be stands in its `Rule`; the documentation's
table, `bulkcall config` and the reader are all made from this one class.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, Final

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
        return isinstance(other, Secret) and other._text == self._text

    def __hash__(self) -> int:
        return hash(self._text)


_NO_SECRET: Final = Secret("")


@dataclass(frozen=True, slots=True)
class Rule:
    """What a setting's value may be, and what a person should know of it."""

    kind: type
    help: str
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] = ()


def _setting(
    default: Any,
    text: str,
    *,
    minimum: float | None = None,
    maximum: float | None = None,
    choices: tuple[str, ...] = (),
) -> Any:
    rule = Rule(type(default), text, minimum, maximum, choices)
    return field(default=default, metadata={"rule": rule})


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Effective settings of one client account (contract: Settings)."""

    base_url: str = _setting(
        "https://enterprise-portal-noneu.truecaller.com",
        "Where the API is; https, or plain http on loopback only.",
    )
    client_account_id: str = _setting("", "The client account whose calls these are.")
    key_id: Secret = _setting(_NO_SECRET, "Id of the API key that tokens are created with.")
    api_key: Secret = _setting(_NO_SECRET, "The API key that tokens are created with.")
    token: Secret = _setting(_NO_SECRET, "A ready bearer token instead of a key pair.")
    tokens: int = _setting(1, "How many tokens to use side by side.", minimum=1, maximum=10)
    ledger: str = _setting(
        "", "The ledger: a path or a database URL; a file of the user's own if empty."
    )
    profile: str = _setting("", "Which [profiles.NAME] of bulkcall.toml is in force.")
    reconcile_timeout: float = _setting(
        300.0, "Seconds to wait for batch status after the last batch was accepted.", minimum=0
    )
    region: str = _setting("IN", "ISO 3166 region in which national numbers are read.")
    timezone: str = _setting(
        "",
        "IANA zone for times without an offset; while the region is IN: Asia/Kolkata, else none.",
    )
    date_format: str = _setting(
        "", "How dates like 03/04/2026 are read: dmy, mdy, ymd or a strptime pattern."
    )
    realtime_per_second: float = _setting(
        100.0, "Real-time requests a second that each token may make.", minimum=0.001
    )
    batch_per_minute: float = _setting(
        60.0, "Batch requests a minute that each token may make.", minimum=0.001
    )
    status_per_minute: float = _setting(
        60.0, "Batch status requests a minute that each token may make.", minimum=0.001
    )
    batch_size: int = _setting(500, "Records in a batch request.", minimum=1, maximum=500)
    stamp: bool = _setting(
        True, "Send ends_at up to a second early, so that masked records can be told apart."
    )
    max_tries: int = _setting(
        5, "Tries that a row may spend before it is failed, or held as unknown.", minimum=1
    )
    request_timeout: float = _setting(30.0, "Seconds to wait for an answer.", minimum=0.1)
    away_timeout: float = _setting(
        300.0, "Seconds that a server may be away before the run stops (resumable).", minimum=0
    )
    first_contact_timeout: float = _setting(
        15.0, "The same for a server that has not answered at all in this run.", minimum=0
    )
    turned_down_share: float = _setting(
        0.9,
        "Stop when this share of settled rows was turned down for one reason …",
        minimum=0,
        maximum=1,
    )
    turned_down_count: int = _setting(
        1000, "… once so many rows are settled; 0 never stops for it.", minimum=0
    )
    columns: Mapping[str, str] = field(
        default_factory=dict,
        metadata={"rule": Rule(dict, "Field → the campaign file's own column name.")},
    )


RULES: Mapping[str, Rule] = {f.name: f.metadata["rule"] for f in fields(Settings)}
"""Every setting's rule by its name, in the order of the documentation."""
