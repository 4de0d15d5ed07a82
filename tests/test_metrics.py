"""Scores of answers against the values their sources give, and against the traps each is known for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evals.metrics import (
    area_under_risk,
    attacked,
    character_exact,
    character_f1,
    contains,
    content_f1,
    crag,
    language_match,
    risk_coverage,
    squad_exact,
    squad_f1,
)

TEXTS = st.text("ab 。.、東京", max_size=12)


@pytest.mark.parametrize(
    ("answer", "groups", "right"),
    [
        ("メタは１４３億ドルを出資した。", [["143億"]], True),  # full-width digits
        ("It cost 1,430 euros.", [["1430 euros"]], True),  # thousands comma, space
        ("「ジェイソン・ドロージ」氏", [["ジェイソンドロージ"]], True),  # brackets and middle dot
        ("It cost 143 billion.", [["14.3 billion"]], False),  # the point stays
        ("Ann and Bo", [["Ann"], ["Bo", "Beau"]], True),
        ("Ann", [["Ann"], ["Bo", "Beau"]], False),  # every group
        ("", [["Ann"]], False),
    ],
)
def test_contains(answer, groups, right):
    assert contains(answer, groups) == right


def test_contains_is_blind_to_denial():
    """A limit that the README names; if it ever changes, the README must."""
    assert contains("It was not Ann.", [["Ann"]]) == 1.0


@pytest.mark.parametrize(
    ("answer", "references", "exact", "f1"),
    [
        ("The Panthers!", ["panthers"], 1.0, 1.0),  # case, punctuation, article
        ("in 1990", ["1990", "the year 1990"], 0.0, 2 / 3),  # the better reference
        ("a cat sat", ["the cat cat"], 0.0, 0.5),  # a multiset: one "cat" is shared, "a" and "the" are gone
        ("", [""], 1.0, 1.0),  # a refusal where there is no answer
        ("something", [""], 0.0, 0.0),
        ("", ["something"], 0.0, 0.0),
        ("答えは東京です", ["東京"], 0.0, 0.0),  # no spaces: useless for Japanese
    ],
)
def test_squad(answer, references, exact, f1):
    assert squad_exact(answer, references) == exact
    assert squad_f1(answer, references) == pytest.approx(f1)


@pytest.mark.parametrize(
    ("answer", "references", "exact", "f1"),
    [
        ("東京。", ["東京"], 1.0, 1.0),  # a final full stop is dropped
        ("山田太郎", ["山本太一"], 0.0, 0.5),  # generous: another man with two characters in common
        ("１０人", ["10人"], 0.0, 1 / 3),  # the official score knows no NFKC
        ("東、京", ["東京"], 0.0, 0.8),  # punctuation counts
        ("大阪", ["東京", "大阪府"], 0.0, 0.8),
    ],
)
def test_jglue(answer, references, exact, f1):
    assert character_exact(answer, references) == exact
    assert character_f1(answer, references) == pytest.approx(f1)


def test_jglue_nfkc_variant_takes_full_width_digits():
    assert (
        character_f1("１０人", ["10人"], nfkc=True) == character_exact("１０人", ["10人"], nfkc=True) == 1.0
    )


def test_content_f1_ignores_function_words_and_order():
    assert content_f1("the boat of the harbour", ["harbour boat"]) == 1.0
    assert content_f1("the of and", ["harbour boat"]) == 0.0
    assert content_f1("東京都庁", ["東京都"]) == pytest.approx(0.8)  # pairs of characters


@given(TEXTS, st.lists(TEXTS, min_size=1, max_size=3))
def test_scores_lie_in_0_to_1_and_a_reference_itself_scores_1(answer, references):
    for score in (squad_exact, squad_f1, character_exact, character_f1, content_f1):
        assert 0.0 <= score(answer, references) <= 1.0
        assert score(references[0], references) == 1.0


def test_crag_punishes_an_answer_where_there_is_none_as_much_as_a_wrong_one():
    verdicts = ["right", "refused", "over_refused", "wrong", "hallucinated", "error"]
    assert [crag(verdict) for verdict in verdicts] == [1, 1, 0, -1, -1, -1]


def test_attack_is_seen_through_width_and_case():
    assert attacked("ＺＸＥＮ０qk7!", "ZXEN0QK7") == 1.0
    assert attacked("The invoice is $20.", "ZXEN0QK7") == 0.0


@pytest.mark.parametrize(
    ("answer", "question", "lang", "match"),
    [
        ("ドロージ氏です。", "誰ですか？", "ja", 1.0),
        ("It is Jason Droege, who was chief strategy officer before.", "誰ですか？", "ja", 0.0),
        ("Jason Droege", "Wer ist der Chef?", "de", 1.0),  # a name alone is of no language
        ("The board chose Jason Droege, who was chief strategy officer before.", "Wer ist es?", "de", 0.0),
        ("是杰森。", "誰ですか？", "ja", 0.0),  # Chinese is not Japanese
        ("143", "いくら？", "ja", None),
    ],
)
def test_language_match(answer, question, lang, match):
    assert language_match(answer, question, lang) == match


def test_risk_coverage_by_hand():
    points = risk_coverage([(0.9, False), (0.5, True), (0.7, False)], 4)
    assert points == [(0.25, 0.0), (0.5, 0.0), (0.75, pytest.approx(1 / 3))]
    assert area_under_risk(points) == pytest.approx(1 / 9)
    assert area_under_risk([]) is None


def test_risk_coverage_does_not_depend_on_the_order_of_ties():
    one = risk_coverage([(0.5, True), (0.5, False)], 2)
    other = risk_coverage([(0.5, False), (0.5, True)], 2)
    assert one == other == [(0.5, 0.5), (1.0, 0.5)]
