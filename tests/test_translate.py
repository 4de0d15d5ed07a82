from __future__ import annotations

from functools import partial

import pytest
from scripted import ScriptedChat

from qa import translate
from qa.dictionary import available
from qa.translate import Translations, prepared

needs_dictionary = pytest.mark.skipif(
    "ja" not in available(), reason="the dictionaries come with the extra [local]"
)
by_dictionary = partial(pytest.param, marks=needs_dictionary)


@pytest.mark.parametrize(
    ("sentence", "question", "language", "given"),
    [
        ("メタは143億ドルを投じた。", "How much?", "en", "メタは$14.3 billionを投じた。"),
        ("It paid $14.3 billion.", "いくら？", "ja", "It paid 143億ドル."),
        ("メルコールは成長した。", "Did Mercor grow?", "en", "Mercorは成長した。"),
        ("アレクサンドル・ワン氏が去る。", "Why does Wang leave?", "en", "アレクサンドル・ワン氏が去る。"),
        ("アレクサンドル・ワン氏が去る。", "Why does Alexandr Wang leave?", "en", "Alexandr Wang氏が去る。"),
        ("スケールAIが成長した。", "Did Scale AI grow?", "en", "Scale AIが成長した。"),
        ("アメリカの顧客が増えた。", "Where did Mercor gain customers?", "en", "アメリカの顧客が増えた。"),
        ("フォーブスなどのメディアが報じた", "Did Forbes ask Meta?", "en", "Forbesなどのメディアが報じた"),
        ("アップルのアプリ。", "What did Apple sell?", "en", "Appleのアプリ。"),
        ("メタとメッタが争う。", "What did Meta do?", "en", "メタとメッタが争う。"),
        ("メタルをメタが買う。", "Did Meta grow?", "en", "メタルをMetaが買う。"),
        ("Mercor grew.", "メルコールは成長しましたか？", "ja", "メルコール grew."),
        ("Mercor grew.", "메르코르는 성장했나요?", "ko", "메르코르 grew."),
        ("ジェイソン・ドロージ氏が去る。", "제이슨 드로지는 왜 떠났나?", "ko", "제이슨 드로지氏が去る。"),
        ("Mercorは\n成長した。", "Did Mercor grow?", "en", "Mercorは 成長した。"),
        by_dictionary("Mark Zuckerberg leads.", "誰が率いる？", "ja", "マーク・ザッカーバーグ leads."),
        by_dictionary("Mark Zuckerberg leads.", "ザッカーバーグは？", "ja", "マーク・ザッカーバーグ leads."),
        by_dictionary("Mark Zuckerberg leads.", "누가?", "ko", "Mark Zuckerberg leads."),
        by_dictionary("Paris and Brendan Foody.", "誰？", "ja", "Paris and Brendan Foody."),
    ],
)
def test_amounts_and_names_are_put_right_before_the_model_reads(
    sentence: str, question: str, language: str, given: str
) -> None:
    assert prepared(sentence, question, language) == given


@pytest.mark.parametrize(
    ("known", "told"),
    [
        ({}, ""),
        ({"退任": ("retirement",), "片桐": ("Katagiri",)}, "Dictionary: 退任 = retirement; 片桐 = Katagiri"),
        ({"就任": ("assumption", "taking up")}, "Dictionary: 就任 = assumption / taking up"),
    ],
)
def test_the_model_is_told_what_the_dictionary_says(
    known: dict[str, tuple[str, ...]], told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(translate, "glossary", lambda sentence, language: known if language == "ja" else {})
    asked: list[str] = []
    Translations(ScriptedChat(lambda prompt: asked.append(prompt) or "He left."))("彼は退任した。", "en")
    assert asked[0] == f"Translate into English:\n\n彼は退任した。\n\n{told}".strip()


@pytest.mark.parametrize(
    ("made", "kept"),
    [
        ("マーケット・ザッカーバーグが率いる。", "マーク・ザッカーバーグが率いる。"),
        ("マーク・ザッカーバーグが率いる。", "マーク・ザッカーバーグが率いる。"),
        ("アンナ・ケルンが率いる。", "アンナ・ケルンが率いる。"),
        ("彼が率いる。", "彼が率いる。"),
    ],
    ids=["nearly", "right", "another", "none"],
)
def test_a_name_that_the_model_was_given_stays(made: str, kept: str) -> None:
    chat = ScriptedChat(lambda prompt: made)
    assert Translations(chat)("マーク・ザッカーバーグ leads.", "ja").text == kept


def test_what_was_cut_off_is_not_kept() -> None:
    chat = ScriptedChat(lambda prompt: "It grew.", finish="length")
    translations = Translations(chat)
    assert [translations("成長した。", "en").finish for _ in range(2)] == ["length", "length"]
    assert len(chat.streams) == 2


def test_only_so_many_are_kept() -> None:
    chat = ScriptedChat(lambda prompt: "It grew.")
    translations = Translations(chat, most=1)
    first = translations("成長した。", "en")
    assert (first.text, first.tokens_out) == ("It grew.", 7)
    assert translations("成長した。", "en").tokens_out == 0
    translations("縮んだ。", "en")
    translations("成長した。", "en")
    assert len(chat.streams) == 3


@pytest.mark.parametrize(
    ("beside", "given"),
    [
        ("", "メルコールAIはメタに部品を売り、メルコールの株は上がった。"),
        ("Mercor AIが発表した。Metaは喜んだ。", "メルコールAIはMetaに部品を売り、Mercorの株は上がった。"),
        ("Mercor announced it.", "メルコールAIはメタに部品を売り、Mercorの株は上がった。"),
    ],
    ids=["nothing", "both", "one"],
)
def test_names_are_written_as_elsewhere_in_the_document(beside, given):
    sentence = "メルコールAIはメタに部品を売り、メルコールの株は上がった。"
    assert prepared(sentence, "Who sells parts?", "en", beside) == given
