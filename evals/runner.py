"""A suite, a system and a plan go in; a `Run` comes out, on disk from its first row.

An error is a row, never a gap. Broken off by Ctrl-C or a kill, a run goes on from the last row written.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from evals.cases import Case, Suite
from evals.rows import RUN, Row, Run, append
from evals.score import score_answer, score_error, score_search
from evals.summary import summarise
from evals.systems import Opened, Setup, open_system
from qa.errors import ModelError, QAError

__all__ = ["Plan", "Tell", "execute", "revision"]

Tell = Callable[[Row, int, int], None]
"""Called with a new row, its number and how many there will be."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How a suite is to be run.

    Attributes:
        folder: of the run.
        resume: go on with the run that is there.
        retrieval_only: search, and leave the chat model alone.
        rerun: ask so many questions again at the end, and compare.
        command: what was typed, for the record.
    """

    folder: Path
    resume: bool = False
    retrieval_only: bool = False
    rerun: int = 0
    command: str = ""


def execute(suite: Suite, system: str, setup: Setup, plan: Plan, tell: Tell) -> Run:
    """Ask every question of a suite that has not been asked yet.

    Raises:
        QAError: the run cannot begin, or does not belong to the one in its folder; the first question
            already fails for want of a model.
    """
    with open_system(system, suite, setup) as opened:
        header = _header(opened, system, plan)
        run = _begin(header, opened.suite, plan)
        done = {row.id: row for row in run.rows}
        for number, case in enumerate(opened.suite.cases, 1):
            if case.id not in done:
                row = _one(opened, case, plan, first=not done)
                row = replace(row, suite=suite.name, system=system, made=header.made)
                append(plan.folder, row)
                done[case.id] = row
                tell(row, number, len(opened.suite.cases))
        rows = tuple(done[case.id] for case in opened.suite.cases)
        if not plan.retrieval_only:
            rows = _again(opened, rows, plan.rerun)
    finished = replace(run, rows=rows, summary=summarise(rows))
    finished.write(plan.folder)
    return finished


def revision(folder: Path = Path(__file__).parent) -> str:
    """Short git hash of the code, with "+" where tracked files differ from it; "" outside a checkout."""

    def git(*words: str) -> str:
        done = subprocess.run(["git", "-C", str(folder), *words], capture_output=True, text=True, timeout=10)
        return done.stdout.strip() if done.returncode == 0 else ""

    try:
        found = git("rev-parse", "--short", "HEAD")
        return f"{found}+" if found and git("status", "--porcelain", "-uno") else found
    except (OSError, subprocess.TimeoutExpired):
        return ""


def _header(opened: Opened, system: str, plan: Plan) -> Run:
    asks = not plan.retrieval_only
    return Run(
        suite=opened.suite.name,
        system=system,
        settings=opened.settings,
        prompts=dict(opened.system.prompts) if asks else {},
        model=opened.system.model if asks else "",
        embedder=opened.system.embedder,
        revision=revision(),
        started=datetime.now(UTC).isoformat(timespec="seconds"),
        command=plan.command,
    )


def _begin(header: Run, suite: Suite, plan: Plan) -> Run:
    """The run in the folder if it is to go on, or a new one, on disk."""
    if not (plan.folder / RUN).exists():
        header.write(plan.folder)
        return header
    if not plan.resume:
        raise QAError(f"{plan.folder} holds a run already.", "Add --resume, or give another --out.")
    run = Run.load(plan.folder)
    names = ("suite", "system", "settings", "prompts", "models", "embedder")
    changed = [n for n, old, new in zip(names, run.identity, header.identity, strict=True) if old != new]
    if changed:
        raise QAError(f"The run in {plan.folder} was made with other {', '.join(changed)}.",
                      "Go on with it as it was, or give another --out.")  # fmt: skip
    if {row.id for row in run.rows} - {case.id for case in suite.cases}:
        raise QAError(f"The run in {plan.folder} holds questions that this one leaves out.",
                      "Give the same --limit or a larger one.")  # fmt: skip
    run.write(plan.folder)  # without a row that was cut off
    return run


def _one(opened: Opened, case: Case, plan: Plan, first: bool) -> Row:
    begun = time.monotonic()
    try:
        if plan.retrieval_only:
            hits = opened.system.search(case)
            return score_search(case, hits, opened.shelf, time.monotonic() - begun)
        answer, searched = opened.system.ask(case), opened.system.searches
        return score_answer(case, answer, opened.shelf, opened.suite.rule, searched)
    except Exception as error:  # noqa: BLE001 - a bug costs its question, not the night's run
        if first and isinstance(error, ModelError):
            raise
        told = error.message if isinstance(error, QAError) else f"{type(error).__name__}: {error}"
        return score_error(case, told, opened.shelf, time.monotonic() - begun)


def _again(opened: Opened, rows: Sequence[Row], count: int) -> tuple[Row, ...]:
    """The rows, the first ``count`` of them with what a second asking changes."""
    cases = {case.id: case for case in opened.suite.cases}
    asked = []
    for row in rows[:count]:
        try:
            answer = opened.system.ask(cases[row.id]).to_dict()
        except QAError:
            answer = None
        asked.append(replace(row, scores={**row.scores, **_again_scores(row.answer, answer)}))
    return (*asked, *rows[count:])


def _again_scores(
    first: Mapping[str, Any] | None, second: Mapping[str, Any] | None
) -> dict[str, float | None]:
    """Whether all but the receipt is the same, byte for byte, and how far the decision's probability moved.

    The receipt holds the clock, and the probability, which the embedded model gives differently in the third
    digit or sooner where it still has the beginning of the prompt in its cache.
    """
    if first is None or second is None:
        return {"rerun_identical": 0.0}
    same = {**first, "receipt": {}} == {**second, "receipt": {}}
    before, after = (answer["receipt"]["checks"].get("stated") for answer in (first, second))
    moved = None if before is None or after is None else abs(after - before)
    return {"rerun_identical": float(same), "rerun_moved": moved}
