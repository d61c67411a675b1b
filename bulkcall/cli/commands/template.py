"""`bulkcall template [FILE]`: a campaign file to fill in."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from bulkcall.cli.options import common
from bulkcall.errors import UsageError

if TYPE_CHECKING:
    from bulkcall.cli.options import Given


@click.command(name="template")
@click.argument("file", metavar="[FILE]", type=click.Path(path_type=Path), required=False)
@click.option(
    "--format", "kind", type=click.Choice(["csv", "xlsx"]), help="By FILE's ending, else csv."
)
@click.option("--force", is_flag=True, help="Write over a file that exists.")
@common()
def command(given: Given, *, file: Path | None, kind: str | None, force: bool) -> None:
    """Write a campaign file to fill in: campaign.csv (or .xlsx) by default.

    The XLSX form keeps a spreadsheet program from damaging numbers in the first place.
    """
    from bulkcall.load.template import write_template

    path = file or Path(f"campaign.{kind or 'csv'}")
    ending = path.suffix.lower().lstrip(".")
    if ending not in {"csv", "xlsx"} or (kind and kind != ending):
        raise UsageError(
            f"{path}: the template is written as .{kind or 'csv or .xlsx'}; name it so"
        )
    if path.exists() and not force:
        raise UsageError(f"{path} exists; name another file, or --force writes over it")
    try:
        write_template(path)
    except OSError as error:
        raise UsageError(f"{path}: can't be written: {error.strerror}") from None
    given.console.result(
        f"{path} is ready to fill in; check it with: bulkcall validate {path}",
        {"file": str(path)},
        is_all=False,
    )
