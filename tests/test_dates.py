from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qa.dates import parts


def read(text: str) -> list[tuple[int, str]]:
    return sorted((number, unit) for number, unit, _, _ in parts(text))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("May 3, 2021", [(3, "day"), (5, "month")]),
        ("the 3rd of May", [(3, "day"), (5, "month")]),
        ("14 June at 6:30 p.m.", [(6, "month"), (14, "day"), (1110, "time")]),
        ("Sept. 9", [(9, "day"), (9, "month")]),
        ("they may march on, Mars is red", []),
        ("el 4 de enero", [(1, "month"), (4, "day")]),
        ("im Dezember", [(12, "month")]),
        ("2021-05-03", [(3, "day"), (5, "month"), (2021, "year")]),
        ("令和3年", [(2021, "year")]),
        ("平成元年", [(1989, "year")]),
        ("午前6時半", [(390, "time")]),
        ("6時", [(360, "clock")]),
        ("18:05", [(1085, "time")]),
        ("6時間", []),
        ("2:19:42", [(2, "hour"), (19, "minute"), (42, "second")]),
        ("the third quarter", [(3, "quarter")]),
        ("第3四半期", [(3, "quarter")]),
        ("下半期", [(2, "half")]),
        ("H1 results", [(1, "half")]),
        ("火曜日", [(2, "weekday")]),
        ("Tuesday", [(2, "weekday")]),
    ],
)
def test_dates_in_many_forms(text: str, expected: list[tuple[int, str]]) -> None:
    assert read(text) == expected


@pytest.mark.parametrize(
    ("old", "modern"),
    [
        ("am Dien\u017ftag", "am Dienstag"),
        ("im Augu\u017ft 1789", "im August 1789"),
        ("fir\u017ft half", "first half"),
        ("on Fr\u0130day", "on Friday"),
        ("on Fr\u0131day", "on Friday"),
        ("３月", "3月"),
    ],
)
def test_a_letter_of_old_is_read_as_the_one_of_today(old: str, modern: str) -> None:
    assert list(parts(old)) == list(parts(modern))


@settings(deadline=None)
@given(st.text(alphabet=st.sampled_from("0123456789:-/ amp年月日時半午前後第四期令和May ") | st.characters()))
def test_any_text_gives_parts_that_stand_in_it(text: str) -> None:
    assert all(0 <= start < end <= len(text) for _, _, start, end in parts(text))
