"""The newest evals report as HTML: a `qa.reports.Report` goes in, a table with intervals drawn comes out."""

from __future__ import annotations

from qa.reports import Metric, Report
from qa.ui.markup import Safe, exact, join, tag
from qa.ui.words import words

__all__ = ["evals"]

_COMMAND = "python -m evals run --suite sample"
_FACTS = ("suite", "system", "model", "embedder", "revision", "started")
_LEFT, _WIDTH = 4, 152


def evals(report: Report | None, language: str) -> Safe:
    """The tab: what was run, each metric with its interval, and the run's own page with its plots."""
    w = words(language)
    head = tag("h2", w["evals"])
    if report is None:
        before, _, after = w["evals_none"].partition("{command}")
        return join([head, tag("p", before, tag("code", _COMMAND), after, class_="none")])
    facts = " · ".join([report.name, *(report.header[name] for name in _FACTS if name in report.header)])
    parts = [head, tag("p", f"{w['evals_newest']}: {facts}", class_="hint")]
    if report.metrics:
        parts.append(_table(report, language))
    if report.html:
        # A page of its own: its script sorts its tables and can reach nothing of this page.
        page = tag(
            "iframe",
            class_="plots",
            sandbox="allow-scripts",
            title=w["evals_newest"],
            srcdoc=exact(report.html),
        )
        parts.append(page)
    return join(parts)


def _table(report: Report, language: str) -> Safe:
    w = words(language)
    titles = [tag("th", w[key], scope="col") for key in ("metric", "rate", "interval")]
    titles += [tag("td"), tag("th", w["n"], scope="col")]
    body = tag("tbody", *(_row(name, metric) for name, metric in report.metrics.items()))
    table = tag("table", tag("thead", tag("tr", *titles)), body, class_="metrics")
    return tag("div", table, class_="wide", tabindex=0, role="region", aria_label=w["evals_newest"])


def _row(name: str, metric: Metric) -> Safe:
    interval = "" if metric.low is None or metric.high is None else f"{metric.low:.3f} – {metric.high:.3f}"
    return tag(
        "tr",
        tag("th", name, scope="row"),
        tag("td", f"{metric.value:.3f}", class_="number"),
        tag("td", interval, class_="number"),
        tag("td", _drawn(metric)),
        tag("td", f"{metric.n:,}" if metric.n else "", class_="number"),
    )


def _drawn(metric: Metric) -> Safe:
    """A rate on a line from 0 to 1 with its interval; nothing for what is no rate."""
    if metric.low is None or metric.high is None or not 0 <= metric.low <= metric.high <= 1:
        return join([])
    x, low, high = (round(_LEFT + _WIDTH * value, 1) for value in (metric.value, metric.low, metric.high))
    axis = tag("path", class_="axis", d=f"M{_LEFT} 8H{_LEFT + _WIDTH}")
    line = tag("path", class_="interval", d=f"M{low} 8H{high}")
    dot = tag("circle", cx=x, cy=8, r=4)
    size = {"viewBox": "0 0 160 16", "width": 160, "height": 16, "aria_hidden": "true"}
    return tag("svg", axis, line, dot, class_="drawn", **size)
