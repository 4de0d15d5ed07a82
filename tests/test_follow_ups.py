"""What stands alone in a conversation, and what still asks the same once it was made to."""

import json
from pathlib import Path

import pytest

from qa.follow_ups import keeps_asking, stands_alone

WRITTEN = Path(__file__).parents[1] / "benchmarks" / "follow_ups.jsonl"


@pytest.mark.parametrize(
    ("question", "rewritten", "kept"),
    [
        ("And since when?", "Since when has Ines Prado led the museum in Lund?", True),
        ("Where does she live?", "Where does Ines Prado live?", True),
        ("Where does she live?", "What does Ines Prado write for readers abroad?", False),
        ("Who is the head of that one?", "Who is the head of Blue Lake?", True),
        ("彼女の年齢は？", "イネス・プラド氏の年齢はいくつですか？", True),
        ("費用はいくらですか？", "北風電力との協定は何年間ですか？", False),
        ("いくらで？", "鈴木氏は北風電力をいくらで買収しましたか？", True),
        ("그럼 언제?", "이사회는 언제 열렸나요?", True),
    ],
)
def test_a_follow_up_that_stands_alone_asks_the_same(question, rewritten, kept):
    assert keeps_asking(question, rewritten) == kept


@pytest.mark.parametrize(
    "question",
    [
        "Who is the director of the European Southern Observatory?",
        "How many people work at Blue Lake?",
        "Who runs Blue Lake?",
        "リーフワークスの社長は誰ですか？",
        "¿Cuándo se fundó la Universidad Ashgrove?",
    ],
)
def test_a_question_with_a_name_that_points_at_nothing_stands_alone(question):
    assert stands_alone(question)


@pytest.mark.parametrize(
    "question",
    [
        "How old is he?",
        "And how many did Blue Lake get for that?",
        "And in Dresden?",
        "What does the Lund museum say about it?",
        "When was the museum built?",
        "No, I mean the chairman of Blue Lake",
        "リーフワークスは？",
        "なぜ自社のロケットをアメリカで使わないのですか？",
        "同社のリーフワークスへの出資はいくらですか？",
        "¿Y quién lo dijo en la Universidad Ashgrove?",
        "¿Cuándo se estrenó la película?",
        "그 회사는 언제 Blue Lake를 샀나요?",
    ],
)
def test_what_points_back_or_names_nothing_does_not(question):
    assert not stands_alone(question)


@pytest.mark.parametrize(
    ("before", "question", "alone"),
    [
        ("Who became interim head?", "暫定の代表に就いたのは誰ですか？", True),
        ("暫定の代表は誰ですか？", "Who became interim head?", True),
        ("暫定の代表は誰ですか？", "停電は何世帯で起きましたか？", False),
        ("Who became interim head?", "彼が暫定の代表に就いたのはいつですか？", False),
        ("Who became interim head?", "いつからですか？", False),
        ("暫定の代表は誰ですか？", "And since when?", False),
        ("???", "Who became interim head?", False),
    ],
)
def test_a_question_in_another_language_takes_up_nothing(before, question, alone):
    assert stands_alone(question, before) == alone


def test_of_written_follow_ups_hardly_one_is_taken_for_standing_alone() -> None:
    rows = [json.loads(line) for line in WRITTEN.read_text(encoding="utf-8").splitlines()]
    told = [row for row in rows if stands_alone(row["question"])]
    right = [row for row in told if _letters(row["question"]).endswith(_letters(row["standalone"]))]
    assert len(right) >= 95
    assert len(told) - len(right) <= 5


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text.lower()))
