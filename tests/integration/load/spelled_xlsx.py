"""One sheet as XLSX in many spellings: each says the same, as an XML parser understands it."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass
from xml.sax.saxutils import escape

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
STRICT = "http://purl.oclc.org/ooxml/spreadsheetml/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
ERROR = object()
"""A cell that shows #N/A."""
FORMULA = object()
"""A formula that was never computed."""


@dataclass(frozen=True)
class Spelling:
    """How the XML is spelled and where the parts are."""

    prefix: str = ""
    quote: str = '"'
    references: bool = True
    texts: str = "shared"
    """shared, inline, str, cdata."""
    comments: bool = False
    upper_names: bool = False
    codec: str = "utf-8"
    target: str = "relative"
    """relative, absolute, dotted."""
    namespace: str = MAIN
    pretty: bool = False
    packed: int = zipfile.ZIP_DEFLATED


SPELLINGS = {
    "plain": Spelling(),
    "prefixed": Spelling(prefix="x"),
    "single quotes": Spelling(quote="'"),
    "no references": Spelling(references=False),
    "inline": Spelling(texts="inline"),
    "str": Spelling(texts="str"),
    "cdata": Spelling(texts="cdata"),
    "comments": Spelling(comments=True),
    "upper-case part names": Spelling(upper_names=True),
    "utf-16": Spelling(codec="utf-16"),
    "latin-1": Spelling(codec="iso-8859-1"),
    "absolute target": Spelling(target="absolute"),
    "dotted target": Spelling(target="dotted"),
    "strict": Spelling(namespace=STRICT),
    "pretty": Spelling(pretty=True),
    "stored": Spelling(packed=zipfile.ZIP_STORED),
    "all at once": Spelling(
        prefix="s", quote="'", references=False, texts="cdata", comments=True, upper_names=True,
        codec="utf-16", target="absolute", pretty=True,
    ),
}  # fmt: skip


def spelled(rows, how: Spelling) -> bytes:
    """Write rows of texts, numbers, booleans, ERROR, FORMULA and None."""
    shared: list[str] = []
    p = f"{how.prefix}:" if how.prefix else ""
    gap = "\n  " if how.pretty else ""
    note = "<!-- <c r='A1' t='e'><v>no</v></c> -->" if how.comments else ""
    lines = []
    for at, row in enumerate(rows, 1):
        cells = [
            _cell(value, f"{chr(65 + column)}{at}", how, p, shared)
            for column, value in enumerate(row)
            if value is not None or not how.references
        ]
        place = f' r="{at}"' if how.references else ""
        lines.append(f"{gap}<{p}row{place}>{note}{gap.join(cells)}</{p}row>")
    sheet = f"<{p}sheetData>{''.join(lines)}</{p}sheetData>"
    strings = "".join(
        f'<{p}si><{p}t xml:space="preserve">{escape(t)}</{p}t></{p}si>' for t in shared
    )
    where = {
        "relative": "worksheets/sheet1.xml",
        "absolute": "/xl/worksheets/sheet1.xml",
        "dotted": "../xl/./worksheets/sheet1.xml",
    }[how.target]
    listed = f'<{p}sheet name="Calls" sheetId="1" xmlns:rel="{OFFICE}" rel:id="rId1"/>'
    book = f"<{p}sheets>{listed}</{p}sheets>"
    relations = (
        f'<Relationships xmlns="{PACKAGE}">'
        f'<Relationship Id="rId1" Type="{OFFICE}/worksheet" Target="{where}"/>'
        f'<Relationship Id="rId2" Type="{OFFICE}/sharedStrings" Target="sharedStrings.xml"/>'
        "</Relationships>"
    )
    parts = {
        "[Content_Types].xml": "<Types/>",
        "_rels/.rels": (
            f'<Relationships xmlns="{PACKAGE}"><Relationship Id="a" Type="{OFFICE}/officeDocument" '
            'Target="xl/workbook.xml"/></Relationships>'
        ),
        "xl/workbook.xml": _root("workbook", book, how),
        "xl/_rels/workbook.xml.rels": relations,
        "xl/sharedStrings.xml": _root("sst", strings, how),
        "xl/worksheets/sheet1.xml": _root("worksheet", sheet, how),
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", how.packed) as archive:
        for name, text in parts.items():
            own = text.replace('"', how.quote) if "'" not in text else text
            own = f"<?xml version='1.0' encoding='{how.codec}'?>{own}"
            called = name.upper() if how.upper_names and name.startswith("xl/") else name
            archive.writestr(called, own.encode(how.codec, "xmlcharrefreplace"))
    return out.getvalue()


def _root(name: str, inner: str, how: Spelling) -> str:
    colon = f"{how.prefix}:" if how.prefix else ""
    own = f":{how.prefix}" if how.prefix else ""
    return f'<{colon}{name} xmlns{own}="{how.namespace}">{inner}</{colon}{name}>'


def _cell(value, reference: str, how: Spelling, p: str, shared: list[str]) -> str:  # noqa: PLR0911 - one each kind
    place = f' r="{reference}"' if how.references else ""
    if value is None:
        return f"<{p}c{place}/>"
    if value is ERROR:
        return f'<{p}c{place} t="e"><{p}f>NA()</{p}f><{p}v>#N/A</{p}v></{p}c>'
    if value is FORMULA:
        return f"<{p}c{place}><{p}f>A1&amp;B1</{p}f><{p}v></{p}v></{p}c>"
    if isinstance(value, bool):
        return f'<{p}c{place} t="b"><{p}v>{int(value)}</{p}v></{p}c>'
    if isinstance(value, int | float):
        return f"<{p}c{place}><{p}v>{value!r}</{p}v></{p}c>"
    if how.texts == "shared":
        if value not in shared:
            shared.append(value)
        return f'<{p}c{place} t="s"><{p}v>{shared.index(value)}</{p}v></{p}c>'
    if how.texts == "str":
        return f'<{p}c{place} t="str"><{p}v>{escape(value)}</{p}v></{p}c>'
    text = f"<![CDATA[{value}]]>" if how.texts == "cdata" and "]]>" not in value else escape(value)
    return f'<{p}c{place} t="inlineStr"><{p}is><{p}t>{text}</{p}t></{p}is></{p}c>'
