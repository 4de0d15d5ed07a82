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
    written = wording.with_source_names("The mayor is Anna Kern.", evidence)
    assert written == "The mayor is Anna Kern (アンナ・ケルン)."
    assert wording.with_source_names(written, evidence) == written
    owned = wording.with_source_names("Mercor's CEO reported growth.", "メルコールのCEOが報告した。")
    assert owned == "Mercor (メルコール)'s CEO reported growth."


@pytest.mark.parametrize(
    ("sentence", "evidence", "written"),
    [
        (
            "ジェイソン・ドロージが就任した。ジェイソン・ドロージは元幹部だ。",
            "It said Jason Droege of Uber took office.",
            "ジェイソン・ドロージ (Jason Droege)が就任した。ジェイソン・ドロージは元幹部だ。",
        ),
        ("제이슨 드로지는 남는다.", "Jason Droege stays.", "제이슨 드로지 (Jason Droege)는 남는다."),
        (
            "제이슨 드로지는 남는다.",
            "ジェイソン・ドロージ氏が残る。",
            "제이슨 드로지 (ジェイソン・ドロージ)는 남는다.",
        ),
        (
            "此外，前首席战略官杰伊森·多罗吉担任临时首席执行官。",
            "元最高戦略責任者であるジェイソン・ドロージ氏が暫定CEOに就任した。",
            "此外，前首席战略官杰伊森·多罗吉 (ジェイソン・ドロージ)担任临时首席执行官。",
        ),
        ("スケールAIが伸びた。", "Investors like Scale AI.", "スケールAI (Scale AI)が伸びた。"),
        ("メタのCEO", "It said Meta CEO Mark Zuckerberg came.", "メタ (Meta)のCEO"),
        ("メルコールは伸びた。", "It hurt Mercor's rivals.", "メルコール (Mercor)は伸びた。"),
    ],
)
def test_the_source_form_is_added_in_every_direction(sentence: str, evidence: str, written: str) -> None:
    assert wording.with_source_names(sentence, evidence) == written
    assert wording.with_source_names(written, evidence) == written


@pytest.mark.parametrize(
    ("sentence", "evidence"),
    [
        ("The mayor is Anna Kern.", "The mayor is Anna Kern."),
        ("市長はAnna Kernだ。", "アンナ・ケルンが市長だ。"),
        ("The mayor is Tim Cook.", "アンナ・ケルンが市長だ。"),
        ("同社はサービスとデータを提供する。", "The service gives data to Meta."),
        ("서비스를 제공한다.", "サービスを提供する。"),
        ("アメリカのメディアが報じた。", "Mercor and Meta said so."),
    ],
)
def test_a_name_without_another_form_stays_as_it_is(sentence: str, evidence: str) -> None:
    assert wording.with_source_names(sentence, evidence) == sentence


def test_sentences_are_joined_as_the_language_does() -> None:
    assert wording.joined(["甲。", "乙。"], "ja") == "甲。乙。"
    assert wording.joined(["One.", "Two."], "en") == "One. Two."
    assert wording.joined(["하나.", "둘."], "ko") == "하나. 둘."


def test_a_headline_that_another_sentence_follows_gets_a_full_stop() -> None:
    assert wording.joined(["港の記事", "売上高は増えた。"], "ja") == "港の記事。売上高は増えた。"
    assert wording.joined(["Harbour sold", "He said: “No.”", "It"], "en") == "Harbour sold. He said: “No.” It"


@pytest.mark.parametrize(
    "sentence",
    [
        "However, she will leave in May.",
        "Its sales fell.",
        "しかし、同社は黒字だ。",
        "この契約の一環として、ワン氏は移る。",
    ]
    + [
        "他说不会。",
        "他将离开。",
        "그가 떠났다.",
        "이 회사는 성장했다.",
        "Su cargo es nuevo.",
        "Seine Firma wuchs.",
    ],
)
def test_a_sentence_that_points_back_leans(sentence):
    assert wording.leans(sentence)


@pytest.mark.parametrize(
    ("sentence", "named"),
    [
        ("This division is new.", True),
        ("これは新しい。", False),
        ("また、この契約は大きい。", True),
        ("このため株価は下がった。", False),
        ("This is new.", False),
        ("That said, it grew.", False),
        ("He left this firm.", False),
        ("Diese Vereinbarung gilt.", True),
        ("Dies ist neu.", False),
        ("该公司成长了。", True),
        ("이 회사는 성장했다.", True),
        ("이는 새롭다.", False),
    ],
)
def test_some_that_point_back_name_what_they_point_at(sentence, named):
    assert wording.leans(sentence) and wording.names_what(sentence) == named


@pytest.mark.parametrize(
    "sentence",
    [
        "Meta grew.",
        "同時に発表した。",
        "同盟国が参加した。",
        "他国の例。",
        "이번 거래는 크다.",
        "이 씨는 떠났다.",
        "그룹은 컸다.",
    ]
    + ["Suma anunció ventas.", "Sabine kam.", "However, Itel grew."],
)
def test_one_that_names_what_it_is_about_does_not(sentence):
    assert not wording.leans(sentence)


def test_only_what_followed_a_connective_gets_a_capital():
    assert wording.spoken("However, the firm grew.") == "The firm grew."
    for sentence in ("iPhone sales rose.", "de Vries left."):
        assert wording.spoken(sentence) == sentence
    assert wording.spoken("However, xAI rose.") == "xAI rose."
    assert wording.spoken("しかし、同社は黒字だ。") == "同社は黒字だ。"


@pytest.mark.parametrize(
    "fact",
    [
        "No, it does not include WhatsApp.",
        "La empresa no está en venta.",
        "Meta n'est pas propriétaire de Scale.",
    ]
    + [
        "오픈AI는 구글에서 서비스를 제공하지 않는다.",
        "It was not named after its founder.",
        "El banco no da créditos.",
    ],
)
def test_a_denied_fact_is_no_refusal(fact):
    assert not wording.is_refusal(fact)


def test_a_name_that_the_question_writes_needs_no_source_form():
    given = ("メタのCEO", "It said Meta CEO Mark Zuckerberg came.")
    assert wording.with_source_names(*given, question="メタの代表は？") == "メタのCEO"


def test_a_byline_says_that_it_is_one_unless_a_sentence_does() -> None:
    assert wording.byline("Ada Kern", "en") == "By Ada Kern"
    assert wording.byline("Ada Kern", "xx") == "By Ada Kern"
    assert wording.byline("Ada Kern is a staff writer.", "en") == "Ada Kern is a staff writer."


@pytest.mark.parametrize(
    ("subject", "text", "question", "language", "said"),
    [
        (
            "ポルトガル",
            "リスボンがおもな空港。",
            "リスボンがおもな空港の国は？",
            "ja",
            "ポルトガル：リスボンがおもな空港。",
        ),
        ("Blue_Lake", "4월에 설립됐다.", "언제 설립됐나요?", "ko", "Blue Lake: 4월에 설립됐다."),
        ("ポルトガル", "ポルトガルの首都はリスボン。", "首都は？", "ja", "ポルトガルの首都はリスボン。"),
        ("ポルトガル", "首都はリスボン。", "ポルトガルの首都は？", "ja", "首都はリスボン。"),
        ("渡し船が戻る", "港長が運航する。", "誰が運航しますか？", "ja", "港長が運航する。"),
        ("Portugal", "Lisbon is the capital.", "What is the capital?", "en", "Lisbon is the capital."),
        ("", "首都はリスボン。", "首都は？", "ja", "首都はリスボン。"),
    ],
)
def test_what_a_sentence_leaves_out_is_said_before_it(subject, text, question, language, said):
    assert wording.about(subject, text, question, language) == said
