"""Which charts report.html shows, each with the figures it is drawn from."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from bulkcall.records import Outcome
from bulkcall.report import charts
from bulkcall.report.aggregate import OTHERS
from bulkcall.report.charts import Series
from bulkcall.report.formatting import offset, zone_of
from bulkcall.report.model import Group, counted

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import tzinfo

    from bulkcall.report.model import Report

_CHART_REASONS = 8
_HOUR = 3_600_000
_FEWEST_HOURS = 6
_MOST_HOURS = 96
_FEWEST_RUNS = 2


def figures(
    report: Report, number: Callable[[str], str], text: Callable[[str], str]
) -> list[dict[str, Any]]:
    """Title, svg, class, head, figures and note of each chart that has something to show.

    `number` and `text` make phone numbers and foreign texts fit to be shown.
    """
    return [
        *_reasons(report, text),
        *_group_chart("By label", "Label", report.labels, text),
        *_group_chart("By caller", "Caller", report.callers, number),
        *_hours(report),
        *_throughput(report),
        *_history(report),
    ]


def _reasons(report: Report, text: Callable[[str], str]) -> list[dict[str, Any]]:
    """The commonest reasons; what is left is said beside the chart, where it dwarfs no bar."""
    reasons = [each for each in report.reasons if each.outcome is not Outcome.DUPLICATE]
    shown, others = reasons[:_CHART_REASONS], reasons[_CHART_REASONS:]
    if not shown:
        return []
    title = "Not confirmed, by reason"
    names = [text(each.text) or each.outcome.value for each in shown]
    rows = [each.rows for each in shown]
    rest = sum(each.rows for each in others)
    note = f"{counted(rest)} more for {_several(len(others), 'other reason')}." if rest else ""
    return [
        {
            "title": title,
            "svg": charts.bars(title, names, [Series("rows", "bad", rows)]),
            "head": ("Reason", "Rows"),
            "figures": list(zip(names, rows, strict=True)),
            "note": note,
        }
    ]


def _several(count: int, noun: str) -> str:
    return f"1 {noun}" if count == 1 else f"{count:,} {noun}s"


def _series(groups: Sequence[Group]) -> list[Series]:
    """The colours of a stacked chart; repeats only where there are any."""
    good = Series("confirmed", "good", [each.confirmed for each in groups])
    repeats = Series("duplicate", "repeat", [each.repeats for each in groups])
    bad = Series("not confirmed", "bad", [each.others for each in groups])
    return [good, repeats, bad] if any(repeats.values) else [good, bad]


def _stacked(
    title: str, head: str, names: Sequence[str], groups: Sequence[Group]
) -> dict[str, Any]:
    series = _series(groups)
    return {
        "title": title,
        "head": (head, *(each.label.capitalize() for each in series)),
        "figures": list(zip(names, *(each.values for each in series), strict=True)),
        "note": "",
    }


def _group_chart(
    title: str, head: str, groups: Sequence[Group], name: Callable[[str], str]
) -> list[dict[str, Any]]:
    if not groups:
        return []
    names = [
        each.name if each.name == OTHERS else name(each.name) or "(could not be read)"
        for each in groups
    ]
    drawn = [each for each in groups if each.name != OTHERS]
    rest = next((each for each in groups if each.name == OTHERS), None)
    found = _stacked(title, head, names, groups)
    found["svg"] = charts.bars(title, names[: len(drawn)], _series(drawn))
    if rest is not None:
        found["note"] = f"{counted(rest.rows)} more under all others."
    return [found]


def _hours(report: Report) -> list[dict[str, Any]]:
    if not report.hours:
        return []
    zone = zone_of(report.run)
    by_hour = {int(each.name): each for each in report.hours}
    first, last = min(by_hour), max(by_hour)
    title = f"By hour of sending ({_offset(first, zone)})"
    # A short run is drawn among empty hours, so that its one bar does not fill the picture.
    end = max(last, first + (_FEWEST_HOURS - 1) * _HOUR)
    spread: Sequence[int] = range(first, end + 1, _HOUR)
    if len(spread) > _MOST_HOURS:
        spread = [*by_hour][:_MOST_HOURS]
    empty = Group("", 0, 0)
    shown = [by_hour.get(hour, empty) for hour in spread]
    moments = [datetime.fromtimestamp(hour / 1000, zone) for hour in spread]
    form = "%H:%M" if len({each.date() for each in moments}) == 1 else "%d %b %H:%M"
    names = [f"{each:{form}}" for each in moments]
    found = _stacked(title, "Hour", names, shown)
    found["figures"] = [each for each in found["figures"] if any(each[1:])]
    found["svg"] = charts.columns(title, names, _series(shown))
    return [found]


def _throughput(report: Report) -> list[dict[str, Any]]:
    flow = report.throughput
    if flow is None:
        return []
    zone = zone_of(report.run)
    names = [
        f"{datetime.fromtimestamp(flow.start / 1000 + flow.seconds * place, zone):%H:%M:%S}"
        for place in range(len(flow.rows))
    ]
    rates = [rows / flow.seconds for rows in flow.rows]
    limit, note = None, ""
    if flow.limit is not None and flow.seconds >= flow.window:
        limit = (f"limit {flow.limit:,.0f} a second", flow.limit)
    elif flow.limit is not None:
        # In a part of the window the API allows all of the window's rows: no line is true there.
        note = f"The limit is {flow.limit * flow.window:,.0f} rows in any {flow.window} seconds."
    place = _offset(flow.start, zone)
    title = f"Rows sent a second{', against the limit' if limit else ''} ({place})"
    return [
        {
            "title": title,
            "svg": charts.line(title, names, rates, limit),
            "head": ("From", f"Rows in {flow.seconds} s"),
            "figures": list(zip(names, flow.rows, strict=True)),
            "note": note,
        }
    ]


def _history(report: Report) -> list[dict[str, Any]]:
    if len(report.trend) < _FEWEST_RUNS:
        return []
    zone = zone_of(report.run)
    title = "Confirmed in the last runs of this account, %"
    names = [
        f"{datetime.fromtimestamp(each.run.started_at / 1000, zone):%d %b %H:%M}"
        for each in report.trend
    ]
    shares = [round(100 * each.share, 1) for each in report.trend]
    rows = [each.run.rows for each in report.trend]
    return [
        {
            "title": title,
            "svg": charts.columns(title, names, [Series("% confirmed", "good", shares)], top=100),
            "head": (f"Started ({_offset(report.run.started_at, zone)})", "Confirmed, %", "Rows"),
            "figures": list(zip(names, shares, rows, strict=True)),
            "note": "",
        }
    ]


def _offset(epoch_ms: int, zone: tzinfo) -> str:
    return offset(datetime.fromtimestamp(epoch_ms / 1000, zone))
