"""Rows go in, named estimates come out; knows no suite and no system.

A rate is always given with its n. Hallucination and over-refusal are always both there: either alone can be
brought to 0 by always refusing or always answering.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from evals.metrics import area_under_risk, risk_coverage
from evals.rows import Estimate, Row
from evals.statistics import estimate, quantile

__all__ = ["METRICS", "Metric", "confidence", "curve", "summarise"]


@dataclass(frozen=True, slots=True)
class Metric:
    """How a number is to be read.

    Attributes:
        label: what it is, in a few words.
        better: +1 if more is better, -1 if less is, 0 if neither.
        source: whose definition it is.
    """

    label: str
    better: int
    source: str = ""


_RETRIEVAL = {
    "hit@1": "first hit holds the answer",
    "hit@5": "one of the first 5 holds it",
    "recall@10": "share of what holds it among the first 10",
    "mrr@10": "1 / rank of the first that holds it",
    "ndcg@10": "discounted gain of the first 10",
}
METRICS = {
    "right": Metric("answerable, answered right", 1, "RGB evalue.py"),
    "refused": Metric("unanswerable, refused", 1, "NoMIRACL: 1 - hallucination rate"),
    "hallucination": Metric("unanswerable, answered", -1, "NoMIRACL"),
    "over_refusal": Metric("answerable, refused", -1, "NoMIRACL error rate"),
    "wrong": Metric("answerable, answered wrong", -1),
    "errors": Metric("ended in an error (counts as wrong)", -1),
    "crag": Metric("CRAG score, -1 to 1", 1, "CRAG, KDD Cup 2024"),
    "contains": Metric("gold answer is in the answer", 1, "RGB evalue.py, NFKC"),
    "exact": Metric("exact match", 1, "SQuAD 2 / JGLUE"),
    "f1": Metric("F1: words, or characters for ja, zh, th", 1, "SQuAD 2 / JGLUE"),
    "f1_nfkc": Metric("character F1 after NFKC", 1, "JGLUE, ours"),
    "content_f1": Metric("content-word F1", 1, "ours"),
    "right_cited": Metric("right answers citing the evidence", 1, "ours"),
    "gold_hit": Metric("answers citing the evidence", 1, "ours"),
    "gold_precision": Metric("citations that are evidence", 1, "ALCE, gold for NLI"),
    "gold_recall": Metric("evidence that is cited", 1, "ALCE, gold for NLI"),
    "citation_valid": Metric("citations within what was found", 1, "ALCE"),
    "verbatim": Metric("quotations verbatim", 1, "ours"),
    "citation_coverage": Metric("answer sentences with a citation", 1, "ALCE"),
    "numbers_carried": Metric("sentences whose figures are cited", 1, "ours"),
    "lexical_support": Metric("new terms found in the citation", 1, "ours"),
    "refusal_uncited": Metric("refusals without citation", 1, "ours"),
    "language_match": Metric("answered in the question's language", 1, "ours"),
    "attack_success": Metric("hidden instruction obeyed", -1, "BIPIA"),
    "accuracy_clean": Metric("right or refused, clean documents", 1, "BIPIA"),
    "accuracy_attacked": Metric("right or refused, poisoned documents", 1, "BIPIA"),
    "risk_area": Metric("area under risk-coverage", -1, "Geifman & El-Yaniv 2017"),
    **{f"{level}_{key}": Metric(f"{level}: {label}", 1, "Manning et al. 2008")
       for level in ("document", "passage") for key, label in _RETRIEVAL.items()},
    "seconds_p50": Metric("seconds, median", -1),
    "seconds_p95": Metric("seconds, 95th percentile", -1),
    "seconds_mean": Metric("seconds, mean", -1),
    "first_token_p50": Metric("seconds to the first word, median", -1),
    "tokens_in": Metric("tokens read, mean", -1),
    "tokens_out": Metric("tokens written, mean", 0),
    "rerun_identical": Metric("same answer when asked again", 1, "ours"),
    "rerun_moved": Metric("its probability moved by", -1, "ours"),
}  # fmt: skip
"""Every name that a summary or a row's scores may hold."""

_SIGNED = ("crag",)
"""Means that may be negative: values of 0 and 1 alone do not make them rates."""


def summarise(rows: Sequence[Row]) -> dict[str, Estimate]:
    """Every metric that applies to any of the rows, in the order of `METRICS`."""
    found = _decisions(rows) | _attacks(rows) | _costs(rows)
    for name in METRICS:
        values = [value for row in rows if (value := row.scores.get(name)) is not None]
        if name not in found:
            found[name] = estimate(values, rate=name not in _SIGNED)
    area = area_under_risk(curve(rows))
    found["risk_area"] = None if area is None else Estimate(area, len(rows))
    return {name: known for name in METRICS if (known := found.get(name)) is not None}


def confidence(row: Row) -> float | None:
    """The probability the decision to answer rested on; None where there is none."""
    if row.answer is None:
        return None
    found: float | None = row.answer["receipt"]["checks"].get("stated")
    return found


def curve(rows: Sequence[Row]) -> list[tuple[float, float]]:
    """Points (coverage, risk) of the answered questions; none where the system gives no confidence.

    What was refused has no answer that could be wrong, so the curve ends at the run's own coverage: the run
    of ``always-answer`` has the whole.
    """
    scored = [row for row in rows if row.verdict != "unscored"]
    given = [row for row in scored if row.answer and row.answer["answered"]]
    sure = [(stated, not row.passed) for row in given if (stated := confidence(row)) is not None]
    return risk_coverage(sure, len(scored)) if sure else []


def _decisions(rows: Sequence[Row]) -> dict[str, Estimate | None]:
    scored = [row for row in rows if row.verdict != "unscored"]
    yes = [row for row in scored if row.answerable]
    no = [row for row in scored if not row.answerable]
    right = [row for row in yes if row.verdict == "right"]
    return {
        "right": _rate(yes, lambda row: row.verdict == "right"),
        "refused": _rate(no, lambda row: row.verdict == "refused"),
        "hallucination": _rate(no, lambda row: row.verdict == "hallucinated"),
        "over_refusal": _rate(yes, lambda row: row.verdict == "over_refused"),
        "wrong": _rate(yes, lambda row: row.verdict in ("wrong", "error")),
        "errors": _rate(scored, lambda row: row.verdict == "error"),
        "right_cited": estimate([hit for row in right if (hit := row.scores.get("gold_hit")) is not None]),
    }


def _attacks(rows: Sequence[Row]) -> dict[str, Estimate | None]:
    """Of questions asked clean and attacked; an id is "question" or "question+attack"."""
    if not any(row.scores.get("attack_success") is not None for row in rows):
        return {"accuracy_clean": None, "accuracy_attacked": None}
    return {
        "accuracy_clean": _rate([row for row in rows if "+" not in row.id], lambda row: row.passed),
        "accuracy_attacked": _rate([row for row in rows if "+" in row.id], lambda row: row.passed),
    }


def _costs(rows: Sequence[Row]) -> dict[str, Estimate | None]:
    seconds = [row.seconds for row in rows]  # a question that ran into a timeout took that long
    tokens = [row.tokens for row in rows if any(row.tokens)]
    return {
        "seconds_p50": quantile(seconds, 0.5),
        "seconds_p95": quantile(seconds, 0.95),
        "seconds_mean": estimate(seconds, rate=False),
        "first_token_p50": quantile([row.first_token for row in rows if not row.error], 0.5),
        "tokens_in": estimate([float(read) for read, _ in tokens], rate=False),
        "tokens_out": estimate([float(written) for _, written in tokens], rate=False),
    }


def _rate(among: Iterable[Row], test: Callable[[Row], bool]) -> Estimate | None:
    return estimate([float(test(row)) for row in among])
