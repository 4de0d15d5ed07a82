"""Scores of a ranking: ids in order and the ids that hold the answer go in, numbers come out; pure.

Gain is binary, a document counts once, at its best rank. Definitions: Manning, Raghavan & Schütze,
Introduction to Information Retrieval, chapter 8; nDCG after Järvelin & Kekäläinen (2002), log base 2.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Sequence

__all__ = ["hit", "ndcg", "recall", "reciprocal_rank", "retrieval_scores"]


def hit(ranked: Sequence[str], gold: Collection[str], k: int) -> float:
    """1 if any of the first ``k`` is gold."""
    return float(any(item in gold for item in ranked[:k]))


def recall(ranked: Sequence[str], gold: Collection[str], k: int) -> float:
    """Share of gold that is among the first ``k``."""
    return len(set(ranked[:k]) & set(gold)) / len(set(gold))


def reciprocal_rank(ranked: Sequence[str], gold: Collection[str], k: int) -> float:
    """1 / rank of the first gold among the first ``k``; 0 if there is none."""
    return next((1 / rank for rank, item in enumerate(ranked[:k], 1) if item in gold), 0.0)


def ndcg(ranked: Sequence[str], gold: Collection[str], k: int) -> float:
    """Discounted gain of the first ``k`` as a share of the best that could be had with ``k``."""
    gained = math.fsum(1 / math.log2(rank + 1) for rank, item in enumerate(ranked[:k], 1) if item in gold)
    best = math.fsum(1 / math.log2(rank + 1) for rank in range(1, min(len(set(gold)), k) + 1))
    return gained / best


def retrieval_scores(level: str, found: Sequence[str], gold: Collection[str]) -> dict[str, float | None]:
    """Every score of one ranking, named ``{level}_hit@1`` and so on; all None where nothing is gold."""
    ranked = list(dict.fromkeys(found))
    scores: dict[str, tuple[Callable[[Sequence[str], Collection[str], int], float], int]] = {
        "hit@1": (hit, 1),
        "hit@5": (hit, 5),
        "recall@10": (recall, 10),
        "mrr@10": (reciprocal_rank, 10),
        "ndcg@10": (ndcg, 10),
    }
    return {
        f"{level}_{name}": score(ranked, gold, k) if gold else None for name, (score, k) in scores.items()
    }
