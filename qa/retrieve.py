"""A question goes in, ranked hits come out: dense and keyword search, mixed, and dictionaries.

Keyword search is strong where question and document share a language and blind where they do not; the dense
search carries the rest. The keyword score is therefore the share of what the question *could* have matched
(its own best possible score), so that a question whose words are not in the collection leaves the ranking to
the vectors without anybody having to guess a language. Across languages a dictionary says which words match.
The best are then ordered by their nearest sentence too: a question asks for one thing that a paragraph says
among others. Knows no model and no prompt.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from qa.data import Chunk, Hit
from qa.dictionary import shared
from qa.passages import SentenceVectors
from qa.sentences import split_sentences
from qa.settings import RetrievalSettings

__all__ = ["Query", "Searchable", "search"]

_READ = 10
"""How many of the best are ordered by their sentences; each costs the embedding of its sentences once."""


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


@dataclass(frozen=True, slots=True)
class Query:
    """What is looked for.

    Attributes:
        question: standalone, in any language.
        vector: its embedding, shape (dimensions,), length 1.
        document_ids: only these documents; None for all.
    """

    question: str
    vector: npt.NDArray[np.float32]
    document_ids: Sequence[str] | None = None


def search(
    store: Searchable, query: Query, k: int, settings: RetrievalSettings, vectors: SentenceVectors
) -> list[Hit]:
    """Find the ``k`` chunks nearest to a question.

    Args:
        store: where to look.
        query: what for.
        k: most hits.
        settings: how many candidates, and the weights of keywords and of translated ones.
        vectors: embeds sentences.

    Returns:
        Hits, best first; fewer than ``k`` where the collection is smaller.
    """
    most = max(settings.candidates, k)
    dense = dict(store.dense(query.vector, most, query.document_ids))
    keyword = dict(store.keyword(query.question, most, query.document_ids))
    scores = mix(dense, keyword, settings.keyword_weight)
    found = store.chunks(sorted(scores))
    chunks = {chunk.id: chunk for chunk in found}  # others were removed meanwhile
    if settings.dictionary_weight:
        meant = shared(query.question, [(chunk.text, chunk.context) for chunk in found])
        for chunk, share in zip(found, meant, strict=True):
            scores[chunk.id] += settings.dictionary_weight * float(share)
    best = sorted(chunks, key=lambda chunk_id: (-scores[chunk_id], chunk_id))[:k]
    read = best[:_READ]
    nearest = _nearest([chunks[chunk_id] for chunk_id in read], query.vector, vectors)
    for chunk_id, similarity in zip(read, nearest, strict=True):
        scores[chunk_id] += similarity
    # What was not read is below what was: its score lacks its nearest sentence.
    order = [*sorted(read, key=lambda chunk_id: (-scores[chunk_id], chunk_id)), *best[_READ:]]
    return [
        Hit(
            chunk=chunks[chunk_id],
            rank=rank,
            score=scores[chunk_id],
            similarity=dense.get(chunk_id),
            found_by=tuple(
                name for name, found in (("dense", dense), ("keyword", keyword)) if chunk_id in found
            ),
        )
        for rank, chunk_id in enumerate(order, start=1)
    ]


def _nearest(
    chunks: Sequence[Chunk], vector: npt.NDArray[np.float32], vectors: SentenceVectors
) -> list[float]:
    """The cosine of the question and the nearest sentence, for each chunk."""
    sentences = [[chunk.text[start:end] for start, end in split_sentences(chunk.text)] for chunk in chunks]
    return [float(x) for x in vectors.nearest(sentences, vector)] if sentences else []


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
