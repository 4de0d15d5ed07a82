"""Two runs go in; what differs on the questions both were asked comes out; pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from evals.rows import Row, Run
from evals.statistics import Difference, mcnemar, paired_bootstrap
from evals.summary import METRICS
from qa.errors import QAError

__all__ = ["Change", "Comparison", "compare", "flips"]

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


@dataclass(frozen=True, slots=True)
class Comparison:
    """What changed, by metric, and the questions whose verdict changed between good and bad."""

    changes: dict[str, Change]
    flips: tuple[tuple[Row, Row], ...]
    common: int


def compare(before: Run, after: Run) -> Comparison:
    """Compare two runs question by question.

    Raises:
        QAError: they have no question in common.
    """
    pairs = _pairs(before.rows, after.rows)
    if not pairs:
        raise QAError("These runs have no question in common.", "Compare runs of one suite.")
    found = {name: _change(pairs, value) for name, value in _VALUES.items()}
    return Comparison({name: c for name, c in found.items() if c}, flips(pairs), len(pairs))


def flips(pairs: Sequence[tuple[Row, Row]]) -> tuple[tuple[Row, Row], ...]:
    """Pairs whose verdict went from good to bad, then those that went the other way."""
    changed = [(old, new) for old, new in pairs if old.passed != new.passed]
    return tuple(sorted(changed, key=lambda pair: pair[1].passed))


def _pairs(before: Sequence[Row], after: Sequence[Row]) -> list[tuple[Row, Row]]:
    new = {row.id: row for row in after}
    return [(row, new[row.id]) for row in before if row.id in new]


def _change(pairs: Sequence[tuple[Row, Row]], value: Value) -> Change | None:
    both = [(a, b) for old, new in pairs if (a := value(old)) is not None and (b := value(new)) is not None]
    if not both:
        return None
    old_values, new_values = [a for a, _ in both], [b for _, b in both]
    difference = paired_bootstrap(old_values, new_values)
    if {*old_values, *new_values} <= {0.0, 1.0}:
        p, _ = mcnemar([bool(a) for a in old_values], [bool(b) for b in new_values])
        difference = Difference(difference.value, difference.low, difference.high, p, difference.n)
    return Change(sum(old_values) / len(both), sum(new_values) / len(both), difference)


def _verdict(name: str, answerable: bool) -> Value:
    def value(row: Row) -> float | None:
        applies = row.answerable == answerable and row.verdict != "unscored"
        return float(row.verdict == name) if applies else None

    return value


def _score(name: str) -> Value:
    return lambda row: row.scores.get(name)


_VALUES: dict[str, Value] = {
    "right": _verdict("right", True),
    "refused": _verdict("refused", False),
    "over_refusal": _verdict("over_refused", True),
    **{name: _score(name) for name in METRICS if name not in ("right", "refused", "over_refusal")},
    "seconds_mean": lambda row: row.seconds,
}
"""What can be paired: every metric that has one value a question."""
