from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qa.verify import adds_speaker, carries_name, check, details, names_in

Q = "何がありましたか？"


@pytest.mark.parametrize(
    ("sentence", "question", "evidence"),
    [
        ("社は143億ドルを投じた。", "いくら投じた？", "社は143億ドルを投じた。"),
        ("It invested $14.3 billion.", "How much did it invest?", "社は143億ドルを投じた。"),
        ("１４３億ドルです。", "いくら？", "143億ドルです。"),
        ("Anna Kern took office on April 3.", "Who took office?", "4月3日、アンナ・ケルンが就任した。"),
        ("アンナ・ケルンが就任した。", "誰が就任した？", "Anna Kern took office."),
        ("Google and Microsoft compete.", "Who competes?", "グーグルとマイクロソフトが競う。"),
        ("The firm runs 2 labs.", "How many?", "The firm runs two labs."),
        ("It did not pay.", "Did it pay?", "It did not pay anyone."),
        ("The pier is long.", "How long is the pier?", "The pier is long."),
        ("ザッカーバーグが語った。", "誰が？", "Mark Zuckerberg spoke."),
        ("同社はサービスを開始した。", "何を？", "The company launched the service."),
        ("メルコールは成長した。", "何が？", "Mercor grew."),
        ("Das Unternehmen wird Minderheitsaktionär.", "Was wird es?", "It becomes a minority shareholder."),
        ("Im Juni kaufte Meta Anteile.", "Was geschah?", "Meta bought shares in June."),
        ("Die Firma Kestrel verlor Kunden.", "Wer?", "Kestrel lost customers."),
        ("Neue Investoren kamen Ende März.", "Wer?", "New investors came at the end of March."),
        ("Mercors Umsatz stieg.", "Was?", "Revenue at Mercor rose."),
        ("그는 이사회 자리를 유지한다.", "무엇을?", "He keeps his board seat."),
        ("제이슨 드로지 최고경영자는 남는다.", "누가?", "CEO Jason Droege stays."),
        ("오늘 날씨가 좋다.", "?", "The weather is nice today."),
        ("Wang was the CEO of Scale AI.", "Who?", "Alexandr Wang, chief executive of Scale AI, was there."),
        (
            "Byrne, Sennet's CTO, wrote it.",
            "Who?",
            "Byrne, chief technology officer of Sennet, wrote it.",
        ),
    ],
)
def test_what_the_source_carries_is_supported(sentence: str, question: str, evidence: str) -> None:
    verdict = check(sentence, question, evidence, 0.7)
    assert (verdict.state, verdict.reason) == ("supported", "")


@pytest.mark.parametrize(
    ("sentence", "evidence", "named"),
    [
        ("It invested $143 billion.", "社は143億ドルを投じた。", "$143 billion"),
        ("料金は9万円です。", "料金は2万円です。", "9万円"),
        ("The fee is $20.", "The fee is 20 euros.", "$20"),
        ("The town has 10 piers.", "The town often has piers.", "10"),
        ("Tim Cook took office.", "アンナ・ケルンが就任した。", "Tim Cook"),
        ("売上は12%増えた。", "売上は21%増えた。", "12%"),
        ("2015年に開業した。", "2014年に開業した。", "2015年"),
        ("インドが受注した。", "Intel won the order.", "インド"),
        ("Petra Vogel leitet die Firma.", "Anna Kern leads the firm.", "Petra Vogel"),
        ("Der Trainer Anton Weiss kam.", "The trainer Mikkel Dahl came.", "Anton Weiss"),
        ("Bob Zimmer.", "Anna Kern leads the firm.", "Bob Zimmer"),
        ("팀 쿡 최고경영자는 남는다.", "CEO Jason Droege stays.", "팀 쿡"),
        ("쿡 씨는 떠났다.", "Jason Droege left.", "쿡"),
    ],
)
def test_a_wrong_figure_or_name_is_not_supported_and_is_named(
    sentence: str, evidence: str, named: str
) -> None:
    verdict = check(sentence, Q, evidence, 0.9)
    assert verdict.state == "unsupported"
    assert named in verdict.reason and "not in the source" in verdict.reason


def test_one_wrong_detail_of_two_is_partly() -> None:
    verdict = check("2014年に9万円で売れた。", Q, "2014年に2万円で売れた。")
    assert verdict.state == "partly" and "9万円" in verdict.reason and "2014" not in verdict.reason


@pytest.mark.parametrize(
    ("sentence", "evidence", "named"),
    [
        ("同社は計画を発表しなかった。", "同社は計画を発表した。", "opposite of '発表'"),
        ("It did not snow.", "It snowed.", "it says no"),
        ("It snowed in May.", "It did not snow in May.", "the source says no"),
        ("同社は計画を撤回した。", "同社は計画を発表した。", "opposite of '撤回'"),
        ("The town sold Ada the pier.", "Ada sold the town the pier.", "changed places"),
        ("The port was closed in 2014.", "The port was opened in 2014.", "opposite of 'closed'"),
        ("It did not buy the pier.", "港は桟橋を買った。", "it says no"),
        ("アンナ・ケルンがCTOになった。", "アンナ・ケルンがCEOになった。", "CTO is not in the source"),
        ("The pier is long and people painted birds.", "The pier is long.", "part of it"),
    ],
)
def test_a_contradiction_is_partly_and_is_named(sentence: str, evidence: str, named: str) -> None:
    verdict = check(sentence, "", evidence, 0.9)
    assert verdict.state == "partly" and named in verdict.reason


@pytest.mark.parametrize(
    ("sentence", "evidence"),
    [
        ("The port grew because it rained.", "It rained because the port grew."),  # cause and effect
        ("港は古いので人気だ。", "港は新しいので人気だ。"),  # opposites that are not in the table
    ],
)
def test_limits_of_exact_checks(sentence: str, evidence: str) -> None:
    """Recorded, not wished for."""
    assert check(sentence, "", evidence, 0.9).state == "supported"


def test_a_sentence_that_says_something_else_is_unsupported() -> None:
    verdict = check("雨は夕方まで続いた後に止んだ。", Q, "港の桟橋は木でできている。", 0.3)
    assert (verdict.state, verdict.reason) == ("unsupported", "the source does not say this")


@pytest.mark.parametrize(
    ("sentence", "names"),
    [
        ("CEO of Scale AI", ["Scale AI"]),
        ("Meta CEO Mark Zuckerberg left.", ["Meta", "Mark Zuckerberg"]),
        ("Wer ist der Minderheitsaktionär?", []),
        ("Er wechselt zu OpenAI.", ["OpenAI"]),
        ("그는 왜 회사를 떠났습니까?", []),
    ],
)
def test_names_without_offices_and_common_nouns(sentence: str, names: list[str]) -> None:
    assert names_in(sentence) == names


def test_a_surname_is_carried_by_the_whole_name() -> None:
    assert carries_name("ザッカーバーグ", "Mark Zuckerberg runs it")
    assert carries_name("Zuckerberg", "マーク・ザッカーバーグ氏")
    assert not carries_name("ザッカーバーグ", "Jason Droege runs it")


def test_an_echoed_question_needs_no_evidence() -> None:
    wanted = details("In 2014 Port Ada bought a pier.", "What did Port Ada buy in 2014?")
    assert wanted.figures == () and wanted.names == ()
    assert "pier" in wanted.terms and "port" not in wanted.terms


@settings(deadline=None)
@given(st.text(max_size=80), st.text(max_size=80), st.text(max_size=80), st.floats(0, 1))
def test_any_texts_get_a_verdict(sentence: str, question: str, evidence: str, similarity: float) -> None:
    verdict = check(sentence, question, evidence, similarity)
    assert 0.0 <= verdict.score <= 1.0
    assert bool(verdict.reason) is (verdict.state != "supported")


@pytest.mark.parametrize(
    ("source", "made", "adds"),
    [
        ("記事を書いている。", "I write articles.", True),
        ("正在撰写文章。", "Writing is my work.", True),
        ("私は記事を書いている。", "I write articles.", False),
        ("「記事を書く」と述べた。", "She said: I write articles.", False),
        ("記事を書いている。", "It writes articles; World War I ended.", True),
        ("記事を書いている。", "The men write articles.", False),
        ("Schreibt Artikel.", "I write articles.", False),
        ("", "I write articles.", False),
    ],
    ids=[
        "made up",
        "of what is mine",
        "there",
        "quoted",
        "a numeral, to be safe",
        "none",
        "not checked",
        "nothing",
    ],
)
def test_who_speaks_only_in_a_translation(source: str, made: str, adds: bool) -> None:
    assert adds_speaker(made, source) == adds
