"""`python -m bulkcall.sandbox`: the sandbox in its own process.

One JSON line on standard output says where it listens and with which credentials.
"""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from bulkcall.sandbox.options import SandboxOptions, option_specs, options_from
from bulkcall.sandbox.server import serve

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> None:
    """Serve until a signal comes."""
    wanted = parse(argv)
    try:
        serve(
            wanted.options,
            host=wanted.host,
            port=wanted.port,
            on_ready=lambda base_url: say_ready(base_url, wanted.options),
            until_stdin_closes=wanted.until_stdin_closes,
        )
    except (ValueError, OSError) as error:
        _parser().error(str(error))


class Wanted(NamedTuple):
    """What the command line asks for."""

    host: str
    port: int
    until_stdin_closes: bool
    options: SandboxOptions


def parse(argv: Sequence[str] | None = None) -> Wanted:
    """Read the command line; what is wrong with it ends the process with status 2."""
    parser = _parser()
    given: dict[str, Any] = vars(parser.parse_args(argv))
    own = {name: given.pop(name) for name in ("host", "port", "until_stdin_closes")}
    try:
        return Wanted(**own, options=options_from(given))
    except ValueError as error:
        parser.error(str(error))


def say_ready(base_url: str, options: SandboxOptions) -> None:
    """Print the one line that a caller waits for."""
    ready = {
        "base_url": base_url,
        "client_account_id": options.client_account_id,
        "key_id": options.key_id,
        "api_key": options.api_key,
    }
    sys.stdout.write(orjson.dumps(ready).decode() + "\n")
    sys.stdout.flush()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bulkcall.sandbox",
        description="An emulator of the API, on loopback only.",
        allow_abbrev=False,
    )
    parser.add_argument("--host", default="127.0.0.1", help="a loopback address")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument(
        "--until-stdin-closes", action="store_true", help="stop when standard input ends"
    )
    for spec in option_specs():
        common: dict[str, Any] = {
            "dest": spec.name,
            "default": argparse.SUPPRESS,
            "help": f"{spec.help} (default: {spec.default_text})"
            if spec.default_text
            else spec.help,
        }
        if spec.type is bool:
            parser.add_argument(spec.flag, action=argparse.BooleanOptionalAction, **common)
        elif spec.multiple:
            parser.add_argument(spec.flag, action="append", **common)
        else:
            parser.add_argument(spec.flag, metavar=_metavar(spec.type), **common)
    return parser


def _metavar(kind: type) -> str:
    return "|".join(kind) if kind not in (str, int, float) else kind.__name__  # type: ignore[arg-type]


if __name__ == "__main__":
    main()
