"""Where settings come from: flags, the environment, bulkcall.toml, defaults, in this order."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from bulkcall.errors import SettingsError
from bulkcall.settings.credentials import (
    IN_KEYRING,
    SECRETS,
    credential_file,
    exposed,
    file_variable,
    from_keyring,
    secret_file,
)
from bulkcall.settings.layers import Layer, file_layers, read_columns
from bulkcall.settings.model import RULES, Settings
from bulkcall.settings.slips import slip
from bulkcall.settings.tomlfile import TomlFile, read_toml
from bulkcall.settings.trust import check_found
from bulkcall.settings.values import nearest, read_value
from bulkcall.support.user_folders import config_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

FILE_NAME = "bulkcall.toml"
_FLAGS = {"columns": "--map", "null_values": "--null-value"}
"""Settings whose flag has another name."""
_INDIAN_ZONE = "Asia/Kolkata"
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Loaded:
    """Effective settings, and for each name where its value came from."""

    settings: Settings
    origins: Mapping[str, str]
    """Setting → 'flag', 'BULKCALL_…', a place in a file, the keyring, or 'default'."""
    file: Path | None
    """The bulkcall.toml that was read."""
    warnings: tuple[str, ...] = ()
    """Lines for a person: a file with a secret that everybody can read, a value that looks like a
    slip, a BULKCALL_… variable that no setting reads."""
    problems: tuple[str, ...] = ()
    """What is wrong, one line each (`survey` only: `load_settings` raises it)."""


def env_name(name: str) -> str:
    """Return a setting's environment variable."""
    return f"BULKCALL_{name.upper()}"


def load_settings(
    flags: Mapping[str, object] | None = None,
    *,
    config: Path | None = None,
    environ: Mapping[str, str] | None = None,
    credentials: bool = True,
) -> Loaded:
    """Put the effective settings together.

    Args:
        flags: what the command line gave, by setting name; None values are not given.
        config: the file named by `--config`; else the working directory's bulkcall.toml, else the
            one in the user's configuration directory.
        environ: the environment (the process's own by default).
        credentials: look secrets up in files and the keyring too; who sends nothing needs none.

    Raises:
        SettingsError: a value, a name or the file itself is wrong; one line says which.
    """
    loaded = survey(flags, config=config, environ=environ, credentials=credentials)
    if loaded.problems:
        more = len(loaded.problems) - 1
        told = f" (and {more} more: see `bulkcall config check`)" if more else ""
        raise SettingsError(loaded.problems[0] + told)
    return loaded


def survey(
    flags: Mapping[str, object] | None = None,
    *,
    config: Path | None = None,
    environ: Mapping[str, str] | None = None,
    credentials: bool = True,
) -> Loaded:
    """Do as `load_settings`, but name all problems instead of raising the first.

    What is wrong counts as not set, so that the rest can be looked at.
    """
    given = {name: value for name, value in (flags or {}).items() if value is not None}
    environ = os.environ if environ is None else environ
    return _Survey(given, environ, credentials=credentials).made(config)


class _Survey:
    """One look at all sources."""

    def __init__(
        self, given: Mapping[str, object], environ: Mapping[str, str], *, credentials: bool
    ) -> None:
        self._credentials = credentials
        self._given = given
        self._environ = environ
        self._values: dict[str, Any] = {}
        self._origins = dict.fromkeys(RULES, "default")
        self._problems: list[str] = []
        self._warnings: list[str] = []

    def made(self, config: Path | None) -> Loaded:
        path = self._try(lambda: _find_file(config))
        file = self._try(lambda: read_toml(path)) if path else None
        profile = self._profile(file)
        for layer in file_layers(file, profile, self._problems):
            self._take(layer)
            self._warn_of_secrets(layer, file)
        for name in SECRETS if self._credentials else ():
            self._from_files(name, profile)
        for name in RULES:
            self._from_environment(name)
            self._from_flag(name)
        for name in IN_KEYRING if self._credentials else ():
            self._from_keyring(name, profile)
        settings = Settings(**self._values)
        if not settings.timezone and settings.region == "IN":
            settings = replace(settings, timezone=_INDIAN_ZONE)
        self._try(settings.hours)
        if config is None and path is not None:
            self._try(lambda: self._check_base_url(settings, path))
        return Loaded(
            settings,
            self._origins,
            path,
            (*self._warnings, *self._unread()),
            tuple(self._problems),
        )

    # -- one source each, the weaker before the stronger --------------------------------------

    def _take(self, layer: Layer) -> None:
        for name, value in layer.values.items():
            if name == "columns":
                value = {**self._values.get("columns", {}), **value}  # noqa: PLW2901 - they add up
            self._set(name, value, layer.places[name])
            if self._credentials and name.removesuffix("_file") in SECRETS and name not in SECRETS:
                secret = name.removesuffix("_file")
                if secret in layer.values:
                    self._problems.append(
                        f"{layer.places[name]}: {secret} is set as well; keep one of them"
                    )
                    continue
                self._read_file(secret, Path(value), layer.places[name])

    def _from_files(self, name: str, profile: str) -> None:
        path = credential_file(name, profile, self._environ)
        if path is not None:
            where = f"$CREDENTIALS_DIRECTORY/{path.name}"
            self._read_file(name, path, where, sheltered=True)
        variable = file_variable(name)
        named = self._environ.get(variable, "").strip()
        if named:
            if what := slip("key_id_file", named)[0]:
                self._problems.append(f"{variable}: {what}")
                return
            self._read_file(name, Path(named), variable)
            if self._environ.get(env_name(name), "").strip():
                self._problems.append(
                    f"{variable}: {env_name(name)} is set as well; keep one of them"
                )

    def _from_environment(self, name: str) -> None:
        variable = env_name(name)
        raw = self._environ.get(variable, "")
        if name == "columns" or not raw.strip():
            return
        value = self._try(lambda: read_value(name, raw, variable))
        if value is not None:
            self._set(name, value, variable)

    def _from_flag(self, name: str) -> None:
        if name not in self._given:
            return
        raw, flag = self._given[name], _FLAGS.get(name) or "--" + name.replace("_", "-")
        if name == "columns":
            value = self._try(lambda: read_columns(raw, flag))
            value = None if value is None else {**self._values.get("columns", {}), **value}
        else:
            value = self._try(lambda: read_value(name, raw, flag))
        if value is not None:
            self._set(name, value, "flag")

    def _from_keyring(self, name: str, profile: str) -> None:
        if not self._values.get("keyring") or self._values.get(name):
            return
        if name == "token" and self._values.get("api_key"):
            return
        found = self._try(lambda: from_keyring(name, profile))
        if found:
            self._set(name, read_value(name, found, "keyring"), "keyring")

    # -- what they are together ---------------------------------------------------------------

    def _check_base_url(self, settings: Settings, found: Path) -> None:
        """Raise where a file that was only found sends credentials from elsewhere to its server."""
        in_file = str(found)
        if (
            not self._origins["base_url"].startswith(in_file)
            or settings.base_url == Settings().base_url
        ):
            return
        for name in ("token", "api_key", "key_id"):
            origin = self._origins[name]
            if getattr(settings, name) and not origin.startswith(in_file):
                raise SettingsError(
                    f"{self._origins['base_url']}: names base_url, and {name} comes from {origin}; "
                    "name the file with --config, or set BULKCALL_BASE_URL, if that is meant"
                )

    # -- helpers ------------------------------------------------------------------------------

    def _set(self, name: str, value: Any, origin: str) -> None:
        what, certain = slip(name, value)
        if what and certain:
            self._problems.append(f"{origin}: {what}")
            return
        if what:
            self._warnings.append(f"{origin}: {what}")
        self._values[name], self._origins[name] = value, origin

    def _try(self, work: Callable[[], _T]) -> _T | None:
        try:
            return work()
        except SettingsError as error:
            # One broken keyring is one problem, however many secrets it was asked for.
            if str(error) not in self._problems:
                self._problems.append(str(error))
            return None

    def _read_file(self, name: str, path: Path, where: str, *, sheltered: bool = False) -> None:
        text = self._try(lambda: secret_file(path, where))
        value = self._try(lambda: read_value(name, text, where)) if text else None
        if value is None:
            return
        self._set(name, value, where)
        warning = None if sheltered else exposed(path, name)
        if warning:
            self._warnings.append(warning)

    def _profile(self, file: TomlFile | None) -> str:
        table = file.table if file else {}
        sources = (
            self._given.get("profile"),
            self._environ.get("BULKCALL_PROFILE"),
            table.get("profile"),
        )
        return next((raw.strip() for raw in sources if isinstance(raw, str) and raw.strip()), "")

    def _warn_of_secrets(self, layer: Layer, file: TomlFile | None) -> None:
        held = [name for name in SECRETS if layer.values.get(name)]
        warning = exposed(file.path, " and ".join(held)) if held and file else None
        if warning and warning not in self._warnings:
            self._warnings.append(warning)

    def _unread(self) -> Iterator[str]:
        known = {env_name(name) for name in RULES} | {file_variable(name) for name in SECRETS}
        for variable in sorted(self._environ):
            if variable.upper().startswith("BULKCALL_") and variable not in known:
                near = nearest(variable.upper(), known)
                yield f"{variable}: no setting reads this variable{near}"


def _find_file(config: Path | None) -> Path | None:
    if config is not None:
        if not config.is_file():
            raise SettingsError(f"--config: there is no file {config}")
        return config
    for place in (Path(), config_folder()):
        if place is not None and (place / FILE_NAME).is_file():
            check_found(place / FILE_NAME)
            return place / FILE_NAME
    return None
