"""Secrets from where containers, systemd and desktops keep them: files and the system's keyring.

Each secret setting may come, in this order, from

1. its own environment variable, `BULKCALL_API_KEY`;
2. the file that `BULKCALL_API_KEY_FILE` names;
3. a file `bulkcall_api_key` in `$CREDENTIALS_DIRECTORY` (systemd's LoadCredential=), or, with a
   profile in force, `bulkcall_NAME_api_key` there;
4. bulkcall.toml: `api_key`, or `api_key_file`;
5. the keyring, if `keyring = true`: the service `bulkcall`, or `bulkcall/NAME`; the user `api_key`.
"""

from __future__ import annotations

import importlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

from bulkcall.errors import SettingsError
from bulkcall.settings.model import RULES, Secret

if TYPE_CHECKING:
    from collections.abc import Mapping

SECRETS = tuple(name for name, rule in RULES.items() if rule.kind is Secret)
IN_KEYRING = ("key_id", "api_key", "token", "smtp_password")
_MOST_BYTES = 16 * 1024
_PRIVATE = (Path("/run/secrets"), Path("/var/run/secrets"))
"""Where containers are given secrets: whoever is in there may read them, nobody else can."""


def file_variable(name: str) -> str:
    """Return the environment variable that names a secret's file."""
    return f"BULKCALL_{name.upper()}_FILE"


def secret_file(path: Path, where: str) -> str:
    """Read the one line of a secret's file. Raises SettingsError, which never shows it."""
    path = path.expanduser()
    try:
        with path.open("rb") as file:
            content = file.read(_MOST_BYTES + 1)
    except OSError as error:
        raise SettingsError(f"{where}: {path} can't be read: {error.strerror}") from None
    try:
        text = content.decode("utf-8-sig").strip()
    except UnicodeDecodeError:
        text = "\n"
    if not text:
        raise SettingsError(f"{where}: {path} is empty")
    if len(content) > _MOST_BYTES or not text.isprintable():
        raise SettingsError(f"{where}: {path} does not hold one line of text")
    return text


def credential_file(name: str, profile: str, environ: Mapping[str, str]) -> Path | None:
    """Return a secret's file in systemd's credentials directory."""
    folder = environ.get("CREDENTIALS_DIRECTORY", "")
    if not folder:
        return None
    names = ([f"bulkcall_{profile}_{name}"] if profile else []) + [f"bulkcall_{name}"]
    paths = (Path(folder) / each for each in names)
    return next((path for path in paths if path.is_file()), None)


def from_keyring(name: str, profile: str) -> str:
    """Ask the system's keyring; empty if it does not know. Raises SettingsError."""
    try:
        keyring = importlib.import_module("keyring")
    except ImportError:
        raise SettingsError(
            "keyring: the package is not there; install bulkcall[keyring] or turn the setting off"
        ) from None
    services = ([f"bulkcall/{profile}"] if profile else []) + ["bulkcall"]
    for service in services:
        try:
            found = keyring.get_password(service, name)
        except Exception as error:  # noqa: BLE001 - each backend has errors of its own
            raise SettingsError(
                f"keyring: it can't be asked for {name} of {service} ({type(error).__name__}); "
                "unlock it, or turn the setting off"
            ) from None
        if found:
            return str(found).strip()
    return ""


def exposed(path: Path, what: str) -> str | None:
    """Return a warning where everybody on the machine may read a file that holds a secret."""
    try:
        real = path.expanduser().resolve()
        mode = real.stat().st_mode
    except OSError:
        return None
    sheltered = any(path.is_relative_to(folder) for folder in _PRIVATE)
    if os.name == "nt" or sheltered or not mode & 0o004:
        return None
    return f"{path} holds {what} and everybody on this machine may read it: chmod 600 {path}"
