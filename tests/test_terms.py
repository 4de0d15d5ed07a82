"""Keyword terms: scripts, forms and the cut where a script changes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.terms import terms


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1979年政権", ["1979", "年政", "政権"]),
        ("Meta社は143億ドル", ["meta", "社は", "143", "億ド", "ドル"]),
        ("ｍｅｔａ　Ｓｃａｌｅ", ["meta", "scale"]),
        ("Don't stop, ever!", ["don", "t", "stop", "ever"]),
        ("GPT4 h100 4o", ["gpt4", "h100", "4o"]),
        ("カタカナー・テスト", ["カタ", "タカ", "カナ", "ナー", "テス", "スト"]),
        ("日", ["日"]),
        ("佐々木", ["佐々", "々木"]),
        ("대통령은", ["대통", "통령", "령은"]),
        ("ไทย2024", ["ไท", "ทย", "2024"]),
        ("ChatGPTом", ["chatgpt", "ом"]),
        ("हिन्दी में", ["हिन्दी", "में"]),
        ("Straße CAFÉ", ["strasse", "café"]),
        ("cafe\u0301", ["café"]),
        ("?! — 。、", []),
        ("", []),
    ],
)
def test_known_texts(text: str, expected: list[str]) -> None:
    assert terms(text) == expected


def test_marks_stay_with_their_letter() -> None:
    assert terms("นี้ดี") == ["นี้ดี"]


@given(st.text())
def test_terms_survive_being_cut_again(text: str) -> None:
    """What is stored space-joined is found again by the same terms, and no term needs quoting."""
    for term in terms(text):
        assert term
        assert not any(char.isascii() and not char.isalnum() for char in term)


@given(st.text(alphabet="年政権をドル"))
def test_pairs_overlap(text: str) -> None:
    found = terms(text)
    assert len(found) == (len(text) if len(text) < 2 else len(text) - 1)
