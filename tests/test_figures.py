from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qa.figures import annotate, figures, restated, same, spelled

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
        ("12 dozen", "144", ""), ("5 Mio. Euro", "5000000", "eur"), ("5 Mrd. US-Dollar", "5000000000", "usd"),
        ("三亿美元", "300000000", "usd"), ("两周", "2", "week"), ("18周岁", "18", "age"),
        ("10周年", "10", "year"), ("百分之十", "10", "percent"), ("百分之二十五", "25", "percent"),
        ("3분의 1", "33.33", "percent"), ("3分の2", "66.67", "percent"),
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


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("between twenty and thirty people", [(20, ""), (30, "person")]),
        ("two hundred and five people", [(205, "person")]),
        ("twenty-five or twenty five", [(25, ""), (25, "")]),
        ("two million and three million euros", [(2_000_000, ""), (3_000_000, "eur")]),
        ("one million two hundred thousand", [(1_200_000, "")]),
        ("a million euros, half a million euros", [(1_000_000, "eur")]),
        ("a hundred people", [(100, "person")]),
        ("zwei Wochen", [(2, "week")]),
        ("fünfundzwanzig Jahre", [(25, "year")]),
        ("eine Million Euro", [(1_000_000, "eur")]),
        ("treinta y cinco años", [(35, "year")]),
        ("un millón de euros", [(1_000_000, "eur")]),
        ("dos mil quinientos cincuenta y dos", [(2552, "")]),
        ("ciento veinte, 5 por ciento", [(120, "")]),
        ("dos mil millones de euros", [(2_000_000_000, "eur")]),
        ("a man once had an end", []),
    ],
)
def test_numbers_in_words(text: str, expected: list[tuple[int, str]]) -> None:
    assert [(int(f.value), f.unit) for f in spelled(text)] == expected


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


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("143億ドルを投資", "en", "$14.3 billionを投資"),
        ("5億元を投資", "en", "500 million元を投資"),
        ("3万人が来た", "en", "30,000人が来た"),
        ("数十億ドル規模の契約", "en", "billions of dollars規模の契約"),
        ("数百億円の赤字", "en", "tens of billions of yenの赤字"),
        ("数万人が集まった", "en", "tens of thousands of peopleが集まった"),
        ("几千万元", "en", "tens of millions of yuan"),
        ("数億を失う", "en", "hundreds of millionsを失う"),
        ("数千人が来た", "en", "数千人が来た"),
        ("数十億ドル規模", "de", "数十億ドル規模"),
        ("20万トン", "de", "200.000トン"),
        ("143億ドルを投資", "de", "14,3 Milliarden Dollarを投資"),
        ("1兆2000億円", "es", "1,2 billones de yenes"),
        ("It cost $19 billion.", "es", "It cost 19 mil millones de dólares."),
        ("It cost $19 million.", "de", "It cost 19 Millionen Dollar."),
        ("19,5 Millionen Euro", "de", "19,5 Millionen Euro"),
        ("19,5 Millionen Euro", "en", "€19.5 million"),
        ("19,5 Millionen Euro", "fr", "€19.5 million"),
        ("190億ドル", "zh", "190亿美元"),
        ("190億ドル", "ko", "190억달러"),
        ("190亿美元", "ja", "190億ドル"),
        ("190億ドル", "ja", "190億ドル"),
        ("5万人", "zh", "5万人"),
        ("$1,900", "de", "$1,900"),
        ("5 million people came", "ja", "500万 people came"),
        ("five million people came", "ko", "500만 people came"),
        ("5 million yuan", "ja", "500万元"),
        ("500 million", "ja", "5億"),
    ],
)
def test_a_restated_figure_keeps_its_unit(text: str, language: str, expected: str) -> None:
    assert restated(text, language) == expected


@pytest.mark.parametrize("language", ["en", "de", "es", "ja", "zh", "ko"])
@pytest.mark.parametrize("word", ["ドル", "ユーロ", "円", "ポンド", "元", "ウォン"])
@pytest.mark.parametrize("number", ["5億", "500 million "])
def test_no_currency_is_lost(number: str, word: str, language: str) -> None:
    (written,), (kept,) = figures(number + word), figures(restated(number + word, language))
    assert (kept.value, kept.unit) == (written.value, written.unit)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3億\n2000万円", 320_000_000),
        ("4천200억 원", 420_000_000_000),
        ("1兆2,000億円", 1_200_000_000_000),
        ("5千万円", 50_000_000),
        ("3千5百円", 3500),
    ],
)
def test_a_number_in_parts(text: str, value: int) -> None:
    assert [int(figure.value) for figure in figures(text)] == [value]


def test_a_year_may_be_written_with_two_digits() -> None:
    def alike(one: str, other: str) -> bool:
        return same(figures(one)[0], figures(other)[0])

    assert alike("23年3月期", "2023") and alike("the year 1997", "97年") and alike("2023年", "23年")
    assert not alike("23年", "2024") and not alike("23人", "2023") and not alike("23年", "2123")


@pytest.mark.parametrize(
    ("old", "modern"),
    [
        ("3 Tau\u017fend", "3 Tausend"),
        ("30 Tau\u017fend Jahre", "30 Tausend Jahre"),
        ("3 M\u0130L", "3 MIL"),
        ("5 m\u0131llion", "5 million"),
        ("200 hour\u017f", "200 hours"),
        ("one \u017fixth of it", "one sixth of it"),
        ("\u017feven tau\u017fend", "seven tausend"),
        ("am Dien\u017ftag im Augu\u017ft 1789", "am Dienstag im August 1789"),
        ("$5\u212a", "$5K"),
        ("three million dollar\u017f", "three million dollars"),
    ],
)
def test_a_letter_of_old_is_read_as_the_one_of_today(old: str, modern: str) -> None:
    assert figures(old) == figures(modern) and spelled(old) == spelled(modern)


def test_a_figure_in_letters_of_old_is_in_its_language_too() -> None:
    assert restated("30 Tau\u017fend Jahre", "de") == "30 Tau\u017fend Jahre"
    assert restated("30 Tau\u017fend Jahre", "en") == "30,000 Jahre"


def test_a_translation_may_leave_a_unit_away() -> None:
    assert same(figures("3万人")[0], figures("30,000")[0])


def test_an_absurdly_long_number_is_read_like_any_other() -> None:
    assert len(figures("9" * 6000 + "億円と" + "一" * 6000 + "年")) == 2


def test_what_is_older_than_anybody_is_so_many_years_old() -> None:
    (old,), (years,) = figures("95 million years old"), figures("9500万年前")
    (young,), (ago,) = figures("3 years old"), figures("3年前")
    assert same(old, years) and not same(young, ago)
