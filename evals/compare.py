"""Two runs go in; what differs on the questions both were asked comes out; pure.

Every test is paired. A question counts where both runs hold it in the same words, a metric where it applies
to the question in both. Knows no threshold: `evals.gate` decides.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import fmean
from typing import NamedTuple

from evals.rows import Row, Run
from evals.statistics import Difference, mcnemar, paired_bootstrap
from evals.summary import METRICS
from qa.errors import QAError

__all__ = ["Change", "Comparison", "Flip", "compare"]

LEAST_SHARED = 0.9
"""Share of the smaller run's questions that both must hold: a run with --limit compares with a whole one."""

Value = Callable[[Row], float | None]


@dataclass(frozen=True, slots=True)
class Change:
    """One metric over the questions that have it in both runs.

    Attributes:
        before, after: means.
        difference: paired; its ``p`` is McNemar's, exact, where every value is 0 or 1, and the bootstrap's
            elsewhere.
    """

    before: float
    after: float
    difference: Difference


class Flip(NamedTuple):
    """A question that one run got right and the other did not."""

    before: Row
    after: Row

    @property
    def lost(self) -> bool:
        """Whether it was right and is no longer."""
        return self.before.passed

    def line(self) -> str:
        """The question with both answers, in one line."""
        sides = (f"{_one_line(row.text)} ({row.verdict})" for row in self)
        return f"{self.after.id} {_one_line(self.after.question)}: " + " -> ".join(sides)


@dataclass(frozen=True, slots=True)
class Comparison:
    """What changed from one run to another.

    Attributes:
        changes: metric name to what became of it, in the order of `METRICS`.
        flips: questions that went from right to not right, then those that went back.
        common: questions that both hold.
        only_before, only_after: questions that one of them holds; they are not compared.
        p: two-sided exact McNemar p of right (or rightly refused) against not, over all common questions.
        p_worse: one-sided, that the later run is worse.
    """

    changes: Mapping[str, Change]
    flips: tuple[Flip, ...]
    common: int
    only_before: int
    only_after: int
    p: float
    p_worse: float

    def lines(self) -> list[str]:
        """What a person reads beside the table: the verdicts' test, then every flip with both answers."""
        lost = sum(flip.lost for flip in self.flips)
        won = len(self.flips) - lost
        said = [f"{self.common} questions in both: {lost} lost, {won} won, exact McNemar p = {self.p:.3f}"]
        if self.only_before or self.only_after:
            said.append(f"only before: {self.only_before}, only after: {self.only_after}; not compared")
        return said + [f"{'lost' if flip.lost else 'won '} {flip.line()}" for flip in self.flips]


def compare(before: Run, after: Run) -> Comparison:
    """Compare two runs question by question.

    Raises:
        QAError: they are of different suites, or share too few questions to be about the same thing.
    """
    if before.suite != after.suite:
        raise QAError(
            f"The runs are of different suites: {before.suite} and {after.suite}.", "Compare like with like."
        )
    new = {row.id: row for row in after.rows}
    pairs = [(row, new[row.id]) for row in before.rows if row.id in new and _same(row, new[row.id])]
    if not pairs or len(pairs) < LEAST_SHARED * min(len(before.rows), len(after.rows)):
        raise QAError(
            f"The runs share {len(pairs)} of {len(before.rows)} and {len(after.rows)} questions.",
            "Run both on the same version of the suite; a smaller --limit is a part of a larger one.",
        )
    p, p_worse = mcnemar([old.passed for old, _ in pairs], [new.passed for _, new in pairs])
    found = {name: _change(pairs, value) for name, value in _VALUES.items()}
    flips = [Flip(*pair) for pair in pairs if pair[0].passed != pair[1].passed]
    return Comparison(
        changes={name: change for name, change in found.items() if change},
        flips=tuple(sorted(flips, key=lambda flip: not flip.lost)),
        common=len(pairs),
        only_before=len(before.rows) - len(pairs),
        only_after=len(after.rows) - len(pairs),
        p=p,
        p_worse=p_worse,
    )


def _same(one: Row, other: Row) -> bool:
    """Whether two rows of one id are about one question: an edited question is another."""
    return (one.question, one.history, one.answerable) == (other.question, other.history, other.answerable)


def _change(pairs: Sequence[tuple[Row, Row]], value: Value) -> Change | None:
    both = [(a, b) for old, new in pairs if (a := value(old)) is not None and (b := value(new)) is not None]
    if not both:
        return None
    before, after = [a for a, _ in both], [b for _, b in both]
    difference = paired_bootstrap(before, after)
    if {*before, *after} <= {0.0, 1.0}:
        p, _ = mcnemar([bool(a) for a in before], [bool(b) for b in after])
        difference = replace(difference, p=p)
    return Change(fmean(before), fmean(after), difference)


def _verdict(*names: str, answerable: bool) -> Value:
    def value(row: Row) -> float | None:
        applies = row.answerable == answerable and row.verdict != "unscored"
        return float(row.verdict in names) if applies else None

    return value


def _score(name: str) -> Value:
    return lambda row: row.scores.get(name)


_DECISIONS: dict[str, Value] = {
    "right": _verdict("right", answerable=True),
    "refused": _verdict("refused", answerable=False),
    "hallucination": _verdict("hallucinated", answerable=False),
    "over_refusal": _verdict("over_refused", answerable=True),
    "wrong": _verdict("wrong", "error", answerable=True),
    "right_cited": lambda row: row.scores.get("gold_hit") if row.verdict == "right" else None,
    "seconds_mean": lambda row: row.seconds,
}
_VALUES = {name: _DECISIONS.get(name, _score(name)) for name in METRICS}
"""What can be paired: every metric that has one value a question."""


def _one_line(text: str) -> str:
    return " ".join(text.split())
