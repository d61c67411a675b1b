"""From the header's cells to fields: aliases, `--map`, and what must be there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bulkcall.errors import CampaignFileError, UsageError
from bulkcall.load.aliases import field_of
from bulkcall.records import Field
from bulkcall.support.blanks import BLANKS
from bulkcall.support.masking import masked_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

TIMES = frozenset({Field.STARTS_AT, Field.ENDS_AT})
_FLAG_OF = {Field.STARTS_AT: "--start", Field.ENDS_AT: "--window"}
_SHOWN = 12
DELIMITERS = (",", ";", "\t", "|")
_OTHER_DELIMITERS = ":^~!#*&/\\"


def known_columns(columns: Sequence[str]) -> int:
    """Return how many different fields header names mean."""
    return len({found for name in columns if (found := field_of(name)) is not None})


def find_fields(
    columns: Sequence[str],
    mapped: Mapping[str, str],
    supplied: frozenset[Field] = frozenset(),
    *,
    optional: frozenset[Field] = frozenset(),
    where: str = "",
) -> dict[Field, int]:
    """Settle which column holds which field.

    `mapped` comes before the aliases: a column it names is not looked at again, and a field it
    names takes no other column.

    Raises:
        UsageError: `mapped` names a field or column that is not there; a field has a column and
            is supplied by a flag as well.
        CampaignFileError: two columns for one field; no known column; a required one missing.
    """
    fields = _mapped_fields(columns, mapped)
    taken = set(fields.values())
    found: dict[Field, list[int]] = {}
    for index, name in enumerate(columns):
        field = None if index in taken else field_of(name)
        if field is not None and field not in fields:
            found.setdefault(field, []).append(index)
    for field, indexes in found.items():
        if len(indexes) > 1:
            names = " and ".join(f"{columns[i]!r} (column {i + 1})" for i in indexes)
            raise CampaignFileError(
                f"{where}{len(indexes)} columns for {field}: {names}; "
                f"say which one counts with --map {field}=COLUMN, or rename the other"
            )
        fields[field] = indexes[0]
    if not fields:
        if in_one_cell := _in_one_cell(columns):
            raise CampaignFileError(f"{where}no known column; {in_one_cell}")
        raise CampaignFileError(
            f"{where}no known column; found: {shown(columns)}; "
            "say what they are with --map, e.g. --map receiver_number=COLUMN"
        )
    for field in sorted(supplied & fields.keys()):
        raise UsageError(
            f"{where}column {columns[fields[field]]!r} gives {field}, and {_FLAG_OF[field]} gives "
            "it too; leave the flag out, or take the column out of the file"
        )
    _require(columns, fields, supplied | optional, where)
    return {field: fields[field] for field in Field if field in fields}


def shown(columns: Sequence[str]) -> str:
    """List column names for a person; without a header, they are somebody's phone numbers."""
    names = ", ".join(repr(masked_text(name)[:60]) for name in columns[:_SHOWN])
    more = len(columns) - _SHOWN
    return f"{names} and {more} more" if more > 0 else names


def _in_one_cell(columns: Sequence[str]) -> str:
    """Say what to do where a single cell holds the whole header; empty where none does."""
    for cell in columns:
        for delimiter in DELIMITERS:
            if known_columns(cell.split(delimiter)) > 1:
                return (
                    f"the whole header stands in one cell ({masked_text(cell)[:60]!r}), as where "
                    "quotes stand around whole lines or a list was pasted into one column; export "
                    "it again without quotes around whole lines, or split the column at each "
                    f"{delimiter!r} in a spreadsheet program (Text to Columns)"
                )
        for sign in sorted(set(cell) & set(_OTHER_DELIMITERS)):
            if known_columns(cell.split(sign)) > 1:
                return (
                    f"its cells are separated by {sign!r}, which is not a delimiter unless the "
                    f"file says so: put the line sep={sign} above the header, or export with commas"
                )
    return ""


def _mapped_fields(columns: Sequence[str], mapped: Mapping[str, str]) -> dict[Field, int]:
    fields: dict[Field, int] = {}
    for key, column in mapped.items():
        field = field_of(key)
        if field is None:
            raise UsageError(
                f"--map {key}={column}: no such field; the fields are {', '.join(Field)}"
            )
        if field in fields:
            raise UsageError(f"--map names {field} twice; name one column for it")
        fields[field] = _column_index(columns, key, column)
    return fields


def _column_index(columns: Sequence[str], key: str, column: str) -> int:
    for same in (str, _plain):
        wanted = same(column)
        indexes = [i for i, name in enumerate(columns) if same(name) == wanted]
        if len(indexes) > 1:
            raise UsageError(
                f"--map {key}={column}: {len(indexes)} columns have this name; rename the others"
            )
        if indexes:
            return indexes[0]
    raise UsageError(f"--map {key}={column}: no such column; the file has {shown(columns)}")


def _plain(name: str) -> str:
    return name.strip(BLANKS).casefold()


def _require(
    columns: Sequence[str], fields: Mapping[Field, int], supplied: frozenset[Field], where: str
) -> None:
    there = fields.keys() | supplied
    missing = [f for f in (Field.CALLER_NUMBER, Field.RECEIVER_NUMBER) if f not in there]
    if not there & {Field.LABEL_ID, Field.DYNAMIC_LABEL_NAME}:
        missing.append(Field.DYNAMIC_LABEL_NAME)
    missing += [f for f in (Field.STARTS_AT, Field.ENDS_AT) if f not in there]
    if not missing:
        return
    names = [f"{f} (or label_id)" if f is Field.DYNAMIC_LABEL_NAME else str(f) for f in missing]
    known = ", ".join(f"{columns[i]!r} as {f}" for f, i in fields.items())
    help_ = f"map them, e.g. --map {missing[0]}=COLUMN"
    if TIMES.issuperset(missing):
        flags = " and ".join(_FLAG_OF[f] for f in missing)
        help_ = f"give them to all rows with {flags}, or {help_}"
    raise CampaignFileError(
        f"{where}no column for {' and '.join(names)}; found {known}, in {shown(columns)}; {help_}"
    )
