"""`bulkcall template [FILE]`: a campaign file to fill in."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from bulkcall.cli.help import Command
from bulkcall.cli.options import common
from bulkcall.errors import UsageError

if TYPE_CHECKING:
    from bulkcall.cli.options import Given


@click.command(
    name="template",
    cls=Command,
    examples=(
        "template",
        "template campaign.xlsx",
        "template campaign.csv --with-times",
    ),
)
@click.argument("file", metavar="[FILE]", type=click.Path(path_type=Path), required=False)
@click.option(
    "--format", "kind", type=click.Choice(["csv", "xlsx"]), help="By FILE's ending, else csv."
)
@click.option(
    "--with-times",
    is_flag=True,
    help="With columns start and end, for rows that have times of their own.",
)
@click.option("--force", is_flag=True, help="Overwrite a file that exists.")
@common()
def command(
    given: Given, *, file: Path | None, kind: str | None, with_times: bool, force: bool
) -> None:
    """Write a campaign file to fill in.

    FILE is campaign.csv (or campaign.xlsx) by default. The XLSX form keeps a spreadsheet program
    from damaging numbers, and has a sheet of instructions. The example rows are never sent.
    """
    from bulkcall.load.template import check_command, write_template

    path = file or Path(f"campaign.{kind or 'csv'}")
    ending = path.suffix.lower().lstrip(".")
    if ending not in {"csv", "xlsx"} or (kind and kind != ending):
        raise UsageError(f"{path}: the file name must end in .{kind or 'csv or .xlsx'}")
    if path.exists() and not force:
        raise UsageError(f"{path} exists; choose another name, or add --force to overwrite it")
    try:
        write_template(path, with_times=with_times)
    except OSError as error:
        raise UsageError(f"{path}: can't be written: {error.strerror}") from None
    check = check_command(str(path), with_times=with_times)
    given.console.result(
        f"Created {path}. Replace its example rows, then check it:\n  {check}",
        {"file": str(path), "next": check},
        is_all=False,
    )
