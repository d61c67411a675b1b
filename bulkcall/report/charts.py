"""Charts as inline SVG: laid out here, drawn by templates/charts.svg.j2, coloured by the page."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

if TYPE_CHECKING:
    from collections.abc import Sequence

_WIDTH = 460
_HEIGHT = 220
_LEFT, _TOP, _BOTTOM = 56.0, 14.0, 188.0
_LONGEST_NAME = 52
_TICKS = 4
_MARKS = 4
_LEAST_PIECE = 1.5
"""Pixels: what is there is seen."""


@dataclass(frozen=True, slots=True)
class Series:
    """The figures of one colour."""

    label: str
    colour: str
    """A class of report.css: good, repeat, bad."""
    values: Sequence[float]


def bars(title: str, names: Sequence[str], series: Sequence[Series]) -> Markup:
    """Lying bars, one for each name, stacked where there are several series."""
    totals = [sum(each.values[place] for each in series) for place in range(len(names))]
    most = max([*totals, 1])
    rows = []
    for place, name in enumerate(names):
        start, pieces = 0.0, []
        for each in series:
            value = each.values[place]
            if value:
                width = max(value / most * _WIDTH, _LEAST_PIECE)
                pieces.append(_piece(each, value, start=min(start, _WIDTH - width), width=width))
                start += width
        rows.append({"name": _short(name), "total": totals[place], "pieces": pieces})
    return _drawn("bars", title, _WIDTH, rows)


def columns(
    title: str, names: Sequence[str], series: Sequence[Series], *, top: float = 0
) -> Markup:
    """Standing bars over time, stacked where there are several series; `top`: of the axis."""
    totals = [sum(each.values[place] for each in series) for place in range(len(names))]
    plot = _plane(names, top or max([*totals, 1]))
    step = (plot["right"] - plot["left"]) / max(1, len(names))
    drawn = []
    for place, name in enumerate(names):
        y, pieces, words = _BOTTOM, [], []
        for each in series:
            value = each.values[place]
            if value:
                height = max(value / plot["top"] * (_BOTTOM - _TOP), _LEAST_PIECE)
                y -= height
                pieces.append({"class": each.colour, "y": y, "height": height})
                words.append(f"{_figure(value)} {each.label}")
        if pieces:
            drawn.append(
                {
                    "name": name,
                    "words": ", ".join(words),
                    "x": plot["left"] + (place + 0.1) * step,
                    "width": max(step * 0.8, 0.5),
                    "pieces": pieces,
                }
            )
    return _drawn("columns", title, plot, drawn)


def line(
    title: str, names: Sequence[str], values: Sequence[float], limit: tuple[str, float] | None
) -> Markup:
    """A filled line over time in steps, and a dashed one across for the limit."""
    plot = _plane(names, max([*values, limit[1] if limit else 0, 1]))
    step = (plot["right"] - plot["left"]) / max(1, len(values))

    def height(value: float) -> float:
        return float(_BOTTOM - value / plot["top"] * (_BOTTOM - _TOP))

    path = f"M{plot['left']} {_BOTTOM}"
    for place, value in enumerate(values):
        path += f"V{height(value):.2f}H{plot['left'] + (place + 1) * step:.2f}"
    across = None if limit is None else {"text": limit[0], "y": height(limit[1])}
    return _drawn("line", title, plot, path, across)


def _plane(names: Sequence[str], most: float) -> dict[str, Any]:
    """Axes: round figures up to at least `most`, and a few of the names."""
    unit = _round_unit(most / _MARKS)
    top = unit * math.ceil(most / unit)
    count = round(top / unit)
    marks = [
        {"y": _BOTTOM - place / count * (_BOTTOM - _TOP), "text": _figure(place * unit)}
        for place in range(count + 1)
    ]
    right = _WIDTH - 4.0
    step = (right - _LEFT) / max(1, len(names))
    every = max(1, math.ceil(len(names) / _TICKS))
    ticks = [
        {"x": _LEFT + (place + 0.5) * step, "text": names[place], "anchor": "middle"}
        for place in range(0, len(names), every)
    ]
    if len(ticks) > 1:
        ticks[0] |= {"x": _LEFT, "anchor": "start"}
    return {
        "width": _WIDTH,
        "height": _HEIGHT,
        "left": _LEFT,
        "right": right,
        "bottom": _BOTTOM,
        "top": top,
        "marks": marks,
        "ticks": ticks,
    }


def _round_unit(least: float) -> float:
    """The smallest of 1, 2, 2.5 and 5 times a power of ten that is at least so much."""
    power = 10.0 ** math.floor(math.log10(max(least, 1e-9)))
    unit = next(each * power for each in (1, 2, 2.5, 5, 10) if each * power >= least - 1e-12)
    # Counts are whole: no mark stands at half a row.
    return max(unit, 1.0) if least >= 0.25 else unit  # noqa: PLR2004


def _piece(series: Series, value: float, *, start: float, width: float) -> dict[str, Any]:
    return {
        "class": series.colour,
        "label": series.label,
        "value": value,
        "start": start,
        "width": min(width, _WIDTH),
    }


def _figure(value: float) -> str:
    return f"{value:,.0f}" if value == round(value) else f"{value:,.1f}"


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST_NAME else name[: _LONGEST_NAME - 1] + "…"


@cache
def _macros() -> Any:
    environment = Environment(
        loader=PackageLoader("bulkcall.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["n"] = _figure
    return environment.get_template("charts.svg.j2").module


def _drawn(kind: str, *parts: Any) -> Markup:
    return Markup(getattr(_macros(), kind)(*parts))  # noqa: S704 - the template escapes its texts
