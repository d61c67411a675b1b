"""Standard output carries the result, standard error everything else (contract: Commands)."""

from __future__ import annotations

import json
import logging
import os
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from bulkcall.errors import StoppedError
from bulkcall.support.log_context import current_run, stage_of
from bulkcall.support.text import escape, escape_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bulkcall.errors import ExitStatus


@dataclass(frozen=True, slots=True)
class Console:
    """How this command speaks: to people or as JSON, loudly or quietly."""

    as_json: bool = False
    log_format: str = "text"
    verbosity: int = 0
    """-1 quiet, 0 normal, 1 and up verbose."""

    def result(self, text: str, data: Mapping[str, Any], *, is_all: bool = True) -> None:
        """Print the command's result: one JSON object, or a text for people.

        Where standard output can't be written: raises StoppedError if the text is all that the
        command is for, and is content with a line if it did something else as well (`is_all`).
        """
        try:
            if self.as_json:
                _print(_json(data))
            elif text:
                _print(escape(text, keep="\n\t"))
        except StoppedError as error:
            if is_all:
                raise
            self.line("error", str(error))
        except BrokenPipeError:
            if is_all:
                raise
            _discard_output()

    def failed(self, message: str, status: ExitStatus) -> ExitStatus:
        """Tell why the command failed: one line, and with --json one object as well."""
        line = " ".join(message.split())
        self.line("error", line)
        if self.as_json:
            with suppress(StoppedError):  # one line has told it, if that is what went wrong
                _print(_json({"error": line, "exit_status": int(status)}))
        return status

    def line(self, level: str, text: str, *, stage: str = "") -> None:
        """Write one line to standard error, unless it is news and nobody wants any (`--quiet`).

        `stage` is shown in JSON alone.
        """
        if level == "info" and self.verbosity < 0:
            return
        text = escape(text)
        if self.log_format == "json":
            click.echo(self.formatted(level, text, stage=stage), err=True)
        elif level == "error":
            # Without a colour click's style would still write the code that ends one.
            name = click.style("bulkcall:", fg="red") if self.colour else "bulkcall:"
            click.echo(f"{name} {text}", err=True)
        else:
            click.echo(text, err=True)

    def formatted(self, level: str, text: str, *, stage: str = "") -> str:
        """Return a line for standard error without colours and without its end."""
        if self.log_format != "json":
            return f"bulkcall: {text}"
        return _json_line(time.time(), level, text, run_id=current_run(), stage=stage)

    @property
    def colour(self) -> bool:
        """Whether standard error is a terminal that wants colour (NO_COLOR is respected)."""
        return sys.stderr.isatty() and not os.environ.get("NO_COLOR")

    def start_logging(self) -> None:
        """Send the libraries' and our own log to standard error."""
        level = {-1: logging.ERROR, 0: logging.WARNING, 1: logging.INFO}.get(
            self.verbosity, logging.DEBUG
        )
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(_JsonLine() if self.log_format == "json" else _TextLine())
        logging.basicConfig(level=max(level, logging.WARNING), handlers=[handler], force=True)
        # Other libraries' chatter may name addresses and bodies: only our own goes below WARNING.
        logging.getLogger("bulkcall").setLevel(level)


def _json(data: Mapping[str, Any]) -> str:
    """Return one object; in ASCII where the output's encoding can't show it (a file's odd name)."""
    text = escape_json(json.dumps(data, ensure_ascii=False, default=str))
    return text if _shown(text) == text else json.dumps(data, default=str)


def _shown(text: str) -> str:
    encoding = sys.stdout.encoding or "utf-8"
    return text.encode(encoding, "backslashreplace").decode(encoding)


def _print(text: str) -> None:
    try:
        click.echo(_shown(text))
    except BrokenPipeError:
        raise
    except OSError as error:
        _discard_output()
        raise StoppedError(f"standard output can't be written: {error.strerror}") from error


def _discard_output() -> None:
    # What is left in the buffer would fail once more, with a traceback, at the process's end.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


class _TextLine(logging.Formatter):
    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's name
        record.message = escape(record.message)  # it is one line, whatever was put into it
        return super().formatMessage(record)

    def format(self, record: logging.LogRecord) -> str:
        batch_id = getattr(record, "batch_id", "")
        text = escape(super().format(record), keep="\n\t")
        return text + (f" [{escape(str(batch_id))}]" if batch_id else "")


class _JsonLine(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return _json_line(
            record.created,
            record.levelname.lower(),
            record.getMessage(),
            run_id=current_run(),
            stage=stage_of(record.name) or "",
            batch_id=getattr(record, "batch_id", ""),
            logger=record.name,
        )


def _json_line(at: float, level: str, message: str, **about: str) -> str:
    """Return one line: when, how grave, what, and what it is about as far as that is known."""
    shown = datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")
    line = {"at": shown.replace("+00:00", "Z"), "level": level, "message": message}
    known = {name: value for name, value in about.items() if value}
    return escape_json(json.dumps(line | known, ensure_ascii=False))
