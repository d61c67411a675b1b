"""Which charts report.html shows, each with the figures it is drawn from."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from bulkcall.report import charts
from bulkcall.report.aggregate import OTHERS
from bulkcall.report.model import Group

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bulkcall.report.model import Report

_CHART_REASONS = 8
_HOUR = 3_600_000
_FEWEST_HOURS = 6
_MOST_HOURS = 96
_FEWEST_RUNS = 2


def figures(
    report: Report, number: Callable[[str], str], text: Callable[[str], str]
) -> list[dict[str, Any]]:
    """Give title, svg, class, head and figures of each chart that has something to show.

    `number` and `text` make phone numbers and foreign texts fit to be shown.
    """
    shown: list[dict[str, Any]] = []
    reasons = report.reasons[:_CHART_REASONS]
    if reasons:
        rest = sum(each.rows for each in report.reasons[_CHART_REASONS:])
        names = [text(each.text) or each.outcome.value for each in reasons]
        rows = [each.rows for each in reasons]
        if rest:
            names, rows = [*names, "all other reasons"], [*rows, rest]
        shown.append(
            {
                "title": "Not confirmed, by reason",
                "svg": charts.bars("Not confirmed, by reason", names, [("rows", rows)]),
                "class": "others",
                "head": ("Reason", "Rows"),
                "figures": list(zip(names, rows, strict=True)),
            }
        )
    shown += _group_chart("By label", "Label", report.labels, text)
    shown += _group_chart("By caller", "Caller", report.callers, number)
    shown += _hours(report)
    shown += _throughput(report)
    shown += _trend(report)
    return shown


def _trend(report: Report) -> list[dict[str, Any]]:
    if len(report.trend) < _FEWEST_RUNS:
        return []
    title = "Confirmed in the last runs of this account, %"
    names = [
        f"{datetime.fromtimestamp(each.run.started_at / 1000, UTC):%d %b %H:%M}"
        for each in report.trend
    ]
    shares = [round(100 * each.share, 1) for each in report.trend]
    rows = [each.run.rows for each in report.trend]
    return [
        {
            "title": title,
            "svg": charts.columns(title, names, [("confirmed", shares)]),
            "class": "both",
            "head": ("Started (UTC)", "Confirmed, %", "Rows"),
            "figures": list(zip(names, shares, rows, strict=True)),
        }
    ]


def _group_chart(
    title: str, head: str, groups: Sequence[Group], name: Callable[[str], str]
) -> list[dict[str, Any]]:
    if not groups:
        return []
    names = [
        each.name if each.name == OTHERS else name(each.name) or "(could not be read)"
        for each in groups
    ]
    good = [each.confirmed for each in groups]
    others = [each.others for each in groups]
    return [
        {
            "title": title,
            "svg": charts.bars(title, names, [("confirmed", good), ("not confirmed", others)]),
            "class": "both",
            "head": (head, "Confirmed", "Not confirmed"),
            "figures": list(zip(names, good, others, strict=True)),
        }
    ]


def _hours(report: Report) -> list[dict[str, Any]]:
    if not report.hours:
        return []
    title = "By hour of sending (UTC)"
    by_hour = {int(each.name): each for each in report.hours}
    first, last = min(by_hour), max(by_hour)
    # A short run is drawn among empty hours, so that its one bar does not fill the picture.
    end = max(last, first + (_FEWEST_HOURS - 1) * _HOUR)
    spread: Sequence[int] = range(first, end + 1, _HOUR)
    if len(spread) > _MOST_HOURS:
        spread = [*by_hour][:_MOST_HOURS]
    empty = Group("", 0, 0)
    shown = [by_hour.get(hour, empty) for hour in spread]
    days = {hour // (24 * _HOUR) for hour in spread}
    form = "%H:00" if len(days) == 1 else "%d %b %H:00"
    names = [f"{datetime.fromtimestamp(hour / 1000, UTC):{form}}" for hour in spread]
    good = [each.confirmed for each in shown]
    others = [each.others for each in shown]
    return [
        {
            "title": title,
            "svg": charts.columns(title, names, [("confirmed", good), ("not confirmed", others)]),
            "class": "both",
            "head": ("Hour", "Confirmed", "Not confirmed"),
            "figures": [
                each for each in zip(names, good, others, strict=True) if each[1] or each[2]
            ],
        }
    ]


def _throughput(report: Report) -> list[dict[str, Any]]:
    flow = report.throughput
    if flow is None:
        return []
    names = [
        f"{datetime.fromtimestamp(flow.start / 1000 + flow.seconds * place, UTC):%H:%M:%S}"
        for place in range(len(flow.rows))
    ]
    rates = [rows / flow.seconds for rows in flow.rows]
    limit = None if flow.limit is None else (f"limit {flow.limit:,.0f} a second", flow.limit)
    title = "Rows sent a second, against the limit (UTC)" if limit else "Rows sent a second (UTC)"
    return [
        {
            "title": title,
            "svg": charts.line(title, names, rates, limit),
            "class": "rate",
            "head": ("From", f"Rows in {flow.seconds} s"),
            "figures": list(zip(names, flow.rows, strict=True)),
        }
    ]
