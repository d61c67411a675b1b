"""report.html: the report as one page that needs no network and no script."""

from __future__ import annotations

from datetime import UTC
from functools import cache
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from bulkcall.records import Outcome
from bulkcall.report.advice import DEMO_OVER, MEANINGS, is_demo, next_steps
from bulkcall.report.chart_data import figures
from bulkcall.report.comparison import Change
from bulkcall.report.formatting import (
    duration,
    share,
    version,
    visible,
    visible_masked,
    when,
    window,
    zone_of,
)
from bulkcall.report.funnel import funnel
from bulkcall.report.model import counted
from bulkcall.support.masking import masked

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bulkcall.report.funnel import Stage
    from bulkcall.report.model import Report

_MOST_REASONS = 40
_MOST_BATCHES = 500
_MOST_STRANGERS = 50


def html_bytes(report: Report, *, show_numbers: bool = False) -> bytes:
    """report.html's text; phone numbers are masked unless `show_numbers`."""
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
    environment.filters["share"] = share
    environment.filters["rows"] = counted
    return environment


def _context(report: Report, *, show_numbers: bool) -> dict[str, Any]:
    number: Callable[[str], str] = str if show_numbers else masked
    text: Callable[[str], str] = visible if show_numbers else visible_masked
    zone = zone_of(report.run)
    line = text(report.verdict)
    reasons = [each for each in report.reasons if each.outcome is not Outcome.DUPLICATE]
    headline, _, rest = line.partition("; ")
    return {
        "report": report,
        "run": report.run,
        "verdict": line,
        "headline": headline,
        "rest": rest,
        "tone": report.tone,
        "version": version(),
        "when": lambda at: when(at, zone),
        "window": window(report.first_start, report.last_end, zone),
        "stages": _stages(report),
        "counts": [(each, count) for each, count in report.outcomes.items() if count],
        "meanings": MEANINGS,
        "steps": next_steps(report),
        "demo_over": DEMO_OVER if is_demo(report) else "",
        "reasons": reasons[:_MOST_REASONS],
        "more_reasons": len(reasons) - _MOST_REASONS,
        "figures": figures(report, number, text),
        "comparison": report.comparison,
        "changes": (Change.NEWLY_FAILING, Change.STILL_FAILING, Change.NEWLY_FINE),
        "Change": Change,
        "Outcome": Outcome,
        "zone": "in UTC" if zone is UTC else f"in the zone {zone}",
        "batches": report.batches[:_MOST_BATCHES],
        "more_batches": len(report.batches) - _MOST_BATCHES,
        "strangers": report.unexpected[:_MOST_STRANGERS],
        "more_strangers": len(report.unexpected) - _MOST_STRANGERS,
        "read_as": _read_as(report.run.file_facts),
        "server_times": report.run.file_facts.get("server_times", ()),
        "number": number,
        "text": text,
        "numbers_masked": not show_numbers,
        "duration": duration(report.run.started_at, report.run.finished_at),
        "style": Markup(_style()),  # noqa: S704 - our own file
    }


def _stages(report: Report) -> list[Stage]:
    """The steps of the way at which rows leave it, its beginning and its end."""
    way = funnel(report.outcomes)
    return [each for each in way if each.leaving or each in (way[0], way[-1])]


def _read_as(facts: Mapping[str, Any]) -> str:
    names = {"kind": "", "encoding": "", "delimiter": "delimiter ", "sheet": "sheet "}
    return ", ".join(f"{word}{facts[name]}" for name, word in names.items() if facts.get(name))


@cache
def _style() -> str:
    loader = _environment().loader
    assert loader is not None  # noqa: S101 - set above
    return loader.get_source(_environment(), "report.css")[0]
