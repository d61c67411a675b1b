"""Which names in a drop folder are campaign files, by convention of those who put files there."""

from __future__ import annotations

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
_OTHERS = frozenset({"bulkcall.toml", "thumbs.db", "desktop.ini"})


def is_mark(name: str) -> bool:
    """Tell whether a file is the mark of another one."""
    return name.lower().endswith(MARK)


def is_temporary(name: str) -> bool:
    """Tell whether a name is one that programs give to what they have not finished."""
    plain = name.lower()
    return plain.startswith(_BEGINNINGS) or plain.endswith(_ENDINGS)


def is_campaign(name: str) -> bool:
    """Tell whether a file of this name may be a campaign file; its content tells the rest."""
    return not (is_mark(name) or is_temporary(name) or name.lower() in _OTHERS)


def marks_of(name: str) -> tuple[str, ...]:
    """Name the marks that say that a file is whole: with its ending, and without."""
    stem = name.rpartition(".")[0]
    return (name + MARK, *([stem + MARK] if stem else []))
