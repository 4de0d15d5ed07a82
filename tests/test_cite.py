from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from qa.chunking import BYLINE_LABEL
from qa.cite import Candidate, lexical_share, prove


def candidates(*texts: str) -> list[Candidate]:
    return [Candidate("d", "s", "港の記事", "", n * 100, n * 100 + len(t), t) for n, t in enumerate(texts)]


def chosen(sentence: str, question: str, texts: list[str], similarity: list[float]) -> list[str]:
    proof = prove(sentence, question, candidates(*texts), np.array(similarity, dtype=np.float32))
    return [candidate.text for candidate, _ in proof.chosen]


def test_without_candidates_nothing_is_proved() -> None:
    proof = prove("The pier is long.", "?", [], np.zeros(0, dtype=np.float32))
    assert proof.chosen == () and proof.verdict.state == "unsupported"


def test_the_sentence_that_carries_it_is_cited() -> None:
    texts = ["The sea is deep.", "The pier was sold to Ada for $20.", "The pier is old."]
    assert chosen("Ada bought the pier for $20.", "Who bought it?", texts, [0.8, 0.8, 0.8])[0] == texts[1]


def test_a_figure_decides_between_sentences_alike() -> None:
    texts = ["料金は2万円だ。", "料金は9万円だ。"]
    assert chosen("料金は9万円です。", "料金はいくらですか？", texts, [0.9, 0.9]) == [texts[1]]


def test_figures_and_names_are_found_across_languages() -> None:
    texts = ["港は静かだ。", "社は143億ドルを投じた。", "アンナ・ケルンが市長だ。"]
    assert chosen("It spent $14.3 billion.", "How much?", texts, [0.8, 0.82, 0.8])[0] == texts[1]
    assert chosen("The mayor is Anna Kern.", "Who is mayor?", texts, [0.8, 0.8, 0.82])[0] == texts[2]


def test_two_details_from_two_sentences_cite_both() -> None:
    texts = ["The pier cost $20.", "The boat cost $30.", "The sea is deep."]
    found = chosen("The pier cost $20 and the boat $30.", "What did they cost?", texts, [0.9, 0.9, 0.9])
    assert sorted(found) == sorted(texts[:2])


@pytest.mark.parametrize("wrong", ["It spent $143 billion.", "It spent $14.3 million."])
def test_a_wrong_magnitude_is_not_supported(wrong: str) -> None:
    proof = prove(
        wrong, "How much?", candidates("社は143億ドルを投じた。"), np.array([0.9], dtype=np.float32)
    )
    assert proof.verdict.state == "unsupported" and proof.chosen


def test_scores_are_shares_and_the_best_comes_first() -> None:
    texts = ["The pier cost $20.", "The boat cost $30.", "The sea is deep."]
    proof = prove(
        "The pier cost $20 and the boat $30.",
        "?",
        candidates(*texts),
        np.array([0.9, 0.8, 0.7], dtype=np.float32),
    )
    scores = [score for _, score in proof.chosen]
    assert all(0.0 <= score <= 1.0 for score in scores) and scores[0] == max(scores)


def test_at_most_three_are_cited() -> None:
    texts = [f"Pier {n} cost ${n}00." for n in range(2, 9)]
    sentence = "They cost $200, $300, $400, $500, $600, $700 and $800."
    assert len(chosen(sentence, "What did they cost?", texts, [0.9] * 7)) == 3


@pytest.mark.parametrize(
    ("source", "state"),
    [
        (["Anna Kern runs Northport.", "Southport is run by nobody."], "partly"),
        (["Anna Kern runs Southport.", "Northport is run by nobody."], "supported"),
    ],
)
def test_names_joined_from_two_sentences_are_not_supported(source: list[str], state: str) -> None:
    near = np.array([0.9, 0.9], dtype=np.float32)
    proof = prove("Southport is run by Anna Kern.", "Who runs Southport?", candidates(*source), near)
    assert proof.verdict.state == state, proof.verdict.reason


@pytest.mark.parametrize(("near", "state"), [(-0.2, "unsupported"), (0.2, "partly"), (0.6, "supported")])
def test_what_shares_no_script_must_be_near_in_meaning(near: float, state: str) -> None:
    source = candidates("同社は株式を取得した。")
    proof = prove("It took the shares.", "What did it do?", source, np.array([near], dtype=np.float32))
    assert proof.verdict.state == state


def test_a_count_in_words_is_as_good_as_in_digits() -> None:
    texts = ["The firm has some labs.", "The firm has five labs."]
    assert chosen("It runs 5 places.", "How many?", texts, [0.81, 0.8]) == [texts[1]]


def test_what_a_sentence_stands_under_is_found_by_its_label() -> None:
    plain, labelled = candidates("Ada Kern writes on ports.", "Ada Kern writes on ports.")
    share = lexical_share("Who is the author?", [plain, replace(labelled, label=BYLINE_LABEL)])
    assert share[1] > share[0]
