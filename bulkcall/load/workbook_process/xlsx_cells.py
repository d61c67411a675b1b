"""The cells of an XLSX sheet, from the events of an XML parser."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from bulkcall.load.workbook_process.cell_text import DAY, MOMENT, iso_date_text
from bulkcall.load.workbook_process.number_formats import Shows
from bulkcall.load.workbook_process.rows import (
    MOST_COLUMNS,
    Mark,
    RefusedError,
    SheetRow,
    Texts,
)
from bulkcall.load.workbook_process.xlsx_names import TRUE, tags, unescaped

if TYPE_CHECKING:
    from collections.abc import Sequence

_FALSE: Final = frozenset({"0", "false"})
_DIGITS: Final = "0123456789"
_PLAIN_DIGITS: Final = 15
_MARKERS: Final = DAY + MOMENT


class CellReader:
    """Collects the rows of a sheet while its XML is parsed."""

    def __init__(self, strings: Sequence[str], formats: Sequence[Shows], texts: Texts) -> None:
        self.is_worksheet = False
        self._strings = strings
        self._formats = formats
        self._texts = texts
        self._rows: list[SheetRow] = []
        self._columns: dict[str, int] = {}

    def take(self) -> list[SheetRow]:
        """Return the rows that are finished, and forget them."""
        rows = self._rows
        self._rows = []
        return rows

    def attach(self, parser: Any) -> None:  # noqa: C901, PLR0915 - one event after the other
        """Let the parser's events come here; closures, because there are millions of them."""
        codes = tags("c", "v", "row", "is", "t", "f", "rPh", "worksheet")
        parts: list[str] = []
        inline: list[str] = []
        texts: list[str] = []
        marks: dict[int, tuple[Mark, str]] = {}
        columns = self._columns
        strings = self._strings
        number = -1
        row_text = ""
        hidden = False
        attributes: dict[str, str] = {}
        value: str | None = None
        has_formula = in_inline = False
        spoken = 0

        def start(tag: str, given: dict[str, str]) -> None:
            nonlocal attributes, value, has_formula, in_inline, spoken
            nonlocal number, row_text, hidden, texts, marks
            code = codes.get(tag)
            if code == "c":
                attributes = given
                value = None
                has_formula = False
                inline.clear()
            elif code in {"v", "t"}:
                parts.clear()
            elif code == "row":
                row_text = given.get("r", "")
                before = number
                number = _row_number(row_text) if row_text else number + 1
                if number <= before:
                    raise _damaged(f"row {number + 1} comes after row {before + 1}")
                row_text = str(number + 1)
                hidden = given.get("hidden") in TRUE
                texts, marks = [], {}
            elif code == "f":
                has_formula = True
            elif code == "is":
                in_inline = True
            elif code == "rPh":
                spoken += 1
            elif code == "worksheet":
                self.is_worksheet = True

        def end(tag: str) -> None:  # noqa: C901, PLR0912 - one event after the other
            nonlocal value, in_inline, spoken
            code = codes.get(tag)
            if code == "v":
                value = parts[0] if len(parts) == 1 else "".join(parts)
            elif code == "c":
                reference = attributes.get("r")
                if reference is None:
                    column = len(texts)
                else:
                    letters = reference.rstrip(_DIGITS)
                    found = columns.get(letters)
                    column = found if found is not None else self._column(letters)
                    if reference[len(letters) :] != row_text:
                        raise _damaged(f"cell {reference[:20]!r} stands in row {row_text}")
                kind = attributes.get("t")
                if kind == "s" and value is not None and not has_formula:
                    try:
                        text = strings[int(value)]
                    except (ValueError, IndexError):
                        text = ""
                        marks[column] = Mark.UNREADABLE, "a text that is not in the workbook"
                else:
                    if kind == "inlineStr":
                        value = "".join(inline)
                    text = self._text(kind, value, attributes, marks, column, formula=has_formula)
                place = len(texts)
                if column == place:
                    texts.append(text)
                elif text or column in marks:
                    if column < place:
                        if texts[column] or column in marks:
                            raise _damaged(f"two cells in one place ({reference!r})")
                        texts[column] = text
                    else:
                        texts.extend([""] * (column - place))
                        texts.append(text)
            elif code == "t":
                if in_inline and not spoken:
                    inline.extend(parts)
            elif code == "row":
                while texts and not texts[-1] and len(texts) - 1 not in marks:
                    texts.pop()
                if texts or hidden:
                    self._rows.append(SheetRow(number, texts, marks, hidden))
            elif code == "is":
                in_inline = False
            elif code == "rPh":
                spoken -= 1

        parser.StartElementHandler = start
        parser.EndElementHandler = end
        parser.CharacterDataHandler = parts.append

    def _column(self, letters: str) -> int:
        number = 0
        for letter in letters:
            if not "A" <= letter <= "Z":
                raise _damaged(f"no cell is called {letters[:20]!r}")
            number = number * 26 + ord(letter) - 64
            if number > MOST_COLUMNS:
                raise RefusedError(
                    f"the sheet has a cell in column {letters[:20]}, which no spreadsheet program "
                    "allows; save it again as XLSX"
                )
        if not number:
            raise _damaged("a cell without a column")
        self._columns[letters] = number - 1
        return number - 1

    def _text(  # noqa: PLR0911 - one for each kind of cell
        self,
        kind: str | None,
        value: str | None,
        attributes: dict[str, str],
        marks: dict[int, tuple[Mark, str]],
        column: int,
        *,
        formula: bool,
    ) -> str:
        if kind == "e":
            text = value or "#N/A"
            marks[column] = Mark.ERROR, text
            return text
        if value is None or not (value or kind == "str"):
            if formula:
                marks[column] = Mark.NOT_COMPUTED, ""
            return ""
        try:
            if kind in {None, "n"}:
                return self._number(value.strip(), attributes.get("s"))
            if kind in {"str", "inlineStr"}:
                return unescaped(value).rstrip(_MARKERS)
            if kind == "s":
                return self._strings[int(value)]
            return _typed(kind, value)
        except (ValueError, IndexError, OverflowError) as error:
            marks[column] = Mark.UNREADABLE, str(error)[:80]
            return value if kind in {None, "n"} else ""

    def _number(self, value: str, style: str | None) -> str:
        shows = Shows.NUMBER
        if style is not None and style.isdecimal() and int(style) < len(self._formats):
            shows = self._formats[int(style)]
        if shows is Shows.DATE:
            return self._texts.serial(float(value))
        if shows is Shows.DURATION:
            return self._texts.duration(float(value))
        if len(value) <= _PLAIN_DIGITS and value.isascii() and value.isdigit():
            return value if value[0] != "0" else str(int(value))
        return self._texts.number(float(value))


def _typed(kind: str, value: str) -> str:
    if kind == "b":
        word = value.strip()
        if word in TRUE:
            return "TRUE"
        if word in _FALSE:
            return "FALSE"
        raise ValueError("a truth value that is neither true nor false")
    if kind == "d":
        return iso_date_text(value.strip())
    raise ValueError(f"a cell of an unknown type ({kind[:20]})")


def _row_number(text: str) -> int:
    if not (text.isascii() and text.isdecimal()) or len(text) > len("1048576") or text == "0":
        raise _damaged(f"no row is called {text[:20]!r}")
    return int(text) - 1


def _damaged(what: str) -> RefusedError:
    return RefusedError(f"the workbook is damaged ({what}); save it again as XLSX")
