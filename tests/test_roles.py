from __future__ import annotations

import pytest

from qa.roles import leads, owner, people, roles, wrong_role


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("the CEO", {"ceo"}),
        ("臨時のCEOに", {"ceo"}),
        ("最高経営責任者", {"ceo"}),
        ("chief financial officer", {"cfo"}),
        ("finance chief", {"cfo"}),
        ("首席技术官", {"cto"}),
        ("副社長", {"vice president"}),
        ("社長", {"president", "ceo"}),
        ("Vice-President Ada", {"vice president"}),
        ("the co-founder", {"founder"}),
        ("取締役会", set()),
        ("the presidential race", set()),
        ("el ministro", {"minister"}),
        ("el suministro que administra", set()),
        ("서울시장 안나", {"mayor"}),
        ("시장 점유율", set()),
        ("Mayor Ada Kern", {"mayor"}),
        ("la mayor empresa", set()),
        ("la presidenta del consejo", {"chair", "president"}),
        ("国家主席", {"chair", "president"}),
        ("el vicepresidente", {"vice president"}),
        ("der Vorsitzende des Vereins", {"chair"}),
        ("die Vorstandsvorsitzende", {"ceo"}),
        ("Präsident Amt", {"president"}),
        ("Premierminister Amt", {"prime minister"}),
        ("el primer ministro", {"prime minister"}),
        ("前首相", {"prime minister"}),
    ],
)
def test_offices_in_several_languages(text: str, kinds: set[str]) -> None:
    assert {kind for role in roles(text) for kind in role.kinds} == kinds


@pytest.mark.parametrize(
    ("text", "former", "interim"),
    [
        ("the former CEO", True, False),
        ("元最高戦略責任者", True, False),
        ("interim chief executive", False, True),
        ("暫定CEO", False, True),
        ("CEO代行", False, True),
        ("the new CEO", False, False),
    ],
)
def test_what_qualifies_an_office(text: str, former: bool, interim: bool) -> None:
    (role,) = roles(text)
    assert (role.former, role.interim) == (former, interim)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("the CEO of Blue Lake said", "Blue Lake"),
        ("Blue Lake's long-time interim CEO", "Blue Lake"),
        ("Mills' CEO", "Mills"),
        ("der CEO von Blue Lake", "Blue Lake"),
        ("リーフワークスの暫定CEO", "リーフワークス"),
        ("スケールAIのCEO", "スケールAI"),
        ("Blue Lake社のCEO", "Blue Lake"),
        ("同社のCEO", ""),
        ("ジェイソン・モスCEO", ""),
        ("the company's CEO", ""),
        ("the chairman of the board", ""),
    ],
)
def test_what_an_office_is_of(text: str, name: str) -> None:
    (role,) = roles(text)
    assert owner(role, text) == name


def test_people_are_not_what_they_belong_to() -> None:
    assert people("Anna Kern, CEO of Port Ada") == ["Anna Kern"]
    assert people("遠山氏が来た") == ["遠山"]


@pytest.mark.parametrize("text", ["She heads the firm", "同社を率いる", "トップの交代"])
def test_leading_without_an_office(text: str) -> None:
    assert leads(text) and not roles(text)


@pytest.mark.parametrize(
    ("sentence", "evidence"),
    [
        ("Anna Kern is CEO.", "Anna Kern became chief executive."),
        ("Anna Kern is CEO.", "Anna Kern heads the firm."),
        ("アンナ・ケルンはCEOです。", "Anna Kern, chief executive, spoke."),
        ("Ada Holm keeps a board seat.", "CEO Ada Holm goes to Port AG, remaining a member of the board."),
    ],
)
def test_an_office_that_the_source_gives(sentence: str, evidence: str) -> None:
    assert wrong_role(sentence, "", evidence) == ""


@pytest.mark.parametrize(
    ("sentence", "evidence", "named"),
    [
        ("Anna Kern is CFO.", "Anna Kern is CEO.", "CFO is not in the source"),
        ("最高経営責任者のケルン氏", "最高財務責任者のケルン氏", "最高経営責任者 is not in the source"),
        ("Ada Holm is CEO.", "Founder Ada Holm is chair, while Lucy Kern is CEO.", "CEO is somebody else"),
        ("遠山一氏が会長になる。", "遠山一氏が副社長になる。大石健会長は留任する。", "会長 is somebody else"),
    ],
)
def test_an_office_that_the_source_gives_to_nobody_or_another(
    sentence: str, evidence: str, named: str
) -> None:
    assert named in wrong_role(sentence, "", evidence)


def test_the_office_of_the_question_is_for_another_check() -> None:
    assert wrong_role("The CFO is Anna Kern.", "Who is the CFO?", "Anna Kern came.") == ""


@pytest.mark.parametrize(
    ("sentence", "wrong"),
    [
        ("The former CEO Anna Kern is interim CEO.", "former CEO is not in the source"),
        ("The former chief strategy officer Anna Kern is interim CEO.", ""),
        ("Anna Kern is interim CEO.", ""),
    ],
)
def test_what_somebody_was_before_is_compared_even_where_the_office_is_asked_for(
    sentence: str, wrong: str
) -> None:
    evidence = "元最高戦略責任者のアンナ・ケルン氏が暫定CEOに就任した。"
    assert wrong_role(sentence, "Who is the interim CEO?", evidence) == wrong
