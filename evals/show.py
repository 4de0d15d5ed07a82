"""Runs go in, tables on the terminal come out; knows no system and no metric's definition."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from evals.compare import Comparison
from evals.judge import Judgement
from evals.rows import Estimate, Row, Run
from evals.summary import METRICS, summarise

__all__ = ["comparison", "comparison_of_systems", "failures", "judgement", "row_line", "summary"]

SIDE_BY_SIDE = {
    "right": "right",
    "refused": "ref.",
    "over_refusal": "over-\nref.",
    "crag": "CRAG",
    "f1": "F1",
    "right_cited": "cited",
    "document_hit@1": "doc.\n@1",
    "document_hit@5": "doc.\n@5",
    "passage_hit@1": "pass.\n@1",
    "passage_hit@5": "pass.\n@5",
    "seconds_p50": "s",
}
"""Metrics of the table of systems, and their heads there."""


def summary(console: Console, run: Run) -> None:
    """Every metric of a run with its interval and n, the headlines by language below."""
    table = Table(title=f"{run.suite}, {run.system}: {len(run.rows)} questions", title_justify="left")
    for heading, side in (("metric", "left"), ("value", "right"), ("95 % interval", "right"), ("n", "right")):
        table.add_column(heading, justify="right" if side == "right" else "left")
    for name, value in run.summary.items():
        table.add_row(METRICS[name].label, _number(value.value), _interval(value), str(value.n))
    for lang in _languages(run.rows):
        part = summarise([row for row in run.rows if row.lang == lang])
        for name in ("right", "refused", "document_hit@1", "passage_hit@1"):
            if name in part:
                label = f"  {lang}: {METRICS[name].label}"
                table.add_row(label, _number(part[name].value), _interval(part[name]), str(part[name].n))
    console.print(table)


def comparison_of_systems(console: Console, runs: Sequence[Run]) -> None:
    """The headlines of several systems, one a line."""
    table = Table(
        title=f"{runs[0].suite}: beside what it must beat",
        title_justify="left",
        box=None,
        padding=(0, 1, 0, 0),
    )
    table.add_column("system", no_wrap=True)
    names = [name for name in SIDE_BY_SIDE if any(name in run.summary for run in runs)]
    for name in names:
        table.add_column(SIDE_BY_SIDE[name], justify="right", no_wrap=True)
    for run in runs:
        found = (run.summary.get(name) for name in names)
        table.add_row(run.system, *("" if value is None else _number(value.value) for value in found))
    console.print(table)


def failures(console: Console, rows: Sequence[Row], most: int = 20) -> None:
    """The errors, every one up to ``most``, and how many there are."""
    broken = [row for row in rows if row.verdict == "error"]
    for row in broken[:most]:
        console.print(f"[red]error[/] {escape(f'{row.id} {row.question}: {row.error}')}", highlight=False)
    if len(broken) > most:
        console.print(f"and {len(broken) - most} more errors, all in rows.jsonl")


def comparison(console: Console, before: Run, after: Run, found: Comparison) -> None:
    """The paired differences, then every question whose verdict flipped, with both answers."""
    table = Table(title=f"{found.common} questions: {_name(before)} → {_name(after)}", title_justify="left")
    for heading in ("metric", "before", "after", "difference", "95 % interval", "p", "n"):
        table.add_column(heading, justify="left" if heading == "metric" else "right")
    for name, change in found.changes.items():
        by = change.difference
        table.add_row(METRICS[name].label, _number(change.before), _number(change.after), f"{by.value:+.3f}",
                      f"{by.low:+.3f} to {by.high:+.3f}", f"{by.p:.3f}", str(by.n))  # fmt: skip
    console.print(table)
    for line in found.lines():
        console.print(line, markup=False, highlight=False)


def judgement(console: Console, found: Judgement) -> None:
    """What a judge says of a run, and how far it agrees with people."""
    table = Table(title=f"judged by {found.judge}", title_justify="left")
    for heading in ("metric", "value", "95 % interval", "n"):
        table.add_column(heading, justify="left" if heading == "metric" else "right")
    for line in found.table():
        table.add_row(*line)
    console.print(table)
    if found.calibration:
        agreeing = Table(title="agreement with people, Pearson / Spearman x 100", title_justify="left")
        for heading in ("aspect", "this judge", "content-word F1"):
            agreeing.add_column(heading)
        for aspect in found.calibration.table():
            agreeing.add_row(*aspect)
        console.print(agreeing)
    for text in found.lines():
        console.print(text, markup=False, highlight=False)


def row_line(row: Row, number: int, total: int) -> str:
    """One answered question on one line."""
    return f"{number}/{total} {row.verdict} {row.id} {row.question} -> {row.text} ({row.seconds:.1f} s)"


def _languages(rows: Sequence[Row]) -> list[str]:
    found = sorted({row.lang for row in rows})
    return found if len(found) > 1 else []


def _name(run: Run) -> str:
    return f"{run.system} {run.revision} {run.settings}".strip()


def _number(value: float) -> str:
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.3f}"


def _interval(value: Estimate) -> str:
    return "" if value.low is None or value.high is None else f"{value.low:.3f} to {value.high:.3f}"
