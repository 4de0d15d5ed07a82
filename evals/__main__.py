"""``python -m evals run``: a suite goes in; rows, a table and an exit code come out.

Errors count as wrong and are listed. A refusal is read from ``answer.answered``, never from a phrase.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from evals.cases import Case, Suite, load_suite
from evals.metrics import contains, evidence_cited, wilson
from qa import Assistant
from qa.errors import QAError

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Score answers against written questions.")
console = Console(stderr=True)
_MARK = {True: "right", False: "WRONG"}


@dataclass(frozen=True, slots=True)
class Row:
    """What one question got.

    Attributes:
        id, lang, question, answerable: of the case.
        text, answered, reason: of the answer; ``reason`` is the error's message where there was one.
        right: answerable, answered and containing; or unanswerable and refused.
        cited: answerable and right, with a citation that holds the evidence; None where not asked.
        verbatim: every quote stands at its offsets in the source.
        stated: the probability the decision rested on; None where there is none.
        seconds, first_token: of this answer.
    """

    id: str
    lang: str
    question: str
    answerable: bool
    text: str
    answered: bool
    reason: str
    right: bool
    cited: bool | None
    verbatim: bool
    stated: float | None
    seconds: float
    first_token: float


@app.callback()
def _main() -> None:
    """Keep ``run`` a command of its own: others follow."""


@app.command()
def run(
    suite: Annotated[str, typer.Option(help="article, sample, or a JSONL file")] = "sample",
    document: Annotated[Path | None, typer.Option(help="the article the questions are about")] = None,
    limit: Annotated[int | None, typer.Option(help="so many cases, a fixed choice")] = None,
    out: Annotated[Path | None, typer.Option(help="write rows.jsonl and summary.json here")] = None,
    min_right: Annotated[float, typer.Option(help="fail below this share of answerable right")] = 0.0,
    min_refused: Annotated[float, typer.Option(help="fail below this share of unanswerable refused")] = 0.0,
) -> None:
    """Ask every question of a suite and score the answers."""
    try:
        chosen = load_suite(suite, document, limit)
        rows = list(_rows(chosen))
    except QAError as error:
        console.print(f"error: {error.message}\nhint: {error.hint}", markup=False, highlight=False)
        raise typer.Exit(2) from error
    summary = summarise(rows)
    _show(chosen.name, rows, summary)
    if out:
        _write(out, rows, summary)
    low = [
        f"{name} is {summary[name][0]:.3f}, under {floor:.3f}"
        for name, floor in (("answerable right", min_right), ("unanswerable refused", min_refused))
        if name in summary and summary[name][0] < floor
    ]
    passed = sum(row.right for row in rows)
    sys.stdout.write(f"{suite}: {passed} right, {len(rows) - passed} wrong\n")
    for line in low:
        sys.stdout.write(f"gate: {line}\n")
    raise typer.Exit(1 if low else 0)


def summarise(rows: Sequence[Row]) -> dict[str, tuple[float, int]]:
    """Rates with their n: (rate, n)."""
    yes, no = [r for r in rows if r.answerable], [r for r in rows if not r.answerable]
    found: dict[str, tuple[float, int]] = {}

    def rate(name: str, among: Sequence[Row], test: Callable[[Row], bool]) -> None:
        if among:
            found[name] = (sum(map(test, among)) / len(among), len(among))

    rate("answerable right", yes, lambda row: row.right)
    for lang in sorted({row.lang for row in yes}):
        rate(f"  of these {lang}", [row for row in yes if row.lang == lang], lambda row: row.right)
    rate("over-refusal", yes, lambda row: not row.answered)
    rate("unanswerable refused", no, lambda row: row.right)
    for lang in sorted({row.lang for row in no}):
        rate(f"  of those {lang}", [row for row in no if row.lang == lang], lambda row: row.right)
    rate("right answers citing the evidence", [r for r in yes if r.right], lambda row: bool(row.cited))
    rate("quotes verbatim", rows, lambda row: row.verbatim)
    return found


def _rows(suite: Suite) -> list[Row]:
    rows = []
    with tempfile.TemporaryDirectory() as home, Assistant(home=home) as assistant:
        for path in suite.documents:
            report = assistant.add(path)
            for failure in report.failed:
                raise QAError(failure.message, failure.hint)
        ids = {Path(info.source).name: info.id for info in assistant.documents()}
        texts = {info.id: assistant.document(info.id).text for info in assistant.documents()}
        for number, case in enumerate(suite.cases, 1):
            row = _ask(assistant, case, [ids[case.document]] if case.document else None, texts)
            console.print(
                f"{number}/{len(suite.cases)} {_MARK[row.right]} {case.id} {case.question} -> "
                f"{row.text} ({row.reason}, {row.seconds:.1f} s)",
                markup=False, highlight=False,
            )  # fmt: skip
            rows.append(row)
    return rows


def _ask(assistant: Assistant, case: Case, documents: list[str] | None, texts: dict[str, str]) -> Row:
    begun = time.monotonic()
    try:
        answer = assistant.ask(case.question, document_ids=documents)
    except QAError as error:
        seconds = time.monotonic() - begun
        return Row(
            case.id, case.lang, case.question, case.answerable, "", False, f"error: {error.message}",
            False, None, True, None, seconds, seconds,
        )  # fmt: skip
    seconds = time.monotonic() - begun
    cited = [(c.start, c.end) for c in answer.citations]
    if case.answerable:
        right = answer.answered and contains(answer.text, case.answers)
    else:
        right = not answer.answered
    return Row(
        id=case.id,
        lang=case.lang,
        question=case.question,
        answerable=case.answerable,
        text=answer.text,
        answered=answer.answered,
        reason=answer.reason,
        right=right,
        cited=evidence_cited(cited, case.evidence) if case.answerable and right else None,
        verbatim=all(texts[c.document_id][c.start : c.end] == c.quote for c in answer.citations),
        stated=answer.receipt.checks.get("stated"),
        seconds=seconds,
        first_token=answer.receipt.seconds.get("first_token", seconds),
    )


def _show(name: str, rows: Sequence[Row], summary: dict[str, tuple[float, int]]) -> None:
    table = Table(title=f"{name}: {len(rows)} questions")
    for heading in ("metric", "rate", "95 % interval", "n"):
        table.add_column(heading)
    for metric, (rate, n) in summary.items():
        low, high = wilson(round(rate * n), n)
        table.add_row(metric, f"{rate:.3f}", f"{low:.2f} to {high:.2f}", str(n))
    seconds = [row.seconds for row in rows] or [0.0]
    first = [row.first_token for row in rows] or [0.0]
    table.add_row(
        "seconds, median / mean", f"{statistics.median(seconds):.1f} / {statistics.mean(seconds):.1f}", "", ""
    )
    table.add_row("seconds to first word, median", f"{statistics.median(first):.1f}", "", "")
    console.print(table)


def _write(out: Path, rows: Sequence[Row], summary: dict[str, tuple[float, int]]) -> None:
    out.mkdir(parents=True, exist_ok=True)
    lines = (json.dumps(asdict(row), ensure_ascii=False) for row in rows)
    (out / "rows.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (out / "summary.json").write_text(json.dumps(summary, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    app()
