"""report.html: the report as one page that needs no network and no script."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from bulkcall.report import charts
from bulkcall.report.advice import MEANINGS, next_steps, tone, verdict
from bulkcall.report.compare import Change
from bulkcall.report.flow import stages
from bulkcall.report.masking import masked, masked_text
from bulkcall.report.model import Group
from bulkcall.report.tally import OTHERS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bulkcall.report.model import Report

_MOST_REASONS = 40
_MOST_BATCHES = 500
_MOST_STRANGERS = 50
_CHART_REASONS = 8
_LONGEST = 400
_HOUR = 3_600_000
_FEWEST_HOURS = 6
_FEWEST_RUNS = 2
_MOST_HOURS = 96


def html_bytes(report: Report, *, show_numbers: bool = False) -> bytes:
    """Give report.html's text; phone numbers are masked unless `show_numbers`."""
    page = _environment().get_template("report.html.j2")
    text = page.render(**_context(report, show_numbers=show_numbers))
    # A lone surrogate can't come out of UTF-8 cells, but a server's JSON can hold one.
    return text.encode("utf-8", errors="replace")


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("bulkcall.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["n"] = lambda number: f"{number:,}"
    environment.filters["when"] = when
    return environment


def _context(report: Report, *, show_numbers: bool) -> dict[str, Any]:
    number: Callable[[str], str] = str if show_numbers else masked
    text: Callable[[str], str] = _visible if show_numbers else _visible_masked
    line = text(verdict(report))
    headline, _, rest = line.partition("; ")
    return {
        "report": report,
        "run": report.run,
        "verdict": line,
        "headline": headline,
        "rest": rest,
        "tone": tone(report),
        "stages": stages(report.outcomes),
        "counts": [(each, count) for each, count in report.outcomes.items() if count],
        "meanings": MEANINGS,
        "steps": next_steps(report),
        "reasons": report.reasons[:_MOST_REASONS],
        "more_reasons": len(report.reasons) - _MOST_REASONS,
        "charts": _charts(report, number, text),
        "comparison": report.comparison,
        "changes": (Change.NEWLY_FAILING, Change.STILL_FAILING, Change.NEWLY_FINE),
        "Change": Change,
        "batches": report.batches[:_MOST_BATCHES],
        "more_batches": len(report.batches) - _MOST_BATCHES,
        "strangers": report.unexpected[:_MOST_STRANGERS],
        "more_strangers": len(report.unexpected) - _MOST_STRANGERS,
        "number": number,
        "text": text,
        "numbers_masked": not show_numbers,
        "duration": duration(report.run.started_at, report.run.finished_at),
        "style": Markup(_style()),  # noqa: S704 - our own file
    }


def _charts(
    report: Report, number: Callable[[str], str], text: Callable[[str], str]
) -> list[dict[str, Any]]:
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


def when(epoch_ms: int | None) -> str:
    """Give a time for a person, in UTC; a dash for none."""
    if epoch_ms is None:
        return "\u2013"
    return f"{datetime.fromtimestamp(epoch_ms / 1000, UTC):%d %b %Y, %H:%M:%S} UTC"


def duration(start: int, end: int | None) -> str:
    """Give a length of time for a person."""
    if end is None:
        return "not finished"
    seconds = max(0, end - start) / 1000
    if seconds < 60:  # noqa: PLR2004 - a minute
        return f"{seconds:.1f} s"
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {seconds} s"


def _visible(text: str) -> str:
    # Marks that turn the direction of reading, and control characters, are shown and not obeyed.
    if len(text) > _LONGEST:
        text = text[: _LONGEST - 1] + "…"
    return "".join(_shown(each) for each in text)


def _visible_masked(text: str) -> str:
    return masked_text(_visible(text))


def _shown(character: str) -> str:
    code = ord(character)
    if code < 0x20 or code == 0x7F:  # noqa: PLR2004 - the control characters
        return chr(0x2400 + code) if code < 0x20 else "\u2421"  # noqa: PLR2004
    if code in _TURNING:
        return f"[U+{code:04X}]"
    return character


_TURNING = frozenset((0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)))


@cache
def _style() -> str:
    loader = _environment().loader
    assert loader is not None  # noqa: S101 - set above
    return loader.get_source(_environment(), "report.css")[0]
