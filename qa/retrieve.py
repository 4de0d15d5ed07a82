"""A question goes in, ranked hits come out: dense and keyword search, mixed.

Keyword search is strong where question and document share a language and blind where they do not; the dense
search carries the rest. The keyword score is therefore the share of what the question *could* have matched
(its own best possible score), so that a question whose words are not in the collection leaves the ranking to
the vectors without anybody having to guess a language. Knows no model and no prompt.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

from qa.data import Chunk, Hit
from qa.settings import RetrievalSettings

__all__ = ["Searchable", "search"]


class Searchable(Protocol):
    """What a search needs of the store."""

    def dense(
        self, vector: npt.NDArray[np.float32], k: int, document_ids: Sequence[str] | None = None
    ) -> list[tuple[str, float]]:
        """Return (chunk id, cosine), best first."""

    def keyword(
        self, question: str, k: int, document_ids: Sequence[str] | None = None
    ) -> list[tuple[str, float]]:
        """Return (chunk id, share of the reachable BM25 score, 0 to 1), best first."""

    def chunks(self, ids: Sequence[str]) -> list[Chunk]:
        """Return the chunks of ``ids`` in that order."""


def search(
    store: Searchable,
    question: str,
    vector: npt.NDArray[np.float32],
    k: int,
    settings: RetrievalSettings,
    document_ids: Sequence[str] | None = None,
) -> list[Hit]:
    """Find the ``k`` chunks nearest to a question.

    Args:
        store: where to look.
        question: standalone, in any language.
        vector: its embedding, shape (dimensions,), length 1.
        k: most hits.
        settings: how many candidates, and the weight of keywords.
        document_ids: only these documents; None for all.

    Returns:
        Hits, best first; fewer than ``k`` where the collection is smaller.
    """
    dense = dict(store.dense(vector, max(settings.candidates, k), document_ids))
    keyword = dict(store.keyword(question, max(settings.candidates, k), document_ids))
    scores = mix(dense, keyword, settings.keyword_weight)
    best = sorted(scores, key=lambda chunk_id: (-scores[chunk_id], chunk_id))[:k]
    return [
        Hit(
            chunk=chunk,
            rank=rank,
            score=scores[chunk.id],
            similarity=dense.get(chunk.id),
            found_by=tuple(
                name for name, found in (("dense", dense), ("keyword", keyword)) if chunk.id in found
            ),
        )
        for rank, chunk in enumerate(store.chunks(best), start=1)
    ]


def mix(dense: dict[str, float], keyword: dict[str, float], keyword_weight: float) -> dict[str, float]:
    """Mix cosine and keyword scores of one question; see `search`.

    Args:
        dense: chunk id to cosine.
        keyword: chunk id to the share of the best keyword score the question could reach, 0 to 1.
        keyword_weight: how many cosine points a full keyword match is worth.
    """
    floor = min(dense.values(), default=0.0)
    return {
        chunk_id: dense.get(chunk_id, floor) + keyword_weight * keyword.get(chunk_id, 0.0)
        for chunk_id in dense.keys() | keyword.keys()
    }
