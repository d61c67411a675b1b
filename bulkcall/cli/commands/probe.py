"""`bulkcall probe`: measure what no page of the API's documentation says."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from bulkcall.cli.help import Command
from bulkcall.cli.options import LEDGER, SENDING, common

if TYPE_CHECKING:
    from bulkcall.cli.options import Given

PROBE_FILE = "bulkcall-probe.json"


@click.command(
    name="probe",
    cls=Command,
    examples=("probe --caller 918045678900 --to 919876543210 --label 'Parcel team' --yes",),
)
@click.option("--caller", required=True, metavar="NUMBER", help="The number that would call.")
@click.option(
    "--to",
    "receivers",
    multiple=True,
    required=True,
    metavar="NUMBER",
    help="A number of your own that the records are for; up to five.",
)
@click.option("--label", "label_name", default="", metavar="NAME", help="The name to show.")
@click.option("--label-id", default="", metavar="ID", help="The id of a label of the account.")
@click.option("--yes", is_flag=True, help="Send the records; without it nothing is sent.")
@click.option(
    "--file",
    "path",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path(PROBE_FILE),
    show_default=True,
    help="Where to write what was measured.",
)
@click.option(
    "--wait-seconds",
    type=click.FloatRange(1, 3600),
    default=60.0,
    show_default=True,
    help="How long to wait until the batch is final.",
)
@click.option(
    "--status-requests",
    type=click.IntRange(0, 300),
    default=90,
    show_default=True,
    help="Status requests at most, four a second, to find its limit; 0 leaves it alone.",
)
@common(*SENDING, *LEDGER)
def command(  # noqa: PLR0917 - click hands options over
    given: Given,
    caller: str,
    receivers: tuple[str, ...],
    label_name: str,
    label_id: str,
    yes: bool,
    path: Path,
    wait_seconds: float,
    status_requests: int,
) -> None:
    """Measure what the API's pages leave open, with six records to numbers of your own.

    Does one bad record refuse a batch? Are numbers masked, and times kept? How soon is a batch
    final? Which limit has status, and what does a 429 carry? The answers are written to a file
    that holds no number, no secret and no text of the server's. It sends real records: they are
    shown on those phones for a quarter of an hour. No other run should be using the account.
    """
    from bulkcall import app
    from bulkcall.cli.progress import progress_for
    from bulkcall.errors import UsageError

    if not yes:
        raise UsageError(
            "this sends six real records to the numbers of --to and up to "
            f"{status_requests} quick status requests; repeat it with --yes if you want that"
        )
    found = app.probe(
        caller=_digits(caller),
        receivers=tuple(_digits(number) for number in receivers),
        label_name=label_name,
        label_id=label_id,
        path=path,
        wait_seconds=wait_seconds,
        status_requests=status_requests,
        settings=given.settings,
        progress=progress_for(given.console),
    )
    lines = [f"{name}: {value}" for name, value in _flat(found)]
    given.console.result("\n".join([*lines, "", f"written to {path}"]), found)


def _digits(number: str) -> str:
    return "".join(sign for sign in number.removeprefix("+") if sign not in " -().")


def _flat(found: dict[str, object], before: str = "") -> list[tuple[str, object]]:
    lines: list[tuple[str, object]] = []
    for name, value in found.items():
        if isinstance(value, dict):
            lines += _flat(value, f"{before}{name}.")
        else:
            shown = ", ".join(map(str, value)) if isinstance(value, list) else value
            lines.append((f"{before}{name}", shown))
    return lines
