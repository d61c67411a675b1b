"""Charts as inline SVG by pygal, made quiet: no script, no style of their own, colours by the page.

pygal lays a chart out; its script and style sheet are taken off the tree, so that the page's own
rules colour it for light, dark and paper, and the parts get the titles that a mouse or a screen
reader asks for.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import pygal  # type: ignore[import-untyped]
from markupsafe import Markup
from pygal.etree import etree  # type: ignore[import-untyped]

if TYPE_CHECKING:
    from collections.abc import Sequence

# pygal leaves an import hook of the old kind in the way of every later import, for plugins that are
# not used here; Python warns of it.
sys.meta_path[:] = [hook for hook in sys.meta_path if type(hook).__module__ != "pygal"]

# pygal takes lxml's trees where lxml happens to be installed; the steps below are of the library's.
etree.to_etree()

_WIDTH = 460
_BAR = 30
_LABEL = 26
_HEIGHT = 220
_DROPPED = {"script", "style", "defs", "title"}


def bars(title: str, names: Sequence[str], series: Sequence[tuple[str, Sequence[float]]]) -> Markup:
    """Draw lying bars, one for each name, stacked where there are several series."""
    chart = pygal.HorizontalStackedBar(**_quiet(height=44 + _BAR * max(1, len(names))))
    chart.x_labels = [_short(name) for name in reversed(names)]
    for label, values in series:
        chart.add(label, list(reversed(values)))
    return _svg(chart, title)


def columns(
    title: str, names: Sequence[str], series: Sequence[tuple[str, Sequence[float]]]
) -> Markup:
    """Draw standing bars over time, stacked where there are several series."""
    chart = pygal.StackedBar(
        **_quiet(height=_HEIGHT), x_labels_major_count=4, show_minor_x_labels=False
    )
    chart.x_labels = list(names)
    for label, values in series:
        chart.add(label, list(values))
    return _svg(chart, title)


def line(
    title: str, names: Sequence[str], values: Sequence[float], limit: tuple[str, float] | None
) -> Markup:
    """Draw a filled line over time, and a dashed one across for the limit."""
    chart = pygal.Line(
        **_quiet(height=_HEIGHT),
        x_labels_major_count=4,
        show_minor_x_labels=False,
        include_x_axis=True,
        show_dots=False,
    )
    chart.x_labels = list(names)
    chart.add("rows a second", list(values), fill=True)
    if limit:
        chart.add(limit[0], [limit[1]] * len(values), stroke_style={"dasharray": "6,4"})
    return _svg(chart, title)


def _quiet(height: int) -> dict[str, Any]:
    return {
        "width": _WIDTH,
        "height": height,
        "js": [],
        "show_legend": False,
        "margin": 6,
        "max_scale": 6,
        "truncate_label": -1,
        "formatter": _figure,
        "value_formatter": _figure,
        "no_data_text": "nothing to show",
    }


def _figure(value: float) -> str:
    return f"{value:,.0f}" if value == round(value) else f"{value:,.1f}"


def _short(name: str) -> str:
    return name if len(name) <= _LABEL else name[: _LABEL - 1] + "…"


def _svg(chart: pygal.graph.graph.Graph, title: str) -> Markup:
    tree = chart.render_tree()
    tree.attrib.pop("id", None)
    tree.set("role", "img")
    tree.set("aria-label", title)
    for parent in list(tree.iter()):
        for child in list(parent):
            if _is_noise(child):
                parent.remove(child)
        _name_bar(parent)
    return Markup(ET.tostring(tree, encoding="unicode"))  # noqa: S704 - pygal escapes its texts


def _is_noise(child: ET.Element) -> bool:
    kind = _kind(child)
    return kind in _DROPPED or child.get("class", "").endswith("overlay")


def _name_bar(group: ET.Element) -> None:
    # pygal leaves the value in <desc> for its script; a <title> needs none.
    told = {each.get("class", ""): each.text or "" for each in group if _kind(each) == "desc"}
    for each in [each for each in group if _kind(each) == "desc"]:
        group.remove(each)
    if "value" in told:
        name = ET.Element("title")
        name.text = ": ".join(filter(None, (told.get("x_label", ""), told["value"])))
        group.insert(0, name)


def _kind(element: ET.Element) -> str:
    # A comment's tag is a function, whatever the type says: it goes with the scripts.
    tag: object = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else "script"
