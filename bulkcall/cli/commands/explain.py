"""`bulkcall explain [CODE]`: what a code means, why it happens, how to fix it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import click

from bulkcall.cli.console import Console
from bulkcall.cli.help import Command
from bulkcall.codes import CODES
from bulkcall.errors import UsageError


@click.command(
    name="explain",
    cls=Command,
    examples=(
        "explain",
        "explain number.scientific",
    ),
)
@click.argument("code", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print the result as one JSON object.")
def command(*, code: str | None, as_json: bool) -> None:
    """Explain a code of outcomes.csv, rejected.csv or `validate`; without CODE, list all."""
    console = Console(as_json=as_json)
    if code is None:
        console.result(_list(), {"codes": [asdict(each) for each in CODES.values()]})
        return
    console.result(*explained(code))


def explained(name: str) -> tuple[str, dict[str, Any]]:
    """Return a code's explanation, as text and as data.

    Raises:
        UsageError: There is no such code.
    """
    code = CODES.get(name.strip().casefold())
    if code is None:
        import difflib

        near = difflib.get_close_matches(name.casefold(), CODES, n=1)
        hint = f"did you mean {near[0]}?" if near else "`bulkcall explain` lists all"
        raise UsageError(f"unknown code {name!r}; {hint}")
    text = f"{code.name}: {code.meaning}\n\nWhy: {code.cause}\nFix: {code.fix}"
    return text, asdict(code)


def _list() -> str:
    widest = max(map(len, CODES))
    return "\n".join(f"{code.name:<{widest}}  {code.meaning}" for code in CODES.values())
