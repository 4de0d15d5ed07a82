"""Numbers go in, inline SVG comes out; pure, knows no run, no page and no colour.

Colours, dashes and fonts are the style sheet's: marks carry classes (``s0``, ``s1``, ... for the systems).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from xml.etree import ElementTree

__all__ = ["Curve", "bar", "percent", "risk_coverage"]

WIDTH, HEIGHT = 420, 280
LEFT, TOP, RIGHT, BOTTOM = 46, 12, 12, 40
RISK_STEPS = (0.1, 0.2, 0.5, 1.0)


@dataclass(frozen=True, slots=True)
class Curve:
    """One system in the risk-coverage plot.

    Attributes:
        name: of the system.
        points: (coverage, risk), both 0 to 1, by rising coverage; fewer than two draw no line.
        at: the point at which the system works; None where it has none.
    """

    name: str
    points: tuple[tuple[float, float], ...]
    at: tuple[float, float] | None = None


def percent(share: float) -> str:
    """0.5625 as ``56 %``; one decimal next to 0 and 100, where a point matters."""
    value = round(100 * share, 1)
    near_end = 0 < value < 1 or 99 < value < 100
    return f"{value:.1f} %" if near_end else f"{value:.0f} %"


def bar(value: float, low: float, high: float) -> str:
    """A horizontal bar from 0 to 1 with its interval; as wide as its container."""
    label = f"{percent(value)}, interval {percent(low)} to {percent(high)}"
    svg = _element("svg", {"class": "bar", "width": "100%", "height": 16, "role": "img", "aria-label": label})
    _add(svg, "rect", {"class": "track", "width": "100%", "y": 3, "height": 10, "rx": 2})
    _add(svg, "rect", {"class": "fill", "width": _at(value), "y": 3, "height": 10, "rx": 2})
    for x1, x2, y1, y2 in ((low, high, 8, 8), (low, low, 4, 12), (high, high, 4, 12)):
        _add(svg, "line", {"class": "whisker", "x1": _at(x1), "x2": _at(x2), "y1": y1, "y2": y2})
    return _text(svg)


def risk_coverage(curves: Sequence[Curve]) -> str:
    """Share of wrong answers among those given, against the share of questions answered."""
    seen = [point for curve in curves for point in (*curve.points, *((curve.at,) if curve.at else ()))]
    top = _ceiling(risk for _, risk in seen)
    label = "Risk against coverage: " + ", ".join(curve.name for curve in curves)
    svg = _element("svg", {"class": "plot", "viewBox": f"0 0 {WIDTH} {HEIGHT}", "role": "img"})
    svg.set("aria-label", label)
    _axes(svg, top)
    for number, curve in enumerate(curves):
        places = [_place(point, top) for point in curve.points]
        if len(places) > 1:
            line = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
            _add(svg, "polyline", {"class": f"line s{number}", "points": line})
        if curve.at:
            x, y = _place(curve.at, top)
            mark = _add(svg, "circle", {"class": f"point s{number}", "cx": x, "cy": y, "r": 5})
            where = f"answers {percent(curve.at[0])}, of these {percent(curve.at[1])} wrong"
            _add(mark, "title", {}, f"{curve.name}: {where}")
    return _text(svg)


def _axes(svg: ElementTree.Element, top: float) -> None:
    """Grid, ticks and names of both axes."""
    for step in range(5):
        x, _ = _place((step / 4, 0), top)
        left, y = _place((0, top * step / 4), top)
        _add(svg, "line", {"class": "grid", "x1": x, "x2": x, "y1": TOP, "y2": HEIGHT - BOTTOM})
        _add(svg, "line", {"class": "grid", "x1": left, "x2": WIDTH - RIGHT, "y1": y, "y2": y})
        _add(svg, "text", {"class": "tick", "x": x, "y": HEIGHT - BOTTOM + 15, "text-anchor": "middle"},
             f"{25 * step}")  # fmt: skip
        _add(svg, "text", {"class": "tick", "x": left - 6, "y": y + 4, "text-anchor": "end"},
             f"{100 * top * step / 4:g}")  # fmt: skip
    middle = (TOP + HEIGHT - BOTTOM) / 2
    _add(svg, "text", {"class": "axis", "x": (LEFT + WIDTH - RIGHT) / 2, "y": HEIGHT - 6,
                       "text-anchor": "middle"}, "answered, % of questions")  # fmt: skip
    _add(svg, "text", {"class": "axis", "x": 12, "y": middle, "text-anchor": "middle",
                       "transform": f"rotate(-90 12 {middle:g})"}, "wrong, % of answers")  # fmt: skip


def _ceiling(risks: Iterable[float]) -> float:
    """The top of the risk axis: the first step that holds every risk."""
    highest = max(risks, default=0.0)
    return next((step for step in RISK_STEPS if highest <= step), 1.0)


def _place(point: tuple[float, float], top: float) -> tuple[float, float]:
    """Where (coverage, risk) lies in the plot."""
    coverage, risk = point
    x = LEFT + coverage * (WIDTH - LEFT - RIGHT)
    return round(x, 1), round(HEIGHT - BOTTOM - risk / top * (HEIGHT - TOP - BOTTOM), 1)


def _at(share: float) -> str:
    return f"{100 * min(max(share, 0.0), 1.0):.2f}%"


def _element(tag: str, attributes: dict[str, str | float]) -> ElementTree.Element:
    return ElementTree.Element(tag, {name: str(value) for name, value in attributes.items()})


def _add(
    parent: ElementTree.Element, tag: str, attributes: dict[str, str | float], text: str = ""
) -> ElementTree.Element:
    child = _element(tag, attributes)
    child.text = text or None
    parent.append(child)
    return child


def _text(svg: ElementTree.Element) -> str:
    return ElementTree.tostring(svg, encoding="unicode")
