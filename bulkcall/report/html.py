"""report.html: the report as one page that needs no network and no script."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from bulkcall.report.advice import MEANINGS, next_steps, tone, verdict
from bulkcall.report.chart_data import figures
from bulkcall.report.comparison import Change
from bulkcall.report.formatting import duration, share, visible, visible_masked, when
from bulkcall.report.funnel import funnel
from bulkcall.support.masking import masked

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bulkcall.report.model import Report

_MOST_REASONS = 40
_MOST_BATCHES = 500
_MOST_STRANGERS = 50


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
    environment.filters["share"] = share
    return environment


def _context(report: Report, *, show_numbers: bool) -> dict[str, Any]:
    number: Callable[[str], str] = str if show_numbers else masked
    text: Callable[[str], str] = visible if show_numbers else visible_masked
    line = text(verdict(report))
    headline, _, rest = line.partition("; ")
    return {
        "report": report,
        "run": report.run,
        "verdict": line,
        "headline": headline,
        "rest": rest,
        "tone": tone(report),
        "stages": funnel(report.outcomes),
        "counts": [(each, count) for each, count in report.outcomes.items() if count],
        "meanings": MEANINGS,
        "steps": next_steps(report),
        "reasons": report.reasons[:_MOST_REASONS],
        "more_reasons": len(report.reasons) - _MOST_REASONS,
        "figures": figures(report, number, text),
        "comparison": report.comparison,
        "changes": (Change.NEWLY_FAILING, Change.STILL_FAILING, Change.NEWLY_FINE),
        "Change": Change,
        "batches": report.batches[:_MOST_BATCHES],
        "more_batches": len(report.batches) - _MOST_BATCHES,
        "strangers": report.unexpected[:_MOST_STRANGERS],
        "more_strangers": len(report.unexpected) - _MOST_STRANGERS,
        "read_as": _read_as(report.run.file_facts),
        "number": number,
        "text": text,
        "numbers_masked": not show_numbers,
        "duration": duration(report.run.started_at, report.run.finished_at),
        "style": Markup(_style()),  # noqa: S704 - our own file
    }


def _read_as(facts: Mapping[str, Any]) -> str:
    names = {"kind": "", "encoding": "", "delimiter": "delimiter ", "sheet": "sheet "}
    return ", ".join(f"{word}{facts[name]}" for name, word in names.items() if facts.get(name))


@cache
def _style() -> str:
    loader = _environment().loader
    assert loader is not None  # noqa: S101 - set above
    return loader.get_source(_environment(), "report.css")[0]
