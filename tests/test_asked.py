from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evals import contradictions
from qa.asked import asks_for, loses, question_proper

DATA = contradictions.DATA.parent
ARTICLE = Path(__file__).parents[2] / "shared" / "article" / "article.ja.txt"


@pytest.mark.parametrize(
    ("question", "evidence", "lacks"),
    [
        ("Who is Port AG's CFO?", "Anna Kern is the CEO of Port AG.", "the CFO"),
        ("誰が最高技術責任者ですか？", "アンナ・ケルンがCEOに就いた。", "最高技術責任者"),
        ("Who is the CSO?", "元最高戦略責任者のケルン氏がCEOに就いた。", "present CSO"),
        ("正式なCEOは誰ですか？", "ケルン氏が暫定CEOに就いた。", "lasting CEO"),
        ("Who is interim CEO?", "CEO Anna Kern came.", "interim CEO"),
        ("Who founded Port AG?", "Anna Kern left Port AG.", ""),
        ("Who are the founders of Port AG?", "Anna Kern left Port AG.", "founders"),
        ("Who heads Port AG?", "Port AG is independent.", "who leads"),
        ("How much did it cost?", "It was built in 2014 by 20 people.", "an amount of money"),
        ("費用はいくらでしたか？", "2014年に完成した。", "an amount of money"),
        ("¿Cuánto dinero costó?", "En 2014 se abrió.", "an amount of money"),
        ("How many people work there?", "It opened in 2014 and cost $3 million.", "a number"),
        ("How much is she paid?", "アレクサンドル・ワン氏が来た。", "an amount of money"),
        ("従業員は何人ですか？", "計画の一環として来た。", "a number"),
        ("従業員は何人ですか？", "2014年に300万ドルを得た。", "a number"),
        ("従業員は何人ですか？", "元従業員の1人が話した。", "a number"),
        ("How many people work there?", "One of its former clerks spoke.", "a number"),
        ("How many years does it last?", "It cost 300 dollars.", "a number"),
        ("何パーセントですか？", "300人が来た。", "a share"),
        ("何歳ですか？", "2014年に来た。", "an age"),
        ("What year was it?", "It cost 300 dollars.", "a year"),
        ("何月何日でしたか？", "2014年だった。", "a date"),
        ("When does the pact begin?", "The pact covers 20 years.", "a time"),
        ("いつ始まりますか？", "20年間の協定だ。", "a time"),
        ("How long did it last?", "Anna Kern came.", "a length of time"),
        ("Wie viele Mitarbeiter gibt es?", "Anna Kern kam im Sommer.", "a number"),
        ("¿Cuántas empresas compró?", "Ada Kern llegó.", "a number"),
        ("收购了几家公司？", "他收购了公司。", "a number"),
        ("몇 명이 왔습니까?", "안나가 왔다.", "a number"),
        ("Wann kam er?", "Er kam nach Berlin.", "a time"),
        ("¿Cuándo vino?", "Vino de Madrid.", "a time"),
        ("什么时候来的？", "他从北京来的。", "a time"),
        ("언제 왔습니까?", "안나가 서울에 왔다.", "a time"),
        ("いつ来ましたか？", "東京に来た。", "a time"),
        ("When does Ada move to Port AG?", "She moves to Port AG, an advantage.", "a time"),
        ("When did Ada, the clerk, join?", "She joined.", "a time"),
        ("Since when is she CEO?", "She is CEO.", "a time"),
        ("When?", "It opened.", "a time"),
        ("Wie lange dauerte es?", "Anna Kern kam an.", "a length of time"),
        ("占百分之几？", "公司下降了。", "a share"),
        ("¿Cuánto cuesta?", "Llegó Ada Kern.", "an amount of money"),
        ("花了多少钱？", "他来了。", "an amount of money"),
        ("얼마를 투자했습니까?", "안나가 왔다.", "an amount of money"),
        ("What is Port AG's revenue?", "Port AG is big.", "an amount of money"),
        ("What was the total annual budget of the port?", "The port is big.", "an amount of money"),
        ("What will the price be?", "The port is big.", "an amount of money"),
        ("What salary does she get?", "She left.", "an amount of money"),
        ("料金はどのくらいですか？", "カードで払う。", "an amount of money"),
        ("料金は？", "カードで払う。", "an amount of money"),
        ("人口は何人ですか？", "災害で減った。", "a number"),
        ("人口はどれくらいですか？", "災害で減った。", "a number"),
        ("누가 서울시장이 되었나요?", "안나가 왔다.", "시장"),
        ("¿Quién es el ministro?", "Ada Kern llegó.", "ministro"),
        ("Who is the CEO of Port AG?", "リーフワークスのCEO、ケルン氏が話した。", "CEO of Port AG"),
        (
            "What is Ada Kern's title at Blue Lake?",
            "Port AG's CEO Ada Kern joins Blue Lake.",
            "a post at Blue",
        ),
        (
            "ケルン氏のリーフでの肩書は？",
            "Port AGの取締役として残るケルン氏はリーフに移る。",
            "a post at リーフ",
        ),
        ("ポートのCEOは誰ですか？", "Blue Lake's CEO Ada Kern spoke.", "CEO of ポート"),
    ],
)
def test_what_a_source_lacks(question: str, evidence: str, lacks: str) -> None:
    reason = asks_for(question, evidence)
    assert lacks in reason if lacks else not reason


@pytest.mark.parametrize(
    ("question", "evidence"),
    [
        ("Who is the CFO?", "最高財務責任者にケルン氏が就いた。"),
        ("Who runs Port AG?", "Port AGのCEO、ケルン氏が話した。"),
        ("Who is CEO?", "Anna Kern heads the firm."),
        ("Who founded the firm?", "The firm was started by Anna Kern."),
        ("Who was CEO in May?", "Former CEO Anna Kern left in May."),
        ("Why is the CEO unhappy?", "Anna Kern is unhappy."),
        ("How much did it cost?", "It was free."),
        ("費用はいくら？", "20万円だった。"),
        ("How much of the town is wood?", "Half of the town is wood."),
        ("How many people came?", "Several came."),
        ("何人が来ましたか？", "三人が来た。"),
        ("How many people came?", "One of the 20 clerks came."),
        ("彼は何人ですか？", "彼はポルトガル人だ。"),
        ("How many years?", "二十年間だ。"),
        ("How old is she?", "Anna Kern, 34, won."),
        ("What year was it?", "二〇一四年だった。"),
        ("When was it?", "It was during the war."),
        ("いつですか？", "昨年の春だった。"),
        ("When it rained, who came?", "Anna Kern came."),
        ("How long is the pier?", "The pier is 300 metres."),
        ("Where is the port?", "It is there."),
        ("Wie viele Deals gab es?", "Port AG schloss zwei Deals ab."),
        ("Wie viele kamen?", "Es kamen zweihundertfünfzig."),
        ("¿Cuántas empresas compró?", "Compró cuatro empresas."),
        ("收购了几家公司？", "收购了两家公司。"),
        ("有多少人离开？", "三分之二的人口离开了。"),
        ("몇 명이 왔습니까?", "세 명이 왔다."),
        ("Wann kam er?", "Er kam gestern."),
        ("Wann kam er?", "Er kam im Sommer."),
        ("¿Cuándo vino?", "Vino ayer."),
        ("¿Cuándo vino?", "Vino la semana pasada."),
        ("什么时候来的？", "昨天来的。"),
        ("什么时候来的？", "上周来的。"),
        ("언제 왔습니까?", "어제 왔다."),
        ("いつ来ましたか？", "先ほど来た。"),
        ("Wie lange dauerte es?", "Es dauerte zwei Wochen."),
        ("¿Cuánto tiempo duró?", "Duró dos semanas."),
        ("持续了多久？", "持续两周。"),
        ("占百分之几？", "下降了百分之十。"),
        ("¿Cuánto cuesta?", "Cuesta un millón de euros."),
        ("How much did it cost?", "It cost a million euros."),
        ("Wie viel kostet es?", "Es kostet 5 Mio. Euro."),
        ("花了多少钱？", "花了三亿美元。"),
        ("얼마를 투자했습니까?", "수백만 달러를 투자했다."),
        ("How old is the fossil?", "It is 95 million years old."),
        ("How much did the price rise?", "It rose by 10%."),
        ("What is the effect of the deal on Port AG's revenue?", "It helps."),
        ("What is driving Port AG's revenue?", "Ads do."),
        ("What is Port AG's revenue model?", "It sells ads."),
        ("料金はどのように払いますか？", "カードで払う。"),
        ("割合は何で決まりますか？", "くじで決まる。"),
        ("人口は何が原因で減りましたか？", "災害で減った。"),
        ("When Ada moves to Port AG, does she keep her seat?", "She keeps it."),
        ("When Ada moves to Port AG does she keep her seat?", "She keeps it."),
        ("Who led Port AG, when it grew?", "Ada Kern, the CEO, led it."),
        ("언제나 오나요?", "안나가 온다."),
        ("¿Quién firmó el suministro?", "Ada Kern firmó."),
        ("¿Quién es la mayor accionista?", "Ada Kern."),
        ("누가 시장 점유율 1위입니까?", "안나가 1위다."),
        ("Who is the CEO of Port AG?", "The CEO of Port, Anna Kern, spoke."),
        ("Who is the CEO of Port AG?", "ポートのCEO、ケルン氏が話した。"),
        ("Who is the CEO of Port AG?", "Blue Lake's CEO Ada Moss met the CEO, Anna Kern."),
        ("Who is the president of the US?", "The president of the United States, Anna Kern, spoke."),
        ("What is her title at Blue Lake?", "The CEO of Port AG joins Blue Lake as a clerk."),
        ("What is her title at Blue Lake?", "The CEO of Port AG becomes a clerk at Blue Lake."),
        ("What is her title at Port?", "The CEO of Port AG joins Blue Lake."),
        ("What is her title at Blue Lake?", "She joins Blue Lake; Ada Moss is CEO."),
        ("ケルン氏のリーフでの肩書は？", "Port AGのCEO、ケルン氏はリーフの顧問に就いた。"),
        ("What is it?", ""),
    ],
)
def test_what_a_source_has(question: str, evidence: str) -> None:
    assert asks_for(question, evidence) == ""


def test_a_number_of_the_question_is_no_answer() -> None:
    assert "a number" in asks_for("How many of the 300 guests left?", "300 guests came in.")


@pytest.mark.skipif(not ARTICLE.exists(), reason="the article is not part of the repository")
def test_no_evidence_of_the_article_is_refused() -> None:
    text = ARTICLE.read_text(encoding="utf-8")
    rows = [json.loads(line) for line in (DATA / "article.jsonl").read_text(encoding="utf-8").splitlines()]
    fired = [
        row["id"]
        for row in rows
        if row["answerable"] and asks_for(row["question"], text[slice(*row["evidence"][0])])
    ]
    assert fired == []


@settings(deadline=None)
@given(st.text(), st.text())
def test_any_texts(question: str, evidence: str) -> None:
    assert isinstance(asks_for(question, evidence), str)


@pytest.mark.parametrize(
    ("message", "proper"),
    [
        ("Find the sum paid to Ada? If multiple, list all.", "Find the sum paid to Ada?"),
        ("I read it. Who won? And when?", "I read it. Who won? And when?"),
        ("誰が勝ちましたか？簡潔に答えてください。", "誰が勝ちましたか？"),
        ("Tell me who won.", "Tell me who won."),
        (
            "What does https://example.org/?id=3 say about it",
            "What does https://example.org/?id=3 say about it",
        ),
    ],
)
def test_what_follows_the_question_is_no_part_of_it(message: str, proper: str) -> None:
    assert question_proper(message) == proper


@pytest.mark.parametrize(
    ("question", "source", "translation", "lost"),
    [
        ("What post does Kern hold?", "CEOのアンナ・ケルンが率いる。", "Anna Kern leads it.", True),
        (
            "What post does Kern hold?",
            "CEOのアンナ・ケルンが率いる。",
            "Anna Kern, the CEO, leads it.",
            False,
        ),
        ("ケルン氏の役職は？", "Anna Kern, the CEO, leads it.", "ケルン氏が率いる。", True),
        ("What does Kern lead?", "CEOのアンナ・ケルンが率いる。", "Anna Kern leads it.", False),
        ("What post does Kern hold?", "アンナ・ケルンが率いる。", "Anna Kern leads it.", False),
    ],
    ids=["lost", "kept", "into Japanese", "not asked", "none there"],
)
def test_a_post_that_a_translation_loses(question: str, source: str, translation: str, lost: bool) -> None:
    assert loses(question, source, translation) == lost
