"""Scores of rankings against values worked out by hand."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evals.metrics_retrieval import hit, ndcg, recall, reciprocal_rank, retrieval_scores

RANKED = ["a", "b", "c", "d"]


def test_by_hand():
    assert (hit(RANKED, {"b"}, 1), hit(RANKED, {"b"}, 2)) == (0.0, 1.0)
    assert recall(RANKED, {"b", "z"}, 4) == 0.5
    assert reciprocal_rank(RANKED, {"c", "d"}, 10) == pytest.approx(1 / 3)
    assert reciprocal_rank(RANKED, {"d"}, 3) == 0.0  # beyond the cut
    assert ndcg(RANKED, {"b"}, 10) == pytest.approx(1 / math.log2(3))
    assert ndcg(RANKED, {"a", "b"}, 10) == 1.0
    assert ndcg(["a", "x", "b"], {"a", "b"}, 10) == pytest.approx((1 + 0.5) / (1 + 1 / math.log2(3)))


def test_the_ideal_is_cut_where_the_ranking_is():
    gold = [str(number) for number in range(20)]
    assert ndcg(gold[:10], gold, 10) == 1.0


def test_a_document_found_by_several_chunks_counts_once():
    scores = retrieval_scores("document", ["x", "x", "x", "x", "x", "a"], {"a"})
    assert scores["document_hit@5"] == 1.0
    assert scores["document_mrr@10"] == 0.5


def test_nothing_gold_is_no_score_and_not_zero():
    assert set(retrieval_scores("passage", RANKED, set()).values()) == {None}
    assert set(retrieval_scores("passage", [], {"a"}).values()) == {0.0}


@given(st.permutations(list("abcdefgh")), st.sets(st.sampled_from("abcdefgh"), min_size=1))
def test_bounds_and_order(ranked, gold):
    scores = retrieval_scores("d", ranked, gold)
    assert all(0.0 <= value <= 1.0 for value in scores.values())
    assert scores["d_hit@1"] <= scores["d_hit@5"]
    assert scores["d_hit@1"] <= scores["d_mrr@10"]
