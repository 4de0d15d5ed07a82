"""Does a metric agree with people? Pairs of answers that people compared go in, correlations come out.

The pairs are RAGChecker's meta evaluation (amazon-science/RAGChecker, data/meta_evaluation): 280 questions,
two answers each, two people who said from -2 to 2 how much better the second is. As in its meta_eval.py a
metric's difference between the two answers is correlated with every label. Knows no model.
"""

from __future__ import annotations

import json
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from qa.errors import QAError

__all__ = ["ASPECTS", "Correlation", "Pair", "agreement", "load_pairs"]

ASPECTS = ("correctness", "completeness", "overall")
FOLDER = "ragchecker_meta"


@dataclass(frozen=True, slots=True)
class Pair:
    """Two answers that people compared.

    Attributes:
        id, question: of the pair.
        gold: the reference answer.
        answers: the first and the second.
        labels: aspect to the two people's labels, -2 (first better) to 2 (second better).
    """

    id: str
    question: str
    gold: str
    answers: tuple[str, str]
    labels: Mapping[str, tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class Correlation:
    """Agreement with people on one aspect.

    Attributes:
        pearson, spearman: times 100; 0 for a metric that is the same everywhere.
        n: pairs.
    """

    pearson: float
    spearman: float
    n: int


def load_pairs(bench: Path) -> tuple[Pair, ...]:
    """Read ``ragchecker_meta/pairs.jsonl`` of a folder of public sets.

    Raises:
        QAError: the file is missing or a line cannot be used; names the line.
    """
    path = bench / FOLDER / "pairs.jsonl"
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise QAError(
            f"{path} cannot be read.", "Give the folder of the public sets with --data or QA_BENCH."
        ) from error
    return tuple(_pair(line, f"{path.name}:{number}") for number, line in enumerate(lines, 1) if line)


def agreement(pairs: Sequence[Pair], score: Callable[[Pair, str], float]) -> dict[str, Correlation]:
    """Correlate one score, where higher is better, with people's labels on every aspect."""
    differences = [score(pair, pair.answers[1]) - score(pair, pair.answers[0]) for pair in pairs]
    return {aspect: correlation(pairs, aspect, differences) for aspect in ASPECTS}


def correlation(pairs: Sequence[Pair], aspect: str, differences: Sequence[float]) -> Correlation:
    """Correlate differences (second answer's score minus the first's) with the labels of one aspect."""
    points = [
        (difference, float(label))
        for pair, difference in zip(pairs, differences, strict=True)
        for label in pair.labels[aspect]
    ]
    scores, labels = [point[0] for point in points], [point[1] for point in points]
    return Correlation(_pearson(scores, labels), _pearson(_ranks(scores), _ranks(labels)), len(pairs))


def _pair(line: str, where: str) -> Pair:
    try:
        row = json.loads(line)
        labels = {aspect: tuple(int(label) for label in row[aspect]) for aspect in ASPECTS}
        return Pair(row["id"], row["question"], row["gold"], (row["answer1"], row["answer2"]), labels)
    except (ValueError, KeyError, TypeError) as error:
        raise QAError(f"{where} is not a pair of answers: {error}.", "Get the set again.") from error


def _pearson(one: Sequence[float], other: Sequence[float]) -> float:
    if len(set(one)) < 2 or len(set(other)) < 2:
        return 0.0
    return 100 * statistics.correlation(one, other)


def _ranks(values: Sequence[float]) -> list[float]:
    """Ranks from 1; equal values share their mean rank."""
    order = sorted(range(len(values)), key=values.__getitem__)
    ranks = [0.0] * len(values)
    start = 0
    while start < len(order):
        end = start
        while end < len(order) and values[order[end]] == values[order[start]]:
            end += 1
        for place in order[start:end]:
            ranks[place] = (start + 1 + end) / 2
        start = end
    return ranks
