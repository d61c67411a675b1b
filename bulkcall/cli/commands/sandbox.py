"""`bulkcall sandbox`: the API emulator on loopback."""

from __future__ import annotations

import errno
import os
import sys
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import click

from bulkcall.cli.help import Command
from bulkcall.cli.options import SPEAKING
from bulkcall.errors import UsageError
from bulkcall.sandbox.options import option_specs, options_from

if TYPE_CHECKING:
    from bulkcall.sandbox.options import SandboxOptions


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


@click.command(
    name="sandbox",
    cls=Command,
    examples=(
        "sandbox",
        "sandbox --port 0 --batch-limit 600",
        "sandbox --env",
    ),
)
@click.option("--host", default="127.0.0.1", show_default=True, help="A loopback address.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8800, show_default=True, help="0: any."
)
@click.option(
    "--env",
    "as_env",
    is_flag=True,
    help="Print the settings to paste into another terminal, instead of one JSON line.",
)
@_with_options
def command(host: str, port: int, as_env: bool, **values: Any) -> None:
    """Run the API emulator on loopback, with the API's real limits, until it is stopped.

    When it is ready it prints one JSON line with its address and credentials, with --json or
    without, for whoever started it; with --env, lines to paste into another terminal.
    """
    from bulkcall.sandbox import serve
    from bulkcall.sandbox.__main__ import say_ready

    for name in ("as_json", "log_format", "verbose", "quiet"):
        values.pop(name)
    given = {name: value for name, value in values.items() if value not in (None, ())}
    try:
        options = options_from(given)
        say = _say_settings if as_env else say_ready
        serve(options, host=host, port=port, on_ready=lambda url: say(url, options))
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise UsageError(f"port {port} is in use; try --port 0") from None
        raise UsageError(f"the sandbox can't start: {error.strerror or error}") from None
    except ValueError as error:
        raise UsageError(f"the sandbox can't start: {error}") from None


def _say_settings(base_url: str, options: SandboxOptions) -> None:
    """Print the settings as a shell of this system takes them."""
    form = '$env:{} = "{}"' if os.name == "nt" else "export {}={}"
    values = {
        "BULKCALL_BASE_URL": base_url,
        "BULKCALL_CLIENT_ACCOUNT_ID": options.client_account_id,
        "BULKCALL_KEY_ID": options.key_id,
        "BULKCALL_API_KEY": options.api_key,
    }
    for name, value in values.items():
        click.echo(form.format(name, value))
    sys.stdout.flush()
