"""Write the parts of the documentation that are made from the code.

`python scripts/make_reference.py` writes docs/settings.md, docs/commands.md, docs/codes.md and
docs/bulkcall.schema.json; a test fails when they drift from what it would write.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click

from bulkcall.cli.main import COMMANDS, bulkcall
from bulkcall.codes import CODES
from bulkcall.settings import RULES, Secret, Settings, env_name
from bulkcall.settings.schema import schema

DOCS = Path(__file__).parents[1] / "docs"


def settings_page() -> str:
    """Give docs/settings.md."""
    lines = [
        "# Settings",
        "",
        "Made from the code by `scripts/make_reference.py`.",
        "",
        "A setting's name is its key in `bulkcall.toml`, at the top or in a `[profiles.NAME]`;",
        "`BULKCALL_` and the name in capitals is its environment variable. Flags stand over the",
        "environment, the environment over the file, the file over defaults. Secrets have no flag.",
        "",
        "| setting | environment | default | meaning |",
        "|---|---|---|---|",
    ]
    defaults = Settings()
    for name, rule in RULES.items():
        value = getattr(defaults, name)
        empty = value in ("", {}) or isinstance(value, Secret)
        shown = "" if empty else f"`{str(value).lower() if rule.kind is bool else value}`"
        bounds = ""
        if rule.minimum is not None and rule.maximum is not None:
            bounds = f" From {rule.minimum:g} to {rule.maximum:g}."
        if rule.choices:
            bounds = f" {', '.join(f'`{choice}`' for choice in rule.choices)}."
        variable = "" if name == "columns" else f"`{env_name(name)}`"
        lines.append(f"| `{name}` | {variable} | {shown} | {rule.help}{bounds} |")
    return "\n".join(lines) + "\n"


def commands_page() -> str:
    """Give docs/commands.md."""
    lines = ["# Commands", "", "Made from the code by `scripts/make_reference.py`.", ""]
    # The same words for help whether or not the program has run in this process before.
    settings: dict[str, Any] = {"terminal_width": 96, **bulkcall.context_settings}
    context = click.Context(bulkcall, info_name="bulkcall", **settings)
    lines += _help(bulkcall, context)
    for name in COMMANDS:
        command = bulkcall.get_command(context, name)
        assert command is not None
        inner = click.Context(command, info_name=name, parent=context, terminal_width=96)
        lines += _help(command, inner)
        for each in command.commands if isinstance(command, click.Group) else ():
            part = command.commands[each]
            lines += _help(part, click.Context(part, info_name=each, parent=inner))
    return "\n".join(lines).rstrip() + "\n"


def _help(command: click.Command, context: click.Context) -> list[str]:
    return [f"## `{context.command_path}`", "", "```", command.get_help(context), "```", ""]


def schema_page() -> str:
    """Give docs/bulkcall.schema.json, for editors that know JSON schemas."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


def codes_page() -> str:
    """Return docs/codes.md."""
    lines = [
        "# Codes",
        "",
        "Made from the code by `scripts/make_reference.py`.",
        "",
        "Every reason that a row is not `success` has a code that never changes, for scripts: in",
        "the column `code` of outcomes.csv, in `error_code` of rejected.csv, in the findings of",
        "`bulkcall validate --json`; `bulkcall explain CODE` prints what stands here.",
        "",
        "| code | meaning | why | fix |",
        "|---|---|---|---|",
    ]
    for code in CODES.values():
        cells = (each.replace("|", "\\|") for each in (code.meaning, code.cause, code.fix))
        lines.append(f"| `{code.name}` | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


PAGES = {
    "codes.md": codes_page,
    "settings.md": settings_page,
    "commands.md": commands_page,
    "bulkcall.schema.json": schema_page,
}


def main() -> None:
    """Write the pages; with --check, name those that drift instead, and fail."""
    drifting = []
    for name, page in PAGES.items():
        file, text = DOCS / name, page()
        if "--check" not in sys.argv[1:]:
            file.write_text(text, encoding="utf-8")
        elif file.read_text(encoding="utf-8") != text:
            drifting.append(name)
    if drifting:
        sys.exit(f"drifted from the code: {', '.join(drifting)}; run {sys.argv[0]}")


if __name__ == "__main__":
    main()
