from __future__ import annotations

import numpy as np
import pytest

from qa import dictionary
from qa.dictionary import concepts, glossary, in_katakana, shared, words

needs_books = pytest.mark.skipif(
    dictionary.available() != dictionary.LANGUAGES,
    reason="the dictionaries come with the extra [local]",
)


@needs_books
@pytest.mark.parametrize(
    ("text", "language", "found"),
    [
        ("最高経営責任者が暫定的に就任した。", "ja", ["最高経営責任者", "暫定的", "就任"]),
        ("開発を打ち切った。", "ja", ["開発", "打ち切"]),
        ("ベンダーはメタバースを知らない。", "ja", ["ベンダー", "知らない"]),
        ("临时首席执行官", "zh", ["临时", "首席执行官"]),
        ("The interim CEO", "en", []),
        ("", "ja", []),
    ],
)
def test_words_are_the_longest_that_are_known(text: str, language: str, found: list[str]) -> None:
    assert [word.text for word in words(text, language)] == found


@needs_books
def test_a_part_of_a_longer_katakana_word_is_none() -> None:
    assert not words("スケールメタフォリカ", "ja")


@needs_books
def test_the_commonest_meaning_comes_first_and_remarks_are_left_out() -> None:
    (share,) = words("株式", "ja")
    assert share.meanings[0] == ("share", "stock")


@needs_books
def test_a_glossary_has_names_and_uncommon_words() -> None:
    told = glossary("最高戦略責任者のマーク・ルーミス氏は弘前市に移り、会社は投資を打ち切った。", "ja")
    assert list(told) == ["最高戦略責任者", "マーク", "ルーミス", "弘前", "移り", "打ち切"]
    assert told["最高戦略責任者"] == ("chief strategy officer",)
    assert (told["マーク"], told["ルーミス"], told["弘前"]) == (("Mark",), ("Loomis",), ("Hirosaki",))
    assert told["打ち切"][0] == "to stop"


@needs_books
def test_a_glossary_leaves_out_what_explains() -> None:
    assert glossary("人間並みの推論", "ja") == {"推論": ("inference", "deduction")}
    assert "国土交通省" in glossary("国土交通省が決めた。", "ja"), "a long name is none"


@needs_books
def test_a_glossary_takes_no_part_of_a_word_for_a_name() -> None:
    assert "新部" not in glossary("新部門は研究を担う。", "ja")
    assert glossary("", "ja") == glossary("The end", "en") == {}


@needs_books
@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("Mark Zuckerberg", "マーク・ザッカーバーグ"),
        ("San Francisco", "サンフランシスコ"),
        ("Michael Jordan", ""),
        ("Boston Droege", ""),
        ("", ""),
    ],
    ids=["its words", "as a whole", "four forms", "a nickname and one that is not there", "nothing"],
)
def test_a_foreign_name_in_katakana(name: str, form: str) -> None:
    assert in_katakana(name) == form


@needs_books
def test_words_that_tell_nothing_are_no_concepts() -> None:
    assert concepts("Who was it?", "en") == ()
    assert concepts("the interim heads", "und") == (frozenset({"head"}), frozenset({"interim"}))
    assert any({"interim"} <= meant or {"provision"} <= meant for meant in concepts("暫定", "ja"))


JAPANESE = [
    ("従業員の離職が相次いだ。", ""),
    ("同社は少数株主として外部の企業に投資する。", ""),
    ("天気は晴れでした。", ""),
]


@needs_books
def test_what_a_question_asks_is_found_in_another_language() -> None:
    share = shared("Which shareholder invested in an outside company?", JAPANESE)
    assert int(np.argmax(share)) == 1
    assert 0 < share[1] <= 1 and not share[2]
    across = shared("该公司投资了什么？", [("It invested in a company.", ""), ("The weather was fine.", "")])
    assert across[0] > across[1] == 0


@needs_books
def test_within_a_language_keywords_are_enough() -> None:
    assert not shared("外部の企業に投資したのは誰ですか？", JAPANESE).any()
    assert not shared("Who invested?", [("He invested.", "")]).any()


@needs_books
def test_what_stands_beside_a_text_tells_its_language() -> None:
    headline = "首相辞任"
    (alone,), (beside,) = (shared("首相辞任はいつ？", [(headline, by)]) for by in ("", "記事です"))
    assert alone and not beside, "a headline without kana looks Chinese"


def test_nothing_to_compare_with_is_an_empty_share() -> None:
    assert shared("Who?", []).shape == (0,)


def test_without_dictionaries_nothing_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dictionary, "_jmdict", lambda: None)
    monkeypatch.setattr(dictionary, "_cedict", lambda: None)
    dictionary._japanese.cache_clear()
    dictionary._chinese.cache_clear()
    try:
        assert not words("最高経営責任者", "ja") and not words("首席执行官", "zh")
    finally:
        dictionary._japanese.cache_clear()
        dictionary._chinese.cache_clear()
