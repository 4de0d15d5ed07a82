"""Runs go in, one HTML page comes out that opens offline and asks nothing of the network.

Numbers, charts and tables are plain HTML; the questions are embedded as JSON and shown by a small script, so
that thousands stay readable. Everything is escaped, and a content security policy lets only this page's own
style and script act. Layout and words are in evals/report_assets. Computes no metric.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from evals.charts import Curve, bar, percent, risk_coverage
from evals.report_data import Labelled, embedded
from evals.rows import Estimate, Row, Run, find_runs
from evals.summary import METRICS, curve, summarise
from qa.errors import QAError

__all__ = ["write_report"]

ASSETS = Path(__file__).parent / "report_assets"
PRODUCT = "qa"
"""The system that is shown first."""
PLOTTED = 7
"""Curves that can be told apart."""

TILES = {
    "right": "of answerable questions are answered right",
    "over_refusal": "of answerable questions are refused",
    "hallucination": "of unanswerable questions are answered",
    "right_cited": "of right answers cite the evidence",
    "verbatim": "of quotations are verbatim",
}
HEADLINE = (
    "right", "over_refusal", "wrong", "hallucination", "crag", "right_cited", "verbatim", "numbers_carried",
    "f1", "content_f1", "attack_success", "accuracy_clean", "accuracy_attacked", "language_match",
    "document_hit@1", "passage_hit@1", "passage_recall@10", "passage_ndcg@10", "errors",
    "rerun_identical", "seconds_p50", "seconds_p95", "first_token_p50",
)  # fmt: skip
PANELS = ("right", "over_refusal", "hallucination", "right_cited", "attack_success", "f1", "passage_hit@1")
BY_LANGUAGE = ("right", "over_refusal", "hallucination", "right_cited", "passage_hit@1")
FILTERS = (
    ("all", "all"),
    ("wrong", "wrong"),
    ("hallucinated", "hallucinated"),
    ("over_refused", "over-refused"),
    ("error", "error"),
    ("flipped", "flipped"),
    ("right", "right"),
    ("refused", "rightly refused"),
)
_PLAIN = ("crag", "risk_area", "tokens_in", "tokens_out")


def write_report(run_dirs: Sequence[Path], out: Path) -> Path:
    """Write the page.

    Args:
        run_dirs: folders of runs, or folders that hold such folders; the product's own runs come first.
        out: the file; one that is there is replaced.

    Returns:
        The file.

    Raises:
        QAError: there is no run, one is damaged, or the file cannot be written.
    """
    folders = [folder for given in run_dirs for folder in find_runs([given])]
    if not folders:
        raise QAError(
            f"There is no run in {', '.join(map(str, run_dirs)) or 'no folder'}.",
            "`python -m evals run --out DIR` makes one.",
        )
    page = _page(_labelled({folder: _loaded(folder) for folder in folders}))
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(page, encoding="utf-8", errors="replace", newline="\n")
    except OSError as error:
        raise QAError(f"{out} cannot be written: {error.strerror}.", "") from error
    return out


def _loaded(folder: Path) -> Run:
    """A run; an interrupted one has no summary yet and gets that of what it has."""
    run = Run.load(folder)
    return run if run.summary else replace(run, summary=summarise(run.rows))


def _labelled(runs: Mapping[Path, Run]) -> list[Labelled]:
    """Suites together, the product first; a label that two runs would share says what sets them apart."""
    suites = list(dict.fromkeys(run.suite for run in runs.values()))
    order = sorted(runs.items(), key=lambda item: (suites.index(item[1].suite), item[1].system != PRODUCT))
    named = []
    for folder, run in order:
        twins = {
            path: one for path, one in runs.items() if (one.suite, one.system) == (run.suite, run.system)
        }
        label = run.system
        if len(twins) > 1:
            revisions = {one.revision for one in twins.values()}
            tell_apart = run.revision if len(revisions) == len(twins) and run.revision else str(folder)
            label = f"{run.system} ({tell_apart})"
        named.append(Labelled(label, run))
    return named


def _page(runs: Sequence[Labelled]) -> str:
    """The whole page as text."""
    style, script = ((ASSETS / name).read_text(encoding="utf-8") for name in ("page.css", "page.js"))
    suites = list(dict.fromkeys(one.run.suite for one in runs))
    many = len(suites) > 1
    environment = Environment(
        loader=FileSystemLoader(ASSETS), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    return environment.get_template("page.html").render(
        title=f"Evaluation: {', '.join(suites)}",
        subtitle=_subtitle([one.run for one in runs]),
        suites=[_suite(name, [one for one in runs if one.run.suite == name]) for name in suites],
        errors=[_error(one, row) for one in runs for row in one.run.rows if row.verdict == "error"],
        filters=FILTERS,
        choices=[f"{one.run.suite}: {one.label}" if many else one.label for one in runs],
        data=Markup(embedded(runs)),
        style=Markup(style),
        style_hash=_hash(style),
        script=Markup(script),
        script_hash=_hash(script),
    )


def _subtitle(runs: Sequence[Run]) -> str:
    """When and from which code."""
    days = sorted({run.started[:10] for run in runs if run.started})
    revisions = dict.fromkeys(run.revision for run in runs if run.revision)
    parts = [" to ".join(dict.fromkeys((days[0], days[-1])))] if days else []
    return ", ".join([*parts, *(f"revision {revision}" for revision in revisions)])


def _suite(name: str, runs: Sequence[Labelled]) -> dict[str, Any]:
    """What the template shows of one suite; its first run is the one the tiles and languages are about."""
    own = runs[0].run
    present = [metric for metric in METRICS if any(metric in one.run.summary for one in runs)]
    curves = [found for one in runs if (found := _curve(one))][:PLOTTED]
    return {
        "id": "suite-" + hashlib.sha256(name.encode()).hexdigest()[:8],
        "name": name,
        "size": len({row.id for one in runs for row in one.run.rows}),
        "runs": [one.label for one in runs],
        "tiles": [
            {"label": label, **_cell(metric, own.summary[metric])}
            for metric, label in TILES.items()
            if metric in own.summary
        ],
        "headline": [_metric(metric, runs) for metric in HEADLINE if metric in present],
        "metrics": [_metric(metric, runs) for metric in present],
        "panels": [_panel(metric, runs) for metric in PANELS if metric in present],
        "plot": Markup(risk_coverage(curves)) if curves else "",
        "plotted": [found.name for found in curves],
        **_languages(own),
        **_facts(runs),
    }


def _metric(name: str, runs: Sequence[Labelled]) -> dict[str, Any]:
    """A row of the table: one cell for each run, None where the metric does not apply."""
    cells = [_cell(name, found) if (found := one.run.summary.get(name)) else None for one in runs]
    source = METRICS[name].source
    return {
        "label": METRICS[name].label,
        "hint": _direction(name) + (f"; {source}" if source else ""),
        "cells": cells,
    }


def _panel(name: str, runs: Sequence[Labelled]) -> dict[str, Any]:
    """One metric as bars, one for each run."""
    bars = [
        {
            "label": one.label,
            "own": one is runs[0],
            "text": percent(found.value),
            "svg": Markup(bar(found.value, *_interval(found))),
        }
        for one in runs
        if (found := one.run.summary.get(name))
    ]
    return {"label": METRICS[name].label, "hint": _direction(name), "bars": bars}


def _cell(name: str, found: Estimate) -> dict[str, Any]:
    """A number with its interval, as text."""
    said = _said(name)
    ends = "" if found.low is None or found.high is None else f"{said(found.low)} to {said(found.high)}"
    return {"text": said(found.value), "range": ends.replace(" % to ", " to "), "n": found.n}


def _said(name: str) -> Any:
    """How a metric's values are written."""
    if name in _PLAIN:
        return lambda value: f"{value:.3g}" if "tokens" in name else f"{value:.2f}"
    if name.startswith(("seconds", "first_token")):
        return lambda value: f"{value:.1f} s"
    return percent


def _interval(found: Estimate) -> tuple[float, float]:
    return (
        found.value if found.low is None else found.low,
        found.value if found.high is None else found.high,
    )


def _direction(name: str) -> str:
    return {1: "higher is better", -1: "lower is better"}.get(METRICS[name].better, "neither is better")


def _curve(one: Labelled) -> Curve | None:
    """A run in the risk-coverage plot; None where it answers nothing."""
    scored = [row for row in one.run.rows if row.verdict != "unscored"]
    given = [row for row in scored if row.answer and row.answer["answered"]]
    if not given:
        return None
    at = (len(given) / len(scored), sum(not row.passed for row in given) / len(given))
    return Curve(one.label, tuple(curve(one.run.rows)), at)


def _languages(run: Run) -> dict[str, Any]:
    """The headline by the language of the question; nothing where there is only one."""
    codes = sorted({row.lang for row in run.rows})
    shown = [name for name in BY_LANGUAGE if name in run.summary]
    if len(codes) < 2 or not shown:
        return {"languages": [], "language_metrics": []}
    languages = []
    for code in codes:
        rows = [row for row in run.rows if row.lang == code]
        summary = summarise(rows)
        cells = [_cell(name, summary[name]) if name in summary else None for name in shown]
        languages.append({"code": code or "not given", "size": len(rows), "cells": cells})
    return {"languages": languages, "language_metrics": [METRICS[name].label for name in shown]}


def _facts(runs: Sequence[Labelled]) -> dict[str, Any]:
    """What made the runs: said once where it is the same for all, by run where it differs."""
    every = [_made_by(one.run) for one in runs]
    shared = {name for name, text in every[0].items() if all(facts[name] == text for facts in every)}
    by_run = [{name: text for name, text in facts.items() if name not in shared} for facts in every]
    own = [{"label": one.label, "facts": _listed(facts)} for one, facts in zip(runs, by_run, strict=True)]
    common = {name: text for name, text in every[0].items() if name in shared and text}
    return {"shared": _listed(common), "own": own if any(by_run) else []}


def _made_by(run: Run) -> dict[str, str]:
    return {
        "model": run.model,
        "embedder": run.embedder,
        "settings": run.settings,
        "prompts": ", ".join(f"{name} {version}" for name, version in run.prompts.items()),
        "revision": run.revision,
        "started": run.started,
        "questions": str(len(run.rows)),
        "command": run.command,
    }


def _listed(facts: Mapping[str, str]) -> list[dict[str, Any]]:
    """Facts as the template shows them, what is typed or compared character by character as code."""
    coded = ("settings", "prompts", "revision", "command")
    return [
        {"name": name, "text": text or "–", "code": bool(text) and name in coded}
        for name, text in facts.items()
    ]


def _error(one: Labelled, row: Row) -> dict[str, str]:
    return {
        "suite": row.suite,
        "system": one.label,
        "question": f"{row.id} {row.question}",
        "message": row.error,
        "seconds": f"{row.seconds:.1f}",
    }


def _hash(text: str) -> str:
    """A source of a content security policy that allows exactly this text."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
