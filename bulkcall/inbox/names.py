"""Which names in a drop folder are campaign files, by convention of those who put files there."""

from __future__ import annotations

import os
import re

MARK = ".done"
"""`campaign.csv.done` (or `campaign.done`) says that campaign.csv is whole."""

_ENDINGS = (
    ".part",
    ".partial",
    ".tmp",
    ".temp",
    ".crdownload",
    ".download",
    ".opdownload",
    ".filepart",
    ".upload",
    ".uploading",
    ".incomplete",
    ".inprogress",
    ".writing",
    ".swp",
    ".swo",
    ".swx",
    ".lock",
    ".lck",
    "~",
)
"""How browsers, editors, rsync, WinSCP, FileZilla and the like call what is not finished."""
_BEGINNINGS = (".", "~")
"""Hidden files (also of rsync and LibreOffice), `~$Book.xlsx` of Excel."""
_LONGEST_NAME_BYTES = 255
_LONGEST_ENDING = 12
_OTHERS = frozenset({"bulkcall.toml", "thumbs.db", "desktop.ini"})


def is_mark(name: str) -> bool:
    """Return whether a file is the mark of another one."""
    return name.lower().endswith(MARK)


def is_temporary(name: str) -> bool:
    """Return whether a name is one that programs give to what they have not finished."""
    plain = name.lower()
    return plain.startswith(_BEGINNINGS) or plain.endswith(_ENDINGS)


def is_campaign(name: str) -> bool:
    """Return whether a file of this name may be a campaign file; its content tells the rest."""
    return not (is_mark(name) or is_temporary(name) or name.lower() in _OTHERS)


_CAMPAIGN_ENDINGS = (
    ".csv",
    ".tsv",
    ".tab",
    ".gz",
    ".zip",
    ".xlsx",
    ".xlsm",
    ".xlsb",
    ".xls",
    ".ods",
    ".parquet",
)


def is_meant_as_campaign(name: str) -> bool:
    """Return whether a name says that a campaign is meant; of others the content must say so."""
    return name.lower().endswith(_CAMPAIGN_ENDINGS)


def plain_name(name: str) -> str:
    """Return a name in UTF-8: each byte that is not becomes `%` and its number (`k%E4se.csv`)."""
    data = os.fsencode(name)
    if data.decode("utf-8", "ignore").encode() == data:
        return name
    found = re.sub(r"[\udc80-\udcff]", lambda sign: f"%{ord(sign[0]) - 0xDC00:02X}", name)
    head, dot, ending = found.rpartition(".")
    if not head or len(ending) > _LONGEST_ENDING:
        head, dot, ending = found, "", ""
    room = _LONGEST_NAME_BYTES - len(MARK) - len(os.fsencode(dot + ending))
    return head.encode()[:room].decode("utf-8", "ignore") + dot + ending


def marks_of(name: str) -> tuple[str, ...]:
    """Return the names of the marks that say that a file is whole: with its ending, and without."""
    stem = name.rpartition(".")[0]
    return (name + MARK, *([stem + MARK] if stem else []))
