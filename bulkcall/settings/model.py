"""The effective settings of one client account, as one frozen object.

Each attribute is a setting: its name is its key in bulkcall.toml, `BULKCALL_` and its name in
capitals its environment variable. What a value may be stands in its `Rule`; the documentation's
table, `bulkcall config` and the reader are all made from this one class.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, Final

from bulkcall.settings.sending_hours import SendingHours

if TYPE_CHECKING:
    from collections.abc import Mapping


class Secret:
    """A text that never shows itself: only `reveal()` gives it, `repr` and `str` do not."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """Return the secret, to put on the wire."""
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
    flag: bool = True
    """Whether commands have a flag for it; a secret never has one."""
    path: bool = False
    """Whether it names a file or folder: in bulkcall.toml, relative to that file's folder."""


def _setting(
    default: Any,
    text: str,
    *,
    minimum: float | None = None,
    maximum: float | None = None,
    choices: tuple[str, ...] = (),
    flag: bool = True,
    path: bool = False,
) -> Any:
    rule = Rule(type(default), text, minimum, maximum, choices, flag, path)
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
        "", "The ledger: a path or a database URL; a file of the user's own if empty.", path=True
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
    encoding: str = _setting(
        "", "What CSV files are encoded in (utf-8, cp1252, mac_roman); by their bytes if empty."
    )
    skip_hidden: bool = _setting(
        False, "Leave out the rows of a workbook that are hidden, by hand or by a filter."
    )
    countries: str = _setting(
        "",
        "Other regions, comma-separated, whose numbers may stand without a plus: AE,NG.",
    )
    null_values: str = _setting("", "Words, comma-separated, that make a cell empty: NULL,None.")
    realtime_per_second: float = _setting(
        100.0, "Real-time requests a second that each token may make.", minimum=0.001
    )
    batch_per_minute: float = _setting(
        60.0, "Batch requests a minute that each token may make.", minimum=0.001
    )
    status_per_minute: float = _setting(
        60.0, "Batch status requests a minute that each token may make.", minimum=0.001
    )
    api_version: int = _setting(
        2,
        "Version of the API's calls: 3 has another path and writes numbers with a plus.",
        minimum=2,
        maximum=3,
    )
    label_check: str = _setting(
        "warn",
        "What a run does about rows whose label_id the account does not have: say so, send nothing "
        "at all, or not ask.",
        choices=("warn", "refuse", "off"),
    )
    batch_size: int = _setting(500, "Records in a batch request.", minimum=1, maximum=500)
    stamp: bool = _setting(
        True, "Send ends_at up to a second early, so that masked records can be distinguished."
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
        "Stop when this share of settled rows was refused or failed for one reason …",
        minimum=0,
        maximum=1,
    )
    turned_down_count: int = _setting(
        1000, "… once so many rows are settled; 0 never stops for it.", minimum=0
    )
    keep_tokens: bool = _setting(
        True,
        "Keep created tokens, encrypted with api_key, for the next process: "
        "the API creates 10 in 30 minutes.",
        flag=False,
    )
    not_before: str = _setting(
        "", "Rows are sent from this time of day (HH:MM); at any time if both are empty."
    )
    not_after: str = _setting(
        "", "No row is sent after this time of day (HH:MM); may be past midnight."
    )
    quiet_timezone: str = _setting(
        "", "IANA zone of not_before and not_after; if empty, that of `timezone`, else UTC."
    )
    outside_hours: str = _setting(
        "pause",
        "Outside those hours a run pauses and continues by itself, or stops (resumable).",
        choices=("pause", "stop"),
    )
    max_invalid: str = _setting(
        "", "Send nothing if more rows are invalid: a count or a share like 5%.", flag=False
    )
    out: str = _setting(
        "",
        "Folder of a run's files; {run_id}, {file} and {date} are filled in. "
        "bulkcall-runs/{run_id} if empty.",
        flag=False,
        path=True,
    )
    show_numbers: bool = _setting(False, "Show phone numbers in report.html.", flag=False)
    keep_days: int = _setting(
        0,
        "After a run, purge the rows of runs that ended longer ago than so many days; 0: keep.",
        minimum=0,
        flag=False,
    )
    key_id_file: str = _setting("", "A file that holds key_id.", flag=False, path=True)
    api_key_file: str = _setting("", "A file that holds api_key.", flag=False, path=True)
    token_file: str = _setting("", "A file that holds token.", flag=False, path=True)
    keyring: bool = _setting(
        False, "Look credentials up in the system's keyring (extra `keyring`).", flag=False
    )
    notify_on: str = _setting(
        "failure",
        "When people are notified how a run ended.",
        choices=("never", "failure", "threshold", "always"),
        flag=False,
    )
    notify_webhook: Secret = _setting(
        _NO_SECRET, "URL to notify; https, or plain http on loopback only."
    )
    notify_format: str = _setting(
        "json",
        "What is posted to notify_webhook: plain JSON, or a chat's own form.",
        choices=("json", "slack", "teams", "googlechat", "discord", "mattermost"),
        flag=False,
    )
    notify_email_to: str = _setting("", "Addresses to notify, comma-separated.", flag=False)
    notify_email_from: str = _setting("", "Address that the e-mail comes from.", flag=False)
    notify_error_share: float = _setting(
        0.05,
        "Share of sent rows ending other than success from which a run counts as threshold.",
        minimum=0,
        maximum=1,
        flag=False,
    )
    smtp_host: str = _setting("", "The server that takes the e-mail.", flag=False)
    smtp_port: int = _setting(587, "Its port.", minimum=1, maximum=65535, flag=False)
    smtp_user: str = _setting("", "User name there, if it wants one.", flag=False)
    smtp_password: Secret = _setting(_NO_SECRET, "Password there.")
    smtp_tls: str = _setting(
        "starttls",
        "How the way there is sealed; none is for loopback only.",
        choices=("starttls", "tls", "none"),
        flag=False,
    )
    heartbeat_url: Secret = _setting(
        _NO_SECRET, "URL that is asked for after a run, for a dead-man switch."
    )
    metrics_file: str = _setting(
        "", "Prometheus text file (.prom) that is written after a run.", flag=False, path=True
    )
    otlp_endpoint: str = _setting(
        "", "OpenTelemetry collector that is sent metrics and a trace (extra `otel`).", flag=False
    )
    columns: Mapping[str, str] = field(
        default_factory=dict,
        metadata={"rule": Rule(dict, "Field → the campaign file's own column name.")},
    )

    def hours(self) -> SendingHours | None:
        """When rows may go out; None: at any time. Raises SettingsError where that is never."""
        zone = self.quiet_timezone or self.timezone
        return SendingHours.between(self.not_before, self.not_after, zone)


RULES: Mapping[str, Rule] = {f.name: f.metadata["rule"] for f in fields(Settings)}
"""Every setting's rule by its name, in the order of the documentation."""
