"""Written forms of a point in time, and what can be said of those that are refused."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Final

_TIME: Final = (
    r"(?P<hour>\d\d)(?::?(?P<minute>\d\d)(?::?(?P<second>\d\d)(?:[.,](?P<fraction>\d{1,12}))?)?)?"
)
_OFFSET: Final = (
    r"(?: ?(?P<offset>[Zz]|(?:(?i:UTC|GMT) ?)?(?P<sign>[+\-\u2212])(?P<oh>\d\d|\d(?=:|$))"
    r"(?::?(?P<om>\d\d))?|(?i:UTC|GMT)))?"
)
_CLOCK: Final = (
    r"(?P<hour>\d{1,2}):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:\.(?P<fraction>\d{1,12}))?)?"
    r"(?:[ \u00a0\u202f]?(?P<half>[AaPp])\.?[Mm]\.?)?" + _OFFSET
)
_AFTER_DATE: Final = r"(?:(?:[Tt]|,?[ \u00a0\u202f]+)" + _CLOCK + ")?"

ISO: Final = re.compile(
    r"(?P<year>\d{4})(?:-?W(?P<week>\d\d)-?(?P<weekday>[1-7])|-(?P<month>\d\d)-(?P<day>\d\d)"
    r"|(?P<month2>\d\d)(?P<day2>\d\d)|-?(?P<ordinal>\d{3}))"
    r"(?:(?:[Tt]|[ \u00a0]+)" + _TIME + _OFFSET + ")?",
    re.ASCII,
)
ORDERED: Final = re.compile(
    r"(?P<a>\d{1,4})(?P<separator>[/.\-])(?P<b>\d{1,2})(?P=separator)(?P<c>\d{1,4})" + _AFTER_DATE,
    re.ASCII,
)
"""Day, month and year in some order, each a number."""
NAMED: Final = re.compile(
    r"(?:(?P<weekday>mon|tue|wed|thu|fri|sat|sun)[a-z]{0,6}\.?,? )?"
    r"(?:(?P<day>\d{1,2})(?:st|nd|rd|th)?[ \-./]?(?P<month>[a-z]{3,9})\.?,?[ \-./]?(?P<year>\d{4})"
    r"|(?P<month2>[a-z]{3,9})\.?[ \-](?P<day2>\d{1,2})(?:st|nd|rd|th)?,? (?P<year2>\d{4})"
    r"|(?P<year3>\d{4})[ \-./](?P<month3>[a-z]{3,9})[ \-./](?P<day3>\d{1,2}))" + _AFTER_DATE,
    re.ASCII | re.IGNORECASE,
)
"""A date with the month's English name and four digits of the year: certain in any order."""
COMPACT: Final = re.compile(r"(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)", re.ASCII)
"""20261201090000."""
BRACKETED: Final = re.compile(r"(.+)\[!?([A-Za-z][A-Za-z0-9_+\-/]*)\]")
"""RFC 9557: a zone's name behind the time."""

ORDERS: Final = {"dmy": "cba", "mdy": "cab", "ymd": "abc"}
"""Where year, month and day stand in `ORDERED`."""
_MONTHS: Final = (
    *("january", "february", "march", "april", "may", "june", "july", "august", "september"),
    *("october", "november", "december"),
)
_WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_YEAR_DIGITS: Final = 4
_PROPOSABLE: Final = re.compile(
    r"(?:\d{4}(?P<s>[-/.])\d{1,2}(?P=s)\d{1,2}"
    r"|\d{1,2}(?P<n>[-/. ])(?P<month>[A-Za-z]{3,9})(?P=n)(?P<year>\d{4}|\d\d))"
    r"(?P<gap>T|, ?| )\d{1,2}(?P<c>[:.])\d\d(?P<second>(?P=c)\d\d)?"
    r"(?P<half> ?[AaPp][Mm])?(?P<tail> ?[A-Z]{2,5})?",
    re.ASCII,
)


def named_date(match: re.Match[str]) -> date | None:
    """Return the date of a `NAMED` match; None where the month's name is none.

    Raises:
        ValueError: There is no such day, or it is not that day of the week.
    """
    month = month_number(match["month"] or match["month2"] or match["month3"])
    if month is None:
        return None
    year = int(match["year"] or match["year2"] or match["year3"])
    day = date(year, month, int(match["day"] or match["day2"] or match["day3"]))
    weekday = match["weekday"]
    if weekday and _WEEKDAYS[day.weekday()] != weekday.lower():
        raise ValueError(weekday)
    return day


def month_number(name: str) -> int | None:
    """Return the number of a month's English name, whole or cut to three letters (Sept: four)."""
    wanted = name.lower()
    for number, month in enumerate(_MONTHS, start=1):
        if wanted in {month, month[:3]} or (wanted == "sept" and month == "september"):
            return number
    return None


def ordered_date(match: re.Match[str], order: str) -> date | None:
    """Return the date of an `ORDERED` match in one order (`dmy` …); None where it has none."""
    places = ORDERS[order]
    year = match[places[0]]
    if len(year) not in {2, _YEAR_DIGITS} or any(len(match[each]) > 2 for each in places[1:]):  # noqa: PLR2004 - digits of a day
        return None
    try:
        whole = int(year) if len(year) > 2 else 2000 + int(year)  # noqa: PLR2004 - same
        return date(whole, int(match[places[1]]), int(match[places[2]]))
    except ValueError:
        return None


def fitting_orders(match: re.Match[str]) -> list[str]:
    """Return the orders in which an `ORDERED` match is a date."""
    return [order for order in ORDERS if ordered_date(match, order) is not None]


def order_of(text: str) -> str:
    """Return the one order that fits a date of numbers, or dmy where they give the same day."""
    match = ORDERED.fullmatch(text)
    orders = fitting_orders(match) if match else []
    return orders[0] if orders else "dmy"


def proposed_format(text: str) -> str:
    """Return a --date-format with which a text that is not recognised can be read; empty: none."""
    match = _PROPOSABLE.fullmatch(text)
    if match is None:
        return ""
    if match["s"]:
        day = "%Y{0}%m{0}%d".format(match["s"])
    else:
        name = "%b" if len(match["month"]) == 3 else "%B"  # noqa: PLR2004 - Jan
        year = "%Y" if len(match["year"]) == _YEAR_DIGITS else "%y"
        day = "{0}{3}{1}{3}{2}".format("%d", name, year, match["n"])
    clock = "{}{}%M".format("%I" if match["half"] else "%H", match["c"])
    if match["second"]:
        clock += f"{match['c']}%S"
    half = (" %p" if match["half"].startswith(" ") else "%p") if match["half"] else ""
    pattern = day + match["gap"] + clock + half + (match["tail"] or "")
    try:
        datetime.strptime(text, pattern)  # noqa: DTZ007 - only whether it fits is asked
    except ValueError:
        return ""
    return pattern
