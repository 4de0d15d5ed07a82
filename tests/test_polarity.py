from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qa.polarity import opposed


@pytest.mark.parametrize(
    ("sentence", "evidence"),
    [
        ("Sales rose.", "Sales fell."),
        ("Sales rose in Peru.", "Sales in Chile rose, sales in Peru fell."),
        ("The town approved the pier.", "The town did not approve the pier."),
        ("The town did not reject the pier.", "The town rejected the pier."),
        ("The town will build a pier.", "The town abandoned its plan to build a pier."),
        ("The port opened and the pier did too.", "The port opened, but the pier did not."),
        ("売上は増えた。", "売上は減った。"),
        ("港を建設する。", "港の建設を中止する。"),
        ("上告を認めた。", "上告を棄却した。"),
        ("雪が降った。", "雪は降らなかった。"),
        ("The medicine helped monkeys.", "The medicine helped mice but not monkeys."),
        ("A fair trial was held.", "An unfair trial was held."),
        ("会議は公開で開かれた。", "会議は非公開で開かれた。"),
        ("公司批准了计划。", "公司没有批准计划。"),
        ("회사는 계획을 승인했다.", "회사는 계획을 승인하지 않았다."),
        ("Sales rose.", "売上は減少した。"),
        ("It snowed.", "雪は降らなかった。"),
    ],
)
def test_opposites(sentence: str, evidence: str) -> None:
    assert opposed(sentence, evidence)


@pytest.mark.parametrize(
    ("sentence", "evidence"),
    [
        ("The town rejected the pier.", "The town did not approve the pier."),
        ("The port denied that anything changed.", "港は変更はないと否定した。"),
        ("Sales in Chile rose.", "Sales in Chile rose, sales in Peru fell."),
        ("The pier is old.", "The pier is old, and nobody will build another."),
        ("計画は承認されなかった。", "計画は却下された。"),
        ("少なくとも10人が来た。", "多かったのは10人の客だ。"),
        ("It opened in May.", "港は5月に開き、雪は降らなかった。"),
        ("Ada lost to Kern.", "Kern beat Ada."),
        ("The trial was not unfair.", "The trial was fair."),
        ("港と非公開の船がある。", "公開の港と非公開の船がある。"),
        ("同社は港を持つ。", "同社は港を持ち、船は持たない。"),
    ],
)
def test_no_opposites(sentence: str, evidence: str) -> None:
    assert opposed(sentence, evidence) == ""


@settings(deadline=None)
@given(st.text(), st.text())
def test_any_texts(sentence: str, evidence: str) -> None:
    assert isinstance(opposed(sentence, evidence), str)
    assert opposed(sentence, sentence) == ""


@pytest.mark.parametrize(
    ("claim", "source", "wrong"),
    [
        ("Ada Kern will be appointed interim head.", "アダ・ケルン氏が暫定代表に就任した。", True),
        ("Ada Kern was appointed interim head.", "アダ・ケルン氏が暫定代表に就任した。", False),
        ("Ada Kern will be head.", "ケルン氏、改革を進める方針\nアダ・ケルン氏が代表に就任した。", True),
        ("Ada Kern will move to Port Ada.", "アダ・ケルン氏はポート・エイダに移る。", False),
        ("Ada Kern will move.", "アダ・ケルン氏は移ると発表した。", False),
        ("It will rain.", "It rained.", True),
        ("It will rain.", "Rain is expected.", False),
        ("Der Preis wird von Ada verliehen.", "Ada verleiht den Preis.", False),
        ("アダ氏が就任する予定だ。", "Ada took office in May.", True),
        ("The will of the king was read.", "The testament was read.", False),
    ],
)
def test_what_has_happened_is_not_yet_to_come(claim: str, source: str, wrong: bool) -> None:
    assert ("yet to come" in opposed(claim, source)) == wrong
