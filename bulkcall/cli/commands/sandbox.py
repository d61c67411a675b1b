"""`bulkcall sandbox`: the API emulator on loopback."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import click

from bulkcall.cli.options import SPEAKING
from bulkcall.errors import UsageError
from bulkcall.sandbox.options import option_specs, options_from


def _options() -> list[Any]:
    options = []
    for spec in option_specs():
        kind: Any = spec.type
        if isinstance(kind, type) and issubclass(kind, StrEnum):
            kind = click.Choice([word.value for word in kind])
        flag = f"{spec.flag}/--no-{spec.flag[2:]}" if spec.type is bool else spec.flag
        options.append(
            click.option(
                flag,
                spec.name,
                type=None if spec.type is bool else kind,
                default=None,
                multiple=spec.multiple,
                help=f"{spec.help} [{spec.default_text}]" if spec.default_text else spec.help,
            )
        )
    return options


def _with_options(function: Any) -> Any:
    for option in reversed([*_options(), *SPEAKING]):
        function = option(function)
    return function


@click.command(name="sandbox")
@click.option("--host", default="127.0.0.1", show_default=True, help="A loopback address.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8800, show_default=True, help="0: any."
)
@_with_options
def command(host: str, port: int, **values: Any) -> None:
    """Run the API emulator on loopback, with its real limits, until it is stopped.

    Prints one JSON line with its address and credentials when it is ready, with --json or
    without: whoever starts it reads it. It has nothing else to say.
    """
    from bulkcall.sandbox import serve
    from bulkcall.sandbox.__main__ import say_ready

    for name in ("as_json", "log_format", "verbose", "quiet"):
        values.pop(name)
    given = {name: value for name, value in values.items() if value not in (None, ())}
    try:
        options = options_from(given)
        serve(options, host=host, port=port, on_ready=lambda url: say_ready(url, options))
    except (ValueError, OSError) as error:
        raise UsageError(f"the sandbox can't start: {error}") from None
