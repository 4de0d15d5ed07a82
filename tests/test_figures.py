from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qa.figures import annotate, figures, same

RANDOM = st.text(
    alphabet=st.sampled_from("0123456789,.%$€¥ 億万千兆百十一二〇年月日円ドル　-MBk")
    | st.characters(codec="utf-8")
)


@settings(deadline=None)
@given(RANDOM)
def test_any_text_gives_ordered_disjoint_figures_that_stand_in_it(text: str) -> None:
    found = figures(text)
    assert all(0 <= figure.start < figure.end <= len(text) for figure in found)
    assert all(left.end <= right.start for left, right in zip(found, found[1:], strict=False))


@settings(deadline=None)
@given(RANDOM, st.sampled_from(["en", "ja", "zh", "ko", "de", "und"]))
def test_annotation_only_adds(text: str, language: str) -> None:
    written = iter(annotate(text, language))
    assert all(char in written for char in text)


@pytest.mark.parametrize(
    "text",
    [
        "143億ドル", "143 億ドル", "１４３億ドル", "143億米ドル", "143亿美元", "143억 달러",
        "14,300,000,000ドル",
        "$14.3 billion", "US$14.3bn", "$14.3B", "14.3 billion dollars", "14.3 billion U.S. dollars",
        "14,3 Milliarden Dollar", "14.300 Millionen Dollar", "14.3 mil millones de dólares",
    ],
)  # fmt: skip
def test_one_amount_in_many_forms(text: str) -> None:
    (found,) = figures(f"社は{text}を投じた")
    assert (found.value, found.unit) == (Decimal(14_300_000_000), "usd")
    assert f"社は{text}を投じた"[found.start : found.end] == text
    (within,) = figures(f"They paid {text}.")
    assert within.unit == "usd"


@pytest.mark.parametrize(
    ("text", "value", "unit"),
    [
        ("2万円", "20000", "jpy"), ("９万円", "90000", "jpy"), ("1兆2,000億円", "1200000000000", "jpy"),
        ("1億2千万人", "120000000", "person"), ("三百二十円", "320", "jpy"), ("二〇二三年", "2023", "year"),
        ("二億五千万円", "250000000", "jpy"),
        ("十月", "10", "month"), ("約10%", "10", "percent"),
        ("25 パーセント", "25", "percent"), ("1979年政権", "1979", "year"),
        ("1.234.567 euros", "1234567", "eur"),
        ("0,5 Prozent", "0.5", "percent"), ("1,234", "1234", ""), ("$20", "20", "usd"), ("20€", "20", "eur"),
        ("12 dozen", "144", ""),
    ],
)  # fmt: skip
def test_values_and_units(text: str, value: str, unit: str) -> None:
    assert [(f.value, f.unit) for f in figures(text)] == [(Decimal(value), unit)]


def test_a_currency_sign_inside_a_sentence_belongs_to_the_number_behind_it() -> None:
    (found,) = figures("The fee is $20.")
    assert found.unit == "usd" and "The fee is $20."[found.start : found.end] == "$20"


def test_english_dates_are_those_of_other_languages() -> None:
    english, japanese = figures("on May 3, 2021"), figures("2021年5月3日に")
    assert all(any(same(one, other) for other in japanese) for one in english) and len(english) == 3


@pytest.mark.parametrize("text", ["they may march on", "数千億円", "第三者", "no figure"])
def test_what_is_no_figure(text: str) -> None:
    assert figures(text) == ()


def test_a_letter_is_a_scale_only_behind_a_currency() -> None:
    assert [f.value for f in figures("5 m deep, $5M cheap")] == [Decimal(5), Decimal(5_000_000)]


def test_magnitude_and_unit_part_figures() -> None:
    def one(text: str):  # type: ignore[no-untyped-def]
        return figures(text)[0]

    assert same(one("143億ドル"), one("$14.3 billion"))
    assert not same(one("143億ドル"), one("$143 billion"))
    assert not same(one("143億ドル"), one("143億円"))
    assert not same(one("2万円"), one("9万円"))
    assert same(one("2014年"), one("2014"))


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("143億ドルを投資", "en", "143億ドル (= $14.3 billion)を投資"),
        ("It cost $14.3 billion.", "ja", "It cost $14.3 billion (= 143億ドル)."),
        ("It cost $14.3 billion.", "en", "It cost $14.3 billion."),
        ("143億ドル", "zh", "143億ドル"),
        ("２万円", "en", "２万円 (= ¥20,000)"),
        ("190 million people", "zh", "190 million people (= 1.9亿)"),
        ("US$190 million", "ko", "US$190 million (= 1.9억달러)"),
        ("2014年に10%", "en", "2014年に10%"),
    ],
)
def test_annotation(text: str, language: str, expected: str) -> None:
    assert annotate(text, language) == expected


def test_an_absurdly_long_number_is_read_like_any_other() -> None:
    assert len(figures("9" * 6000 + "億円と" + "一" * 6000 + "年")) == 2
