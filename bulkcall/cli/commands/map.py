"""`bulkcall map FILE`: how a file's columns are understood, and a mapping that is remembered."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from bulkcall.cli.help import Command
from bulkcall.cli.options import READING, common

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bulkcall.cli.options import Given
    from bulkcall.load import Campaign
    from bulkcall.load.mapping_memory import SavedMapping

_SHOWN_VALUES = 3
_WIDEST_VALUE = 32
_WIDEST_NAME = 28


@click.command(
    name="map",
    cls=Command,
    examples=(
        "map calls.xlsx",
        "map calls.xlsx --map receiver_number='Number 2' --map dynamic_label_name=Brand",
        "map calls.xlsx --forget",
    ),
)
@click.argument("file", metavar="FILE")
@click.option(
    "--map",
    "chosen",
    metavar="FIELD=COLUMN",
    multiple=True,
    help="Which column of the file holds a field; may be given several times.",
)
@click.option(
    "--sheet", metavar="NAME", help="The sheet to read; the first visible one by default."
)
@click.option("--save/--no-save", default=True, help="Remember the mapping for files like this.")
@click.option("--forget", is_flag=True, help="Delete what is remembered for files like this.")
@common(*READING)
def command(
    given: Given,
    *,
    file: str,
    chosen: tuple[str, ...],
    sheet: str | None,
    save: bool,
    forget: bool,
) -> None:
    """Show how a file's columns are understood, and remember it for the next file like it.

    Remembered is which column holds which field, for this account and this header. `run`,
    `validate` and `plan` then need no --map, and say that they use it; a column that holds
    something else by then stops them. --map and [columns] go first.
    """
    from bulkcall.load import LoadOptions, open_campaign
    from bulkcall.load.aliases import field_of
    from bulkcall.load.mapping_memory import memory_of
    from bulkcall.records import Field

    settings = given.settings
    memory = memory_of(settings.client_account_id)
    named = {**settings.columns, **_columns(chosen)}
    columns = {str(field_of(key) or key): column for key, column in named.items()}
    options = LoadOptions(
        sheet=sheet,
        encoding=settings.encoding,
        skip_hidden=settings.skip_hidden,
        columns=columns,
        saved=None if forget else memory,
        optional=frozenset({Field.STARTS_AT, Field.ENDS_AT}),
    )
    with open_campaign(file, options) as campaign:
        cells = next(campaign.chunks()).cells.slice(0, 200)
        values = [column.to_pylist() for column in cells.columns]
        header = campaign.file.columns
        data = _data(campaign, columns, values)
        if forget:
            done = "forgotten" if memory.forget(header) else "nothing was remembered"
            data["remembered"] = None
        elif save:
            mapping = {str(field): header[at] for field, at in campaign.file.fields.items()}
            path = memory.save(header, mapping, datetime.now(UTC).date().isoformat())
            done = f"remembered for files with this header: {path}"
            data["remembered"] = str(path)
        else:
            done = "not remembered (--no-save)"
            data["remembered"] = None
    given.console.result(f"{_text(data)}\n\n{done}", data)


def _columns(chosen: tuple[str, ...]) -> dict[str, str]:
    from bulkcall.errors import UsageError

    columns: dict[str, str] = {}
    for value in chosen:
        name, _, column = value.partition("=")
        if not name.strip() or not column.strip():
            raise UsageError(f"--map: {value!r} is not field=Column, like receiver_number=Mobile")
        columns[name.strip()] = column
    return columns


def _data(
    campaign: Campaign, columns: Mapping[str, str], values: Sequence[Sequence[str]]
) -> dict[str, Any]:
    from bulkcall.load.mapping_memory import what_it_holds

    field_of = {at: field for field, at in campaign.file.fields.items()}
    listed = []
    for at, name in enumerate(campaign.file.columns):
        field = field_of.get(at)
        listed.append(
            {
                "column": name,
                "field": str(field) if field else None,
                "why": _why(campaign, str(field), name, columns) if field else "",
                "holds": str(what_it_holds(values[at])),
                "values": [value for value in values[at] if value][:_SHOWN_VALUES],
            }
        )
    return {
        "file": campaign.file.path,
        "kind": campaign.file.kind,
        "sheet": campaign.file.sheet,
        "header_line": campaign.file.header_line,
        "columns": listed,
        "notes": list(campaign.file.notes),
    }


def _why(campaign: Campaign, field: str, name: str, columns: Mapping[str, str]) -> str:
    if field in columns:
        return "you say so"
    saved: SavedMapping | None = campaign.saved
    if saved is not None and field in saved.columns:
        return f"remembered since {saved.saved_on}"
    plain = name.strip().lower().replace(" ", "_")
    return "its own name" if plain == field else "a usual name for it"


def _text(data: Mapping[str, Any]) -> str:
    from bulkcall.support.text import shown

    where = f", sheet {data['sheet']!r}" if data["sheet"] else ""
    lines = [f"{data['file']}: {data['kind']}{where}, header in line {data['header_line']}", ""]
    for each in data["columns"]:
        values = ", ".join(repr(shown(value, _WIDEST_VALUE)) for value in each["values"])
        name = shown(each["column"], _WIDEST_NAME) or "(no name)"
        means = f"{each['field']} ({each['why']})" if each["field"] else "kept, not used"
        lines.append(f"{name:<{_WIDEST_NAME}}  {means}")
        lines.append(f"{'':<{_WIDEST_NAME}}  holds {each['holds']}: {values or 'only empty cells'}")
    lines += ["", *data["notes"]] if data["notes"] else []
    return "\n".join(lines)
