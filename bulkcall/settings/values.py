"""From the text of a flag, an environment variable or a TOML value to a setting's own type."""

from __future__ import annotations

import difflib
import ipaddress
import math
import re
import zoneinfo
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from bulkcall.errors import SettingsError
from bulkcall.settings.model import RULES, Secret
from bulkcall.settings.sending_hours import TIME_OF_DAY

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bulkcall.settings.model import Rule

_TRUE = {"1", "true", "yes", "on"}
_LISTS = (RULES["countries"], RULES["null_values"])
_FALSE = {"0", "false", "no", "off"}


def read_value(name: str, raw: object, where: str) -> Any:
    """Return a setting's value in its own type.

    `where` names the source for a person ('BULKCALL_TOKENS', 'bulkcall.toml, line 3'). A secret
    never stands in an error. Raises SettingsError.
    """
    rule = RULES[name]
    value = _typed(rule, raw, where)
    if isinstance(value, Secret) and value and name in _SECRET_URLS:
        _url(value.reveal(), where)
    if isinstance(value, int | float) and not isinstance(value, bool):
        _check_range(rule, value, where)
    if isinstance(value, str):
        value = value.strip()
        if rule.choices and value not in rule.choices:
            raise SettingsError(
                f"{where}: must be {_one_of(rule.choices)}, not {_shown(value)}"
                f"{nearest(value, rule.choices)}"
            )
        check = _CHECKS.get(name)
        if check is not None and value:
            value = check(value, where)
    return value


def _typed(rule: Rule, raw: object, where: str) -> Any:
    if rule.kind is Secret:
        if not isinstance(raw, str):
            raise SettingsError(f"{where}: must be a text in quotes")
        return Secret(raw.strip())
    if rule.kind is str:
        if rule is RULES["max_invalid"] and isinstance(raw, int) and not isinstance(raw, bool):
            return str(raw)  # a count may as well stand in a file without quotes
        if rule in _LISTS and isinstance(raw, list) and all(isinstance(one, str) for one in raw):
            return ",".join(raw)  # a list in a file
        if not isinstance(raw, str):
            raise SettingsError(f"{where}: must be a text, not {_shown(raw)}")
        return raw
    if rule.kind is bool:
        return _boolean(raw, where)
    return _number(rule, raw, where)


def _boolean(raw: object, where: str) -> bool:
    if isinstance(raw, bool):
        return raw
    word = str(raw).strip().lower()
    if word in _TRUE | _FALSE:
        return word in _TRUE
    raise SettingsError(f"{where}: must be true or false, not {_shown(raw)}")


def _number(rule: Rule, raw: object, where: str) -> int | float:
    noun = "a whole number" if rule.kind is int else "a number"
    try:
        if isinstance(raw, bool):
            raise TypeError  # noqa: TRY301 - one message for everything that is no number
        number = float(str(raw).strip().replace("_", ""))
    except (TypeError, ValueError):
        raise SettingsError(f"{where}: must be {noun}, not {_shown(raw)}") from None
    if not math.isfinite(number) or (rule.kind is int and number != int(number)):
        raise SettingsError(f"{where}: must be {noun}, not {_shown(raw)}")
    return int(number) if rule.kind is int else number


def _check_range(rule: Rule, value: float, where: str) -> None:
    if rule.minimum is not None and value < rule.minimum:
        raise SettingsError(f"{where}: must be at least {rule.minimum:g}, not {value:g}")
    if rule.maximum is not None and value > rule.maximum:
        raise SettingsError(f"{where}: must be at most {rule.maximum:g}, not {value:g}")


def _shown(raw: object) -> str:
    text = str(raw)
    return repr(text if len(text) <= 60 else text[:57] + "…")  # noqa: PLR2004 - one line's worth


def is_loopback(host: str) -> bool:
    """Return whether a URL's host is this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _base_url(text: str, where: str) -> str:
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        raise SettingsError(f"{where}: {_shown(text)} is not a URL") from None
    if parts.scheme not in {"https", "http"} or not host:
        raise SettingsError(f"{where}: must be a URL like https://host, not {_shown(text)}")
    if parts.username or parts.password:
        raise SettingsError(f"{where}: a URL with a user name or password is refused")
    if parts.query or parts.fragment:
        raise SettingsError(f"{where}: a URL with a query or fragment is refused")
    if parts.scheme == "http" and not is_loopback(host):
        raise SettingsError(
            f"{where}: plain http would show the token and the phone numbers to the network; "
            "use https (http is for 127.0.0.1 and localhost only)"
        )
    return text.rstrip("/")


def _timezone(text: str, where: str) -> str:
    try:
        zoneinfo.ZoneInfo(text)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise SettingsError(
            f"{where}: no time zone {_shown(text)}; use an IANA name like Asia/Kolkata"
        ) from None
    return text


def _region(text: str, where: str) -> str:
    if not re.fullmatch(r"[A-Za-z]{2}", text):
        raise SettingsError(f"{where}: must be a region of two letters like IN, not {_shown(text)}")
    return text.upper()


def _countries(text: str, where: str) -> str:
    return ",".join(_region(name.strip(), where) for name in text.split(",") if name.strip())


def _client_account_id(text: str, where: str) -> str:
    # It becomes part of a path: anything that would change the path is refused.
    if not re.fullmatch(r"[A-Za-z0-9._~-]+", text):
        raise SettingsError(f"{where}: {_shown(text)} is no client account id")
    return text


def _url(text: str, where: str) -> str:
    # Never shows the text: who knows a webhook's address may post to it.
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        raise SettingsError(f"{where}: is not a URL") from None
    if parts.scheme not in {"https", "http"} or not host:
        raise SettingsError(f"{where}: must be a URL like https://host/path")
    if parts.scheme == "http" and not is_loopback(host):
        raise SettingsError(f"{where}: must be https (http is for 127.0.0.1 and localhost only)")
    return text


def _time_of_day(text: str, where: str) -> str:
    if not TIME_OF_DAY.fullmatch(text):
        raise SettingsError(f"{where}: must be a time of day like 08:00, not {_shown(text)}")
    return text


def _count_or_share(text: str, where: str) -> str:
    share = re.fullmatch(r"(\d+(?:\.\d+)?)\s*%", text)
    if not (text.isascii() and text.isdigit()) and (share is None or float(share[1]) > 100):  # noqa: PLR2004
        raise SettingsError(f"{where}: must be a count like 200 or a share like 5%")
    return text


def _addresses(text: str, where: str) -> str:
    for address in text.split(","):
        if not re.fullmatch(r"[^@\s,]+@[^@\s,]+", address.strip()):
            raise SettingsError(f"{where}: {_shown(address.strip())} is no e-mail address")
    return text


def _folder_pattern(text: str, where: str) -> str:
    rest = re.sub(r"\{(?:run_id|file|date)\}", "", text)
    if "{" in rest or "}" in rest:
        raise SettingsError(
            f"{where}: {_shown(text)} holds something in braces other than "
            "{run_id}, {file} and {date}"
        )
    return text


def _one_of(choices: Iterable[str]) -> str:
    *most, last = choices
    return f"{', '.join(most)} or {last}"


def nearest(name: str, known: Iterable[str]) -> str:
    """Return ' (did you mean …?)' for a name that is not known, or nothing."""
    near = difflib.get_close_matches(name, list(known), n=1)
    return f" (did you mean {near[0]!r}?)" if near else ""


_SECRET_URLS = {"notify_webhook", "heartbeat_url"}
_CHECKS = {
    "out": _folder_pattern,
    "not_before": _time_of_day,
    "not_after": _time_of_day,
    "quiet_timezone": _timezone,
    "max_invalid": _count_or_share,
    "notify_email_to": _addresses,
    "notify_email_from": _addresses,
    "otlp_endpoint": _url,
    "base_url": _base_url,
    "timezone": _timezone,
    "region": _region,
    "countries": _countries,
    "client_account_id": _client_account_id,
}
