"""Where settings come from: flags, the environment, bulkcall.toml, defaults, in this order."""

from __future__ import annotations

import os
import tomllib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bulkcall.errors import SettingsError
from bulkcall.records import Field
from bulkcall.settings.model import RULES, Settings
from bulkcall.settings.values import nearest, read_value

if TYPE_CHECKING:
    from collections.abc import Mapping

FILE_NAME = "bulkcall.toml"
_INDIAN_ZONE = "Asia/Kolkata"


@dataclass(frozen=True, slots=True)
class Loaded:
    """Effective settings, and for each name where its value came from."""

    settings: Settings
    origins: Mapping[str, str]
    """Setting → 'flag', 'BULKCALL_…', a place in a file, or 'default'."""
    file: Path | None
    """The bulkcall.toml that was read."""


def env_name(name: str) -> str:
    """Give a setting's environment variable."""
    return f"BULKCALL_{name.upper()}"


def load_settings(
    flags: Mapping[str, object] | None = None,
    *,
    config: Path | None = None,
    environ: Mapping[str, str] | None = None,
) -> Loaded:
    """Put the effective settings together.

    Args:
        flags: what the command line gave, by setting name; None values are not given.
        config: the file named by `--config`; else the working directory's bulkcall.toml, else the
            one in the user's configuration directory.
        environ: the environment (the process's own by default).

    Raises:
        SettingsError: a value, a name or the file itself is wrong; one line says which.
    """
    environ = os.environ if environ is None else environ
    given = {name: value for name, value in (flags or {}).items() if value is not None}
    file = _find_file(config)
    table = _read_toml(file) if file else {}
    from_file, places = _from_table(table, file, _profile_name(given, environ, table))

    values: dict[str, Any] = {}
    origins = dict.fromkeys(RULES, "default")
    for name in RULES:
        variable = env_name(name)
        if name in given:
            values[name], origins[name] = _value(name, given[name], _flag(name)), "flag"
        elif name != "columns" and environ.get(variable, "").strip():
            values[name], origins[name] = read_value(name, environ[variable], variable), variable
        elif name in from_file:
            values[name], origins[name] = from_file[name], places[name]
    if "columns" in given:
        values["columns"] = from_file.get("columns", {}) | values["columns"]
    settings = Settings(**values)
    if not settings.timezone and settings.region == "IN":
        settings = replace(settings, timezone=_INDIAN_ZONE)
    return Loaded(settings, origins, file)


def _flag(name: str) -> str:
    return "--" + name.replace("_", "-")


def _value(name: str, raw: object, where: str) -> Any:
    return _columns(raw, where) if name == "columns" else read_value(name, raw, where)


def _find_file(config: Path | None) -> Path | None:
    if config is not None:
        if not config.is_file():
            raise SettingsError(f"--config: there is no file {config}")
        return config
    import platformdirs  # noqa: PLC0415 - only where no file is named

    for place in (Path(), Path(platformdirs.user_config_dir("bulkcall", appauthor=False))):
        if (place / FILE_NAME).is_file():
            return place / FILE_NAME
    return None


def _read_toml(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise SettingsError(f"{file}: can't be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise SettingsError(f"{file}: is not UTF-8 text") from None
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{file}: is not TOML: {error}") from None


def _profile_name(
    given: Mapping[str, object], environ: Mapping[str, str], table: Mapping[str, Any]
) -> str:
    for raw in (given.get("profile"), environ.get("BULKCALL_PROFILE"), table.get("profile")):
        if isinstance(raw, str) and raw.strip():
            return raw.strip()
    return ""


def _from_table(
    table: Mapping[str, Any], file: Path | None, profile: str
) -> tuple[dict[str, Any], dict[str, str]]:
    """Read the top level, then the profile over it."""
    profiles = table.get("profiles", {})
    if not isinstance(profiles, dict) or not all(isinstance(p, dict) for p in profiles.values()):
        raise SettingsError(f"{file}: profiles are tables, [profiles.NAME]")
    if profile and profile not in profiles:
        raise SettingsError(
            f"no profile {profile!r}{nearest(profile, profiles)}: "
            f"{file or FILE_NAME} has no [profiles.{profile}]"
        )
    values: dict[str, Any] = {}
    places: dict[str, str] = {}
    layers = [("", {k: v for k, v in table.items() if k != "profiles"})]
    layers += [(f"[profiles.{name}] ", profiles[name]) for name in profiles]
    for title, layer in layers:
        read = _read_layer(layer, f"{file}: {title}")
        # Every profile is checked, so that a mistake shows before its night; one is used.
        if title in {"", f"[profiles.{profile}] "}:
            columns = {**values.get("columns", {}), **read.get("columns", {})}
            values.update(read)
            if columns:
                values["columns"] = columns
            places.update(dict.fromkeys(read, f"{file} {title}".strip()))
    return values, places


def _read_layer(layer: Mapping[str, Any], where: str) -> dict[str, Any]:
    read = {}
    for name, raw in layer.items():
        if name not in RULES:
            raise SettingsError(f"{where}no setting {name!r}{nearest(name, RULES)}")
        read[name] = _value(name, raw, f"{where}{name}")
    return read


def _columns(raw: object, where: str) -> dict[str, str]:
    if not isinstance(raw, dict):
        raise SettingsError(f'{where}: must be a table of field = "column"')
    known = [str(field) for field in Field]
    for name, column in raw.items():
        if name not in known:
            raise SettingsError(f"{where}: no field {name!r}{nearest(str(name), known)}")
        if not isinstance(column, str) or not column.strip():
            raise SettingsError(f"{where}: {name} must name a column of the campaign file")
    return dict(raw)
