"""A JSON schema of bulkcall.toml, for editors: made from the settings' own rules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bulkcall.records import Field
from bulkcall.settings.model import RULES, Secret, Settings

if TYPE_CHECKING:
    from bulkcall.settings.model import Rule

_TYPES = {int: "integer", float: "number", bool: "boolean", str: "string", Secret: "string"}
_TIME_OF_DAY = r"^((?:[01]?\d|2[0-3]):[0-5]\d|24:00)?$"


def schema() -> dict[str, Any]:
    """Return the schema (draft 2020-12) as JSON-able data."""
    names = {name: _setting(name, rule) for name, rule in RULES.items()}
    inner = {name: {"$ref": f"#/$defs/{name}"} for name in names}
    profile = {"type": "object", "properties": inner, "additionalProperties": False}
    profiles = {
        "description": "One table for each client account; it stands over the top level.",
        "type": "object",
        "additionalProperties": {"$ref": "#/$defs/profiles_table"},
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "bulkcall.toml",
        "description": "Settings of bulkcall.",
        "type": "object",
        "properties": {**inner, "profiles": profiles},
        "additionalProperties": False,
        "$defs": {**names, "profiles_table": profile},
    }


def _setting(name: str, rule: Rule) -> dict[str, Any]:
    told: dict[str, Any] = {"description": rule.help}
    if name == "columns":
        return told | {
            "type": "object",
            "properties": {str(field): {"type": "string", "minLength": 1} for field in Field},
            "additionalProperties": False,
        }
    told["type"] = _TYPES[rule.kind]
    if rule.kind is Secret:
        return told | {"writeOnly": True}
    default = getattr(Settings(), name)
    if default != "":
        told["default"] = default
    if rule.choices:
        told["enum"] = list(rule.choices)
    if rule.minimum is not None:
        told["minimum"] = rule.minimum
    if rule.maximum is not None:
        told["maximum"] = rule.maximum
    if name in {"not_before", "not_after"}:
        told["pattern"] = _TIME_OF_DAY
    if name in {"countries", "null_values"}:
        told["type"] = ["string", "array"]
        told["items"] = {"type": "string"}
    if name == "max_invalid":
        told["type"] = ["string", "integer"]
    return told
