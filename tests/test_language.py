from __future__ import annotations

import json
from pathlib import Path

import pytest

from qa.language import detect, script_of

XQUAD = Path(__file__).parents[1].parent / "shared" / "bench" / "xquad" / "questions.jsonl"


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("who became interim CEO?", "en"),
        ("How much?", "en"),
        ("price?", "en"),
        ("hello", "en"),
        ("CEO?", "en"),
        ("WHO IS THE CEO?", "en"),
        ("¿Quién es el CEO interino?", "es"),
        ("hola", "es"),
        ("Wer wurde Interims-CEO?", "de"),
        ("Preis?", "de"),
        ("Qui est le PDG ?", "fr"),
        ("chi è il CEO?", "it"),
        ("quem é o CEO?", "pt"),
        ("谁成为临时CEO？", "zh"),
        ("誰是臨時CEO", "zh"),
        ("『鬼滅の刃』是什么", "zh"),
        ("暫定CEOは誰？", "ja"),
        ("ﾒﾀの投資額", "ja"),
        ("経済対策", "ja"),
        ("임시 CEO는 누구인가요?", "ko"),
        ("ใครเป็น CEO ของบริษัท", "th"),
        ("Кто стал CEO компании Acme?", "ru"),
        ("من هو الرئيس التنفيذي؟", "ar"),
        ("123 ?", "und"),
        ("", "und"),
    ],
)
def test_short_questions(text: str, language: str) -> None:
    assert detect(text) == language


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Who is リズ・スミス?", "en"),
        ("What does 143億ドル mean?", "en"),
        ("What is 「もったいない」?", "en"),
        ("Acme Corp CEO Jane Doe とは誰", "ja"),
        ("「To be or not to be」は誰の言葉ですか", "ja"),
        ("Acme 的 CEO 是谁", "zh"),
        ("Acme의 CEO는?", "ko"),
    ],
)
def test_a_question_is_in_the_language_of_its_own_words_not_of_its_names(text: str, language: str) -> None:
    assert detect(text) == language


def test_a_document_is_in_the_language_of_most_of_it() -> None:
    english = "The company said on Monday that it would buy the rest of its rival. " * 5
    assert detect(english + "社名は「架空商事」である。") == "en"
    assert detect("会社は月曜日に、競合の残りの株式を買うと発表した。" * 5 + "The deal is big.") == "ja"


def test_only_the_languages_asked_for_are_answered() -> None:
    assert detect("東京", among=("ja", "en")) == "ja"
    assert detect("東京", among=("ja", "zh")) == "zh"
    assert detect("Hvem er CEO?", among=("en", "ja")) == "en"
    assert detect("hello", among=("ja",)) == "und"


def test_scripts() -> None:
    assert script_of("Meta の投資 임시 ไทย Кто ＡＢ 12!") == {"latin", "cjk", "hangul", "thai", "cyrillic"}
    assert script_of("12 !?") == frozenset()


@pytest.mark.skipif(not XQUAD.exists(), reason="the public question sets are not beside this checkout")
def test_questions_of_a_public_set() -> None:
    hits: dict[str, list[bool]] = {}
    for line in XQUAD.read_text(encoding="utf-8").splitlines()[::10]:
        question = json.loads(line)
        hits.setdefault(question["lang"], []).append(detect(question["question"]) == question["lang"])
    assert len(hits) == 12
    assert {
        language: sum(found) / len(found)
        for language, found in hits.items()
        if sum(found) < 0.97 * len(found)
    } == {}
