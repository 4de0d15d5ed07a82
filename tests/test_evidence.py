from __future__ import annotations

import pytest

from qa.cite import Candidate
from qa.evidence import as_sure, best_first, choose, decided, in_order, judged, sureness, worth_reading
from qa.passages import Passage


def passage(start: int, score: float = 0.0, absent: bool = False, document: str = "a") -> Passage:
    candidate = Candidate(document, "s", "t", "", start, start + 5, "Text.")
    return Passage(candidate, None, score, absent)


def test_the_models_view_is_kept_where_nothing_speaks_against_it() -> None:
    assert judged(passage(0), 0.7).stated == pytest.approx(0.7)
    assert judged(passage(0), None).stated == pytest.approx(0.5)
    assert 0 < judged(passage(0), 0.0).stated < judged(passage(0), 1.0).stated < 1  # type: ignore[operator]


def test_a_passage_without_the_names_of_the_question_is_less_likely() -> None:
    assert judged(passage(0, absent=True), 0.7).stated < 0.6  # type: ignore[operator]


def test_of_two_that_are_alike_the_nearer_is_better() -> None:
    far, near = judged(passage(0, 0.2), 0.7), judged(passage(9, 0.5), 0.7)
    assert best_first([far, near]) == [near, far]
    assert best_first([near, judged(passage(0, 0.2), 0.95)])[0].stated == pytest.approx(0.95)


def test_what_is_far_less_near_than_the_nearest_is_not_read() -> None:
    near, next_, far = passage(0, 0.9), passage(9, 0.75), passage(20, 0.6)
    assert worth_reading([near, next_, far]) == [near, next_]
    assert worth_reading([]) == []


def test_reading_ends_at_what_the_next_could_not_come_before() -> None:
    sure, unsure, next_ = judged(passage(0, 0.9), 0.8), judged(passage(0, 0.9), 0.5), passage(9, 0.8)
    assert decided([sure], next_, 0.85) and not decided([unsure], next_, 0.85)
    assert not decided([sure], passage(9, 0.9), 0.85), "as near as the best, it may be judged surer"
    assert not decided([], next_, 0.85) and not decided([sure], next_, 1.0)


def test_only_what_is_likely_and_about_as_likely_as_the_best_is_chosen() -> None:
    ranked = [
        judged(passage(9), 0.9),
        judged(passage(0), 0.89),
        judged(passage(20), 0.7),
        judged(passage(30), 0.3),
    ]
    assert [p.candidate.start for p in choose(ranked, 3)] == [0, 9]
    assert [p.candidate.start for p in choose(ranked, 1)] == [9]
    assert [p.candidate.start for p in choose(ranked, 3, quoted=True)] == [0, 9, 20]


def test_the_best_is_less_sure_behind_a_nearer_one_and_among_more_documents() -> None:
    alone = judged(passage(0, 0.8), 0.7)
    assert sureness([alone]) == pytest.approx(0.7)
    behind = sureness([alone, judged(passage(9, 0.9), 0.3)])
    among = sureness([alone, judged(passage(9, 0.8, document="b"), 0.3)])
    assert behind < 0.7 and among < 0.7
    assert sureness([alone, judged(passage(9, 0.9, document="b"), 0.3)]) < min(behind, among)


def test_documents_come_as_found_and_sentences_as_they_stand() -> None:
    found = [passage(9, document="b"), passage(3), passage(0, document="b")]
    assert [(p.candidate.document_id, p.candidate.start) for p in in_order(found)] == [
        ("b", 0),
        ("b", 9),
        ("a", 3),
    ]


def test_one_of_two_sentences_is_as_sure_if_it_is_nearly_so() -> None:
    both = judged(passage(0), 0.6)
    assert as_sure(judged(passage(0), 0.5), both) and as_sure(judged(passage(0), 0.9), both)
    assert not as_sure(judged(passage(0), 0.3), both)
