from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from qa import retrieve
from qa.data import Chunk
from qa.passages import SentenceVectors
from qa.retrieve import Query, mix, search
from qa.settings import RetrievalSettings


def chunk(name: str) -> Chunk:
    return Chunk(name, "d", "s", "t", 0, 0, 1, "", "", "body", name)


class Store:
    """Answers with what it was given and remembers what was asked."""

    def __init__(self, dense: dict[str, float], keyword: dict[str, float]) -> None:
        self.scores = {"dense": dense, "keyword": keyword}
        self.asked: list[tuple[str, int, Sequence[str] | None]] = []

    def dense(self, vector, k, document_ids=None):  # type: ignore[no-untyped-def]
        self.asked.append(("dense", k, document_ids))
        return list(self.scores["dense"].items())[:k]

    def keyword(self, question, k, document_ids=None):  # type: ignore[no-untyped-def]
        self.asked.append(("keyword", k, document_ids))
        return list(self.scores["keyword"].items())[:k]

    def chunks(self, ids: Sequence[str]) -> list[Chunk]:
        return [chunk(name) for name in ids]


VECTOR = np.zeros(3, dtype=np.float32)
QUERY = Query("q", VECTOR)
NOWHERE = SentenceVectors(lambda texts: np.zeros((len(texts), 3), dtype=np.float32))


def test_hits_are_ranked_and_say_what_found_them() -> None:
    store = Store({"a": 0.9, "b": 0.8}, {"b": 1.0, "c": 0.1})
    hits = search(store, QUERY, 5, RetrievalSettings(keyword_weight=0.5), NOWHERE)
    assert [(hit.chunk.id, hit.rank) for hit in hits] == [("b", 1), ("a", 2), ("c", 3)]
    assert {hit.chunk.id: hit.found_by for hit in hits} == {
        "a": ("dense",),
        "b": ("dense", "keyword"),
        "c": ("keyword",),
    }
    assert {hit.chunk.id: hit.similarity for hit in hits} == {"a": 0.9, "b": 0.8, "c": None}
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)


def test_k_limits_the_hits_and_raises_the_candidates() -> None:
    store = Store({"a": 0.9, "b": 0.8, "c": 0.7}, {})
    assert len(search(store, Query("q", VECTOR, ["d"]), 2, RetrievalSettings(candidates=1), NOWHERE)) == 2
    assert store.asked == [("dense", 2, ["d"]), ("keyword", 2, ["d"])]


def test_an_empty_store_finds_nothing() -> None:
    assert search(Store({}, {}), QUERY, 3, RetrievalSettings(), NOWHERE) == []


def test_equal_scores_have_one_order() -> None:
    one, other = Store({"b": 0.5, "a": 0.5}, {}), Store({"a": 0.5, "b": 0.5}, {})
    first, second = (search(store, QUERY, 2, RetrievalSettings(), NOWHERE) for store in (one, other))
    assert [hit.chunk.id for hit in first] == [hit.chunk.id for hit in second]


def test_keywords_that_match_nothing_leave_the_vectors_order() -> None:
    dense = {"a": 0.9, "b": 0.8}
    assert mix(dense, {}, 0.5) == dense


def test_what_only_keywords_found_starts_from_the_lowest_cosine() -> None:
    assert mix({"a": 0.9, "b": 0.6}, {"c": 1.0}, 0.5)["c"] == pytest.approx(1.1)
    assert mix({}, {"c": 1.0}, 0.5) == {"c": 0.5}


def test_a_dictionary_moves_a_hit_up(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def shared(text, others):  # type: ignore[no-untyped-def]
        asked.append((text, others))
        return np.array([float(other == "b") for other, _ in others])

    monkeypatch.setattr(retrieve, "shared", shared)
    store = Store({"a": 0.9, "b": 0.8}, {})
    hits = search(store, QUERY, 1, RetrievalSettings(dictionary_weight=0.2), NOWHERE)
    assert [hit.chunk.id for hit in hits] == ["b"]
    assert asked == [("q", [("a", ""), ("b", "")])]
    hits = search(store, QUERY, 1, RetrievalSettings(dictionary_weight=0.05), NOWHERE)
    assert [hit.chunk.id for hit in hits] == ["a"]


def test_what_was_removed_meanwhile_is_no_hit() -> None:
    class Shrinking(Store):
        def chunks(self, ids: Sequence[str]) -> list[Chunk]:
            return [chunk(name) for name in ids if name != "a"]

    hits = search(Shrinking({"a": 0.9, "b": 0.8}, {}), QUERY, 5, RetrievalSettings(), NOWHERE)
    assert [(hit.chunk.id, hit.rank) for hit in hits] == [("b", 1)]


def test_the_nearest_sentence_moves_a_hit_up() -> None:
    store = Store({"a": 0.9, "b": 0.8}, {})
    vectors = SentenceVectors(lambda texts: np.array([[float(t == "b"), 0, 0] for t in texts], np.float32))
    hits = search(store, Query("q", np.array([1, 0, 0], np.float32)), 5, RetrievalSettings(), vectors)
    assert [(hit.chunk.id, hit.rank) for hit in hits] == [("b", 1), ("a", 2)]
    assert hits[0].score == pytest.approx(1.8) and hits[0].similarity == 0.8
