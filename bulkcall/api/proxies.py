"""Which proxy of the environment stands before the API, and which addresses pass it by.

`HTTPS_PROXY`, `HTTP_PROXY` and `ALL_PROXY` (in small letters too, which count first) name it;
`NO_PROXY` lists hosts, domains with what is below them, addresses, networks such as `10.0.0.0/8`
or `fd00::/8`, `[::1]`, each with a port or without, and `*`. An entry that is none of these leads
round nothing, and no run is refused for it.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from urllib.request import getproxies

from bulkcall.settings import is_loopback

if TYPE_CHECKING:
    from collections.abc import Mapping

_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class EnvironmentProxy:
    """A proxy that the environment names for the base URL."""

    url: str
    variable: str
    """The environment variable that names it."""

    def __str__(self) -> str:
        """Name it for a person, without the user and password that it may hold."""
        parts = urlsplit(self.url)
        host = parts.netloc.rpartition("@")[2]
        return f"the proxy {parts.scheme}://{host} ({self.variable})"


def find_proxy(base_url: str, environ: Mapping[str, str]) -> EnvironmentProxy | None:
    """Return the proxy that calls of this base URL go through, or None."""
    parts = urlsplit(base_url)
    host, scheme = parts.hostname or "", parts.scheme
    port = parts.port or _PORTS.get(scheme, 0)
    known = getproxies()  # of the environment, and on some systems of the system's own settings
    for kind in (scheme, "all"):
        names = (f"{kind}_proxy", f"{kind.upper()}_PROXY")
        variable = next((name for name in names if environ.get(name)), "")
        url = environ.get(variable, "") or known.get(kind, "")
        if url:
            if passes_by(host, port, known.get("no", "")):
                return None
            return EnvironmentProxy(
                url if "://" in url else f"http://{url}", variable or "the system's settings"
            )
    return None


def passes_by(host: str, port: int, no_proxy: str) -> bool:
    """Return whether NO_PROXY leads round the proxy for this host and port."""
    return any(_fits(host.lower(), port, entry.strip().lower()) for entry in no_proxy.split(","))


def _fits(host: str, port: int, entry: str) -> bool:
    if entry == "*":
        return True
    entry = entry.partition("://")[2] or entry
    name, its_port = _name_and_port(entry)
    if its_port not in ("", str(port)):
        return False
    try:
        return ipaddress.ip_address(host) in ipaddress.ip_network(name, strict=False)
    except (ValueError, TypeError):
        pass
    if name == "localhost" and is_loopback(host):
        return True
    name = name.removeprefix("*").lstrip(".").rstrip(".")
    return bool(name) and (host == name or host.endswith(f".{name}"))


def _name_and_port(entry: str) -> tuple[str, str]:
    """Split `host:443`, `[::1]:443` and `[fd00::]/8`; a bare IPv6 address has no port."""
    if entry.startswith("["):
        name, _, rest = entry[1:].partition("]")
        return (name + rest, "") if rest.startswith("/") else (name, rest.removeprefix(":"))
    if entry.count(":") == 1:
        name, _, port = entry.partition(":")
        return name, port
    return entry, ""
