"""The layers of bulkcall.toml: its top level, and the profile in force over it."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bulkcall.errors import SettingsError
from bulkcall.records import Field
from bulkcall.settings.model import RULES
from bulkcall.settings.slips import slip
from bulkcall.settings.values import nearest, read_value
from bulkcall.support.ledger_address import is_path

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from bulkcall.settings.tomlfile import TomlFile

PROFILES = "profiles"


@dataclass(slots=True)
class Layer:
    """What one table of the file sets, and where."""

    values: dict[str, Any] = field(default_factory=dict)
    places: dict[str, str] = field(default_factory=dict)


def file_layers(file: TomlFile | None, profile: str, problems: list[str]) -> list[Layer]:
    """Return the layers that count, the weaker first; what is wrong goes to `problems`.

    Every profile is checked, so that a mistake shows before its night; one counts.
    """
    table = dict(file.table) if file else {}
    profiles = table.pop(PROFILES, {})
    if file and not (
        isinstance(profiles, dict) and all(isinstance(p, dict) for p in profiles.values())
    ):
        problems.append(f"{file.place(PROFILES)}: profiles are tables, [profiles.NAME]")
        profiles = {}
    if profile and profile not in profiles:
        of = file.path if file else "bulkcall.toml"
        problems.append(
            f"no profile {profile!r}{nearest(profile, profiles)}: {of} has no [profiles.{profile}]"
        )
    if file is None:
        return []
    layers = [_layer(file, table, (), problems)]
    for name in profiles:
        layer = _layer(file, profiles[name], (PROFILES, name), problems)
        if name == profile:
            layers.append(layer)
    return layers


def read_columns(raw: object, where: str) -> dict[str, str]:
    """Read a table of field = column. Raises SettingsError."""
    if not isinstance(raw, dict):
        raise SettingsError(f'{where}: must be a table of field = "column"')
    known = [str(field) for field in Field]
    for name, column in raw.items():
        if name not in known:
            raise SettingsError(f"{where}: no field {name!r}{nearest(str(name), known)}")
        if not isinstance(column, str) or not column.strip():
            raise SettingsError(f"{where}: {name} must name a column of the campaign file")
    return dict(raw)


def anchored(value: str, folder: Path) -> str:
    """Return a path of a file with settings as one that does not depend on the working directory.

    A database's URL stays, but for the path in it of an SQLite file.
    """
    scheme, sign, rest = value.partition(":///")
    if sign and scheme.startswith("sqlite"):
        return (
            value if rest.startswith((":", "/")) or not rest else f"{scheme}{sign}{folder}/{rest}"
        )
    if not value or "://" in value or value.startswith(("~", ":memory:")):
        return value
    return os.path.normpath(folder / value)  # where it is absolute, it is that


def _layer(
    file: TomlFile, table: Mapping[str, Any], keys: tuple[str, ...], problems: list[str]
) -> Layer:
    layer = Layer()
    title = f"[{'.'.join(keys)}] " if keys else ""
    for name, raw in table.items():
        place = file.place(*keys, name)
        if name not in RULES:
            problems.append(f"{place}: {title}no setting {name!r}{nearest(name, RULES)}")
            continue
        try:
            if name == "columns":
                value: Any = read_columns(raw, f"{_column_place(file, keys, raw)}: {title}columns")
            else:
                value = read_value(name, raw, f"{place}: {title}{name}")
                what, certain = slip(name, value)
                if certain:
                    raise SettingsError(f"{place}: {title}{name}: {what}")  # noqa: TRY301
                # What is not a path is refused when it is used, as it was written.
                known = name != "ledger" or value.startswith("sqlite:///") or is_path(value)
                if RULES[name].path and known:
                    value = anchored(value, file.path.absolute().parent)
        except SettingsError as error:
            problems.append(str(error))
            continue
        layer.values[name], layer.places[name] = value, f"{place} {title}".strip()
    return layer


def _column_place(file: TomlFile, keys: tuple[str, ...], raw: object) -> str:
    """Return the line of the first column that is wrong, else that of the table."""
    for name, column in raw.items() if isinstance(raw, dict) else ():
        if name not in list(Field) or not isinstance(column, str) or not column.strip():
            return file.place(*keys, "columns", name)
    return file.place(*keys, "columns")
