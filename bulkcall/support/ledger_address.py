"""A ledger's address: a path, `sqlite:///PATH`, `postgresql://…` or `:memory:`, and nothing else.

What looks like any other kind of address is refused and never becomes a file of that name. An
address may hold a password, so a message never quotes it: only what was parsed is shown.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path
from urllib.parse import parse_qsl, unquote

from bulkcall.errors import SettingsError

_MEMORY = frozenset({":memory:", "sqlite://", "sqlite:///:memory:"})
_POSTGRESQL = frozenset({"postgresql", "postgres", "postgresql+psycopg"})
_SYNCHRONOUS = ("full", "normal")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]{1,30})://", re.ASCII)
_KEYWORDS = re.compile(
    r"(?:^|\s)(?:host|hostaddr|port|dbname|user|password|passfile|service|sslmode|options)\s*=",
    re.IGNORECASE,
)
_OTHER_KINDS = re.compile(
    r"""
    [A-Za-z][A-Za-z0-9+.-]+:/ |             # postgres:/host, file:/path, http:/host; C:/ is a path
    [A-Za-z][A-Za-z0-9+.-]+// .*@ |         # postgresql//user:password@host
    (?:postgres(?:ql)?|mysql|mariadb|oracle|mssql|sqlserver|mongodb|redis|sqlite|jdbc|odbc|file
        |https?|data)(?:\+\w+)?(?: : | //) |
    [^/\s@]+:[^/\s@]*@[^/\s]+ |             # user:password@host/database
    [\w.-]+:\d+(?:/|\Z) |                   # host:5432/database
    .*;\s*(?:uid|pwd|database|server)\s*=   # of ODBC
    """,
    re.VERBOSE | re.IGNORECASE | re.ASCII,
)
_ENCODED = re.compile(r"%(?![0-9A-Fa-f]{2})")
_FORMS = "write a path, sqlite:///PATH or postgresql://USER:PASSWORD@HOST:PORT/DATABASE"


class Kind(Enum):
    """Which database keeps the ledger."""

    FILE = auto()
    MEMORY = auto()
    POSTGRESQL = auto()


@dataclass(frozen=True, slots=True)
class LedgerAddress:
    """An address that was read for certain."""

    kind: Kind
    path: Path = Path()
    """Of a FILE."""
    synchronous: str = "full"
    """Of a FILE: what power loss may cost (docs/ledger.md)."""
    url: str = ""
    """Of POSTGRESQL, as its library reads it; holds the password."""
    place: str = ""
    """Of POSTGRESQL: hosts and database, without user and password."""

    @property
    def shown(self) -> str:
        """What may be printed."""
        if self.kind is Kind.FILE:
            return str(self.path)
        return ":memory:" if self.kind is Kind.MEMORY else f"postgresql://{self.place}"


def read_address(text: str) -> LedgerAddress:
    """Return what an address means. Raises SettingsError, which quotes nothing of a password."""
    if text in _MEMORY:
        return LedgerAddress(Kind.MEMORY)
    if not text.strip() or "\x00" in text or "\n" in text or "\r" in text:
        raise _refused("it is empty or holds a line break")
    found = _SCHEME.match(text)
    scheme = found[1].lower() if found else ""
    if scheme in _POSTGRESQL:
        return _postgresql(text[len(scheme) + 3 :])
    if scheme == "sqlite":
        return _sqlite(text)
    if scheme:
        raise _refused(f"no ledger can be kept in {scheme}://")
    if _KEYWORDS.search(text):
        raise _refused("it looks like a database's keywords (host=… password=…)")
    if _OTHER_KINDS.match(text):
        raise _refused("it looks like an address of another kind, not like a path")
    return LedgerAddress(Kind.FILE, _expanded(text))


def is_path(text: str) -> bool:
    """Return whether an address is a plain path."""
    try:
        return "://" not in text and read_address(text).kind is Kind.FILE
    except SettingsError:
        return False


def _expanded(path: str) -> Path:
    try:
        return Path(path).expanduser()
    except RuntimeError:
        raise _refused("the folder that ~ stands for is not known") from None


def _refused(why: str) -> SettingsError:
    return SettingsError(f"the ledger's address (BULKCALL_LEDGER) can't be used: {why}; {_FORMS}")


def _sqlite(text: str) -> LedgerAddress:
    rest = text[len("sqlite:") :]
    if not rest.startswith("///"):
        raise _refused("sqlite: is followed by three slashes and a path, four where it begins at /")
    path, _, query = rest[3:].partition("?")
    options = dict(parse_qsl(query, keep_blank_values=True))
    synchronous = options.pop("synchronous", "full").lower()
    if options or synchronous not in _SYNCHRONOUS or not path:
        raise _refused("sqlite:///PATH takes ?synchronous=full or ?synchronous=normal only")
    if path == ":memory:":
        return LedgerAddress(Kind.MEMORY)
    return LedgerAddress(Kind.FILE, _expanded(path), synchronous)


def _postgresql(rest: str) -> LedgerAddress:
    """Check what stands behind `postgresql://`: each part must be sure to be what it is taken for.

    libpq ends a password at the first @, / or ?, and takes the rest for a host.
    """
    if re.search(r"\s", rest):
        raise _refused("it holds a blank; one in a password is written %20")
    authority = re.split(r"[/?]", rest, maxsplit=1)[0]
    behind = rest[len(authority) :]
    if authority.count("@") > 1 or "@" in behind:
        raise _refused("in a password, @ is written %40, / is %2F, ? is %3F, : is %3A and % is %25")
    if _ENCODED.search(rest):
        raise _refused("a % that is not followed by two hexadecimal digits is written %25")
    try:
        unquote(rest, errors="strict")
    except UnicodeDecodeError:
        raise _refused("its % signs make no text; a % itself is written %25") from None
    user, _, hosts = authority.rpartition("@")
    if user.count(":") > 1:
        raise _refused("in a user's name or password, : is written %3A")
    if not re.fullmatch(r"(?:(?:\[[0-9A-Fa-f:.%]+\]|[\w.%-]*)(?::\d+)?,?)*", hosts, re.ASCII):
        raise _refused("what stands for the host is not one, or its port is not a number")
    database, _, query = behind.partition("?")
    database = unquote(database.removeprefix("/"))
    if "/" in database:
        raise _refused("in a password or the database's name, / is written %2F")
    if re.search(r"(?:^|&)(?!\w+=)", query) and query:
        raise _refused("what follows ? is NAME=VALUE, joined by &")
    options = dict(parse_qsl(query))
    hosts = unquote(hosts) or options.get("host", "localhost")
    place = f"{hosts}/{database or options.get('dbname', '')}"
    return LedgerAddress(Kind.POSTGRESQL, url=f"postgresql://{rest}", place=place)
