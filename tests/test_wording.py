from __future__ import annotations

import pytest

from qa import wording
from qa.language import detect

LANGUAGES = "ar de en el es fr hi it ja ko nl pl pt ro ru th tr uk vi zh".split()


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_refusal_is_in_its_language(language: str) -> None:
    assert detect(wording.refusal(language)) == language


def test_an_unknown_language_is_refused_and_named_in_english() -> None:
    assert wording.refusal("xx") == wording.refusal("en")
    assert wording.language_name("xx") == "English" and wording.language_name("ja") == "Japanese"


@pytest.mark.parametrize(
    "draft",
    [
        *(wording.refusal(language) for language in ("en", "ja", "zh", "ko")),
        "The article does not mention the price.",
        "The passages don't say who won.",
        "Not stated.",
        "Unknown.",
        "There is no information about this.",
        "I cannot determine that.",
        "この記事には価格についての記載がありません。",
        "本文では触れられていません。",
        "わかりません。",
        "文章没有提到价格。",
        "기사에 언급되어 있지 않습니다.",
    ],
)
def test_refusals_are_recognised(draft: str) -> None:
    assert wording.is_refusal(draft)


@pytest.mark.parametrize("language", ["de", "es", "fr", "ja", "en", "ko", "zh"])
def test_its_own_refusals_are_recognised(language: str) -> None:
    assert wording.is_refusal(wording.refusal(language))


@pytest.mark.parametrize(
    "draft",
    [
        "Meta paid $14.3 billion.",
        "The mayor did not resign.",
        "No other town has a pier.",
        "市長は辞任しなかった。",
        "料金は2万円です。",
        "记者采访了市长。",
        "港は広いが、深くはない。",
    ],
)
def test_answers_are_not_refusals(draft: str) -> None:
    assert not wording.is_refusal(draft)


@pytest.mark.parametrize(
    ("message", "language"),
    [
        ("Hello!", "en"), ("hi there", "en"), ("こんにちは", "ja"), ("你好！", "zh"), ("안녕하세요", "ko"),
        ("Thanks a lot", "en"), ("ありがとうございました。", "ja"), ("ok, thank you!", "en"), ("merci", "fr"),
    ],
)  # fmt: skip
def test_small_talk_gets_a_reply(message: str, language: str) -> None:
    assert wording.small_talk(message, language)


@pytest.mark.parametrize(
    "message",
    ["", "Hello, who is the mayor?", "こんにちは、市長は誰ですか", "Who said thanks?", "hi-fi price"],
)
def test_a_question_is_not_small_talk(message: str) -> None:
    assert wording.small_talk(message, "en") == ""


def test_the_source_form_of_a_name_is_added_once() -> None:
    evidence = "アンナ・ケルンが市長だ。"
    written = wording.with_source_names("The mayor is Anna Kern.", evidence, "en")
    assert written == "The mayor is Anna Kern (アンナ・ケルン)."
    assert wording.with_source_names(written, evidence, "en") == written
    owned = wording.with_source_names("Mercor's CEO reported growth.", "メルコールのCEOが報告した。", "en")
    assert owned == "Mercor (メルコール)'s CEO reported growth."


@pytest.mark.parametrize(
    ("sentence", "evidence"),
    [
        ("The mayor is Anna Kern.", "The mayor is Anna Kern."),
        ("市長はAnna Kernだ。", "アンナ・ケルンが市長だ。"),
        ("The mayor is Tim Cook.", "アンナ・ケルンが市長だ。"),
    ],
)
def test_a_name_without_another_form_stays_as_it_is(sentence: str, evidence: str) -> None:
    assert wording.with_source_names(sentence, evidence, "en") == sentence


def test_sentences_are_joined_as_the_language_does() -> None:
    assert (wording.joiner("ja"), wording.joiner("en"), wording.joiner("ko")) == ("", " ", " ")
