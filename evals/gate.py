"""The last accepted answers and new ones go in; reasons to fail come out.

``baseline.json`` holds what each question of a small fixed selection got when the baseline was last accepted,
and a floor under each headline. The gate fails when the same questions are answered worse than chance
explains, or when a headline is under its floor. Answers about texts that are not ours are not kept: they may
quote them.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evals.rows import Row, Run, Verdict
from evals.statistics import mcnemar, wilson
from qa.errors import QAError

__all__ = ["BASELINE", "SELECTION", "baseline_of", "check", "read_baseline"]

BASELINE = Path(__file__).parent / "baseline.json"
SELECTION = {"sample": 48, "article": 40}
"""Suite to questions. An ordinary machine with two cores answers one in four seconds."""
OURS = ("sample",)
SIGNIFICANT = 0.05


@dataclass(frozen=True, slots=True)
class _Got:
    """What a question got, as much as the gate needs of it."""

    verdict: Verdict
    text: str
    scores: Mapping[str, float | None]

    @property
    def passed(self) -> bool:
        return self.verdict in ("right", "refused")


_ANSWERABLE = ("right", "wrong", "over_refused")
_UNANSWERABLE = ("refused", "hallucinated")
_KEPT = ("gold_hit", "verbatim")
_TESTS: dict[str, tuple[str, Callable[[_Got], bool | None]]] = {
    "right": ("answerable right", lambda got: _among(got, _ANSWERABLE, got.verdict == "right")),
    "refused": ("unanswerable refused", lambda got: _among(got, _UNANSWERABLE, got.verdict == "refused")),
    "right_cited": (
        "answerable right and citing the evidence",
        lambda got: _among(got, _ANSWERABLE, got.verdict == "right" and got.scores.get("gold_hit") == 1.0),
    ),
    "verbatim": ("quotations verbatim", lambda got: _whole(got.scores.get("verbatim"))),
}
"""Headline to its words and to whether a question passes it; None where it does not apply."""


def baseline_of(runs: Sequence[Run], earlier: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The baseline that these runs would be; floors are the lower ends of the 95 % intervals.

    A suite that was not run, as its article is not on this machine, stays as it was.

    A quotation that is not verbatim is a broken promise, so the floor of ``verbatim`` is 1.

    Args:
        runs: one for each suite.
        earlier: the baseline before; no floor comes out lower than its.
    """
    first = runs[0]
    before = earlier["suites"] if earlier else {}
    return {
        "model": first.model,
        "embedder": first.embedder,
        "settings": first.settings,
        "prompts": dict(first.prompts),
        "revision": first.revision,
        "started": first.started,
        "suites": before
        | {run.suite: _suite(run, before.get(run.suite, {}).get("floors", {})) for run in runs},
    }


def read_baseline(path: Path = BASELINE) -> dict[str, Any]:
    """Read a baseline.

    Raises:
        QAError: there is none, or it is damaged.
    """
    if not path.is_file():
        raise QAError("There is no baseline yet.", "Make one: python -m evals gate --update.")
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        for suite in found["suites"].values():
            suite["floors"], suite["questions"]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        # Made anew over it, it would forget its floors: whoever wants that deletes it.
        hint = "Restore it, or delete it and make one: python -m evals gate --update."
        raise QAError(f"{path.name} is not a baseline: {error}.", hint) from error
    return found


def check(baseline: Mapping[str, Any], runs: Sequence[Run]) -> list[str]:
    """Reasons to fail, in words; empty to pass.

    Raises:
        QAError: the runs cannot be compared with the baseline: another model, or other questions.
    """
    reasons: list[str] = []
    for run in runs:
        if run.model != baseline["model"]:
            raise QAError(f"The baseline was made with '{baseline['model']}', not with '{run.model}'.",
                          "Run the gate with that model, or make a baseline: gate --update.")  # fmt: skip
        accepted = baseline["suites"].get(run.suite)
        if accepted is None or accepted["questions"].keys() != {row.id for row in run.rows}:
            raise QAError(f"The baseline holds other questions of '{run.suite}'.",
                          "Accept the new ones: python -m evals gate --update.")  # fmt: skip
        reasons += _reasons(run, accepted)
    return reasons


def _reasons(run: Run, accepted: Mapping[str, Any]) -> list[str]:
    new = {row.id: _got(row) for row in run.rows}
    old = {name: _Got(**values) for name, values in accepted["questions"].items()}
    reasons = []
    for name, (words, test) in _TESTS.items():
        where = f"{run.suite}: {words}"
        results = {key: result for key, got in new.items() if (result := test(got)) is not None}
        before = {key: result for key, got in old.items() if (result := test(got)) is not None}
        found = []
        rate = sum(results.values()) / len(results) if results else math.nan
        floor = accepted["floors"].get(name)
        if floor is not None and not rate >= floor:
            found.append(f"{where} is {rate:.3f}, under its floor {floor:.3f}.")
        both = [key for key in before if key in results]
        _, p = mcnemar([before[key] for key in both], [results[key] for key in both])
        if p < SIGNIFICANT:
            found.append(f"{where} dropped on the same {len(both)} questions (p = {p:.4f}).")
        if found:
            failing = [key for key, result in results.items() if not result]
            lost = [key for key in failing if before.get(key)]
            reasons += [*found, *(_flip(run, key, old[key], new[key]) for key in lost or failing)]
    return reasons


def _flip(run: Run, key: str, old: _Got, new: _Got) -> str:
    question = next(row.question for row in run.rows if row.id == key)
    before = old.text or "(not kept)"
    return f"  {key} {question}\n    before ({old.verdict}): {before}\n    now ({new.verdict}): {new.text}"


def _suite(run: Run, before: Mapping[str, float]) -> dict[str, Any]:
    got = {row.id: _got(row) for row in run.rows}
    floors = {}
    for name, (_, test) in _TESTS.items():
        results = [result for one in got.values() if (result := test(one)) is not None]
        low = 1.0 if name == "verbatim" else wilson(sum(results), len(results))[0]
        if results:
            floors[name] = max(math.floor(100 * low) / 100, before.get(name, 0.0))
    keep = run.suite in OURS
    questions = {
        key: {
            "verdict": one.verdict,
            "text": one.text if keep else "",
            "scores": {name: one.scores.get(name) for name in _KEPT},
        }
        for key, one in got.items()
    }
    return {"floors": floors, "questions": questions}


def _got(row: Row) -> _Got:
    """An error belongs to neither kind by its verdict, so it is put where its question belongs: wrong."""
    verdict = row.verdict
    if verdict == "error":
        verdict = "wrong" if row.answerable else "hallucinated"
    return _Got(verdict, row.text, row.scores)


def _among(got: _Got, verdicts: tuple[str, ...], passed: bool) -> bool | None:
    return passed if got.verdict in verdicts else None


def _whole(score: float | None) -> bool | None:
    return None if score is None else score == 1.0
