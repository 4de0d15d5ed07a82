"""Amounts, percentages, dates and counts: text goes in, values with offsets come out; pure.

The same figure is written 143億ドル, $14.3 billion and 14.300 Millionen Dollar; here all three are the value
14300000000 in "usd". Small models slip by powers of ten when they translate such figures themselves, so
`annotate` writes the translation beside the figure before a model reads it. Knows no document and no model.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

__all__ = ["Figure", "annotate", "figures", "same"]


@dataclass(frozen=True, slots=True)
class Figure:
    """A number as written.

    Attributes:
        value: exact, after 億, million and the like have been multiplied in.
        unit: ``usd``, ``eur``, ``jpy``, ``gbp``, ``cny``, ``krw``, ``percent``, ``year``, ``month``, ``day``;
            "" for a plain number.
        start, end: half-open offsets of number, scale and unit.
        scaled: whether a scale word was written.
    """

    value: Decimal
    unit: str
    start: int
    end: int
    scaled: bool


_CJK_SCALES = {
    "兆": 10**12, "조": 10**12, "億": 10**8, "亿": 10**8, "억": 10**8, "万": 10**4, "萬": 10**4, "만": 10**4,
    "千": 10**3, "천": 10**3, "百": 100, "백": 100,
}  # fmt: skip
_WORD_SCALES = {
    "trillion": 10**12, "trillions": 10**12, "tn": 10**12, "billion": 10**9, "billions": 10**9, "bn": 10**9,
    "million": 10**6, "millions": 10**6, "mn": 10**6, "thousand": 10**3, "hundred": 100, "dozen": 12,
    "b": 10**9, "m": 10**6, "k": 10**3, "mil millones": 10**9, "millones": 10**6, "millón": 10**6,
    "billones": 10**12, "mil": 10**3,
    "milliarden": 10**9, "milliarde": 10**9, "mrd": 10**9, "millionen": 10**6, "billionen": 10**12,
    "tausend": 10**3, "milliards": 10**9, "milliard": 10**9, "mille": 10**3,
    "bilhões": 10**9, "milhões": 10**6,
}  # fmt: skip
_COMMA_SCALES = frozenset(_WORD_SCALES) - set(
    "trillion trillions tn billion billions bn b million millions mn m k thousand hundred dozen".split()
)
"""Scale words of languages that write 14,3 for 14.3 and 14.300 for 14,300."""
_PREFIX_UNITS = {"us$": "usd", "$": "usd", "€": "eur", "£": "gbp", "¥": "jpy", "￥": "jpy", "₩": "krw"}
_SUFFIX_UNITS = {
    "米ドル": "usd", "ドル": "usd", "美元": "usd", "us dollars": "usd", "u.s. dollars": "usd",
    "dollars": "usd", "dollar": "usd", "dólares": "usd", "달러": "usd", "usd": "usd", "$": "usd",
    "ユーロ": "eur", "欧元": "eur", "euros": "eur", "euro": "eur", "유로": "eur", "€": "eur",
    "円": "jpy", "yen": "jpy", "日元": "jpy", "엔": "jpy", "ポンド": "gbp", "pounds": "gbp",
    "人民元": "cny", "元": "cny", "ウォン": "krw", "원": "krw",
    "%": "percent", "パーセント": "percent", "per cent": "percent", "percent": "percent",
    "prozent": "percent", "por ciento": "percent", "퍼센트": "percent",
    "年度": "year", "年": "year", "년": "year", "月": "month", "월": "month", "日": "day", "일": "day",
}  # fmt: skip
_MONTHS = "january february march april may june july august september october november december".split()
_KANJI_DIGITS = {char: digit for digit, char in enumerate("〇一二三四五六七八九")}
_ASCII = str.maketrans("０１２３４５６７８９％．，＄", "0123456789%.,$")


def _alternatives(words: dict[str, object] | dict[str, int] | dict[str, str]) -> str:
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))


_SPELT = _alternatives({word: size for word, size in _WORD_SCALES.items() if len(word) > 1})
_DIGITS = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d{1,3}(?:\.\d{3}){2,}|\d+(?:[.,]\d+)?"
_FIGURE = re.compile(
    rf"(?P<prefix>{_alternatives(_PREFIX_UNITS)})?\s?"
    rf"(?P<number>(?=\d)(?:(?:{_DIGITS})\s?(?:[兆조億亿억万萬만千천百백]\s?)+)*(?:{_DIGITS})?)"
    rf"(?:(?<=\d)[\s-]?(?P<scale>{_SPELT}|(?(prefix)[bmk]|(?!)))(?![a-zà-ÿ])\.?)?"
    rf"(?:\s?(?:of\s|de\s)?(?P<suffix>{_alternatives(_SUFFIX_UNITS)}))?",
    re.IGNORECASE,
)
_KANJI_NUMBER = re.compile(
    r"(?<![\d数何幾第兆億万千百])(?P<number>[〇一二三四五六七八九十][〇一二三四五六七八九十百千万億兆]*)"
    r"(?P<suffix>年度|年|月|日|円|ドル|パーセント)"
)
_MONTH_DAY = re.compile(
    rf"\b(?P<month>{'|'.join(_MONTHS)})\b\.?(?:\s+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?\b(?!,?\d))?",
    re.IGNORECASE,
)
_PART = re.compile(rf"({_DIGITS})\s?((?:[兆조億亿억万萬만千천百백]\s?)*)")


def figures(text: str) -> tuple[Figure, ...]:
    """Find every figure written with digits, kanji numbers with a unit, and English months.

    Returns:
        Figures in order of their start; they do not overlap.
    """
    plain = text.translate(_ASCII)
    found = [figure for match in _FIGURE.finditer(plain) if (figure := _from_match(match))]
    found += [figure for match in _KANJI_NUMBER.finditer(plain) if (figure := _from_kanji(match))]
    dates = [figure for match in _MONTH_DAY.finditer(plain) for figure in _from_month(match)]
    days = {figure.start for figure in dates}
    found = [figure for figure in found if figure.start not in days]
    return tuple(sorted([*found, *dates], key=lambda figure: figure.start))


def same(one: Figure, other: Figure) -> bool:
    """Whether two figures state the same: equal value, and no two different units."""
    return one.value == other.value and (one.unit == other.unit or not one.unit or not other.unit)


def annotate(text: str, language: str) -> str:
    """Write beside each large figure what it is in the number words of ``language``.

    143億ドル becomes ``143億ドル (= $14.3 billion)`` for a language that counts in millions, and
    $14.3 billion becomes ``$14.3 billion (= 143億ドル)`` for Japanese. Figures already in its words stay.
    """
    myriads = language in _MYRIAD_WORDS
    pieces: list[str] = []
    at = 0
    for figure in figures(text):
        written = text[figure.start : figure.end]
        cjk = any(char in _CJK_SCALES for char in written)
        if not figure.scaled or figure.value < 10**4 or cjk == myriads or figure.start < at:
            continue
        spoken = _in_myriads(figure, language) if myriads else _in_millions(figure)
        pieces += [text[at : figure.end], f" (= {spoken})"]
        at = figure.end
    return "".join([*pieces, text[at:]])


def _from_month(match: re.Match[str]) -> list[Figure]:
    """May 3 as a month and a day; "may" and "march" in lower case are verbs."""
    month = match["month"].lower()
    if month in ("may", "march") and not (match["day"] or match["month"][0].isupper()):
        return []
    found = [Figure(Decimal(_MONTHS.index(month) + 1), "month", *match.span("month"), False)]
    if match["day"]:
        found.append(Figure(Decimal(match["day"]), "day", *match.span("day"), False))
    return found


def _from_match(match: re.Match[str]) -> Figure | None:
    number = match["number"].strip()
    if not number or not number[0].isdigit():
        return None
    value, cjk_scaled = _number_value(number, (match["scale"] or "").lower())
    if match["scale"]:
        value *= _WORD_SCALES[match["scale"].lower()]
    unit = _PREFIX_UNITS.get((match["prefix"] or "").lower(), "") or _SUFFIX_UNITS.get(
        (match["suffix"] or "").lower(), ""
    )
    start = match.start("prefix") if match["prefix"] else match.start("number")
    return Figure(value, unit, start, _stripped_end(match), cjk_scaled or bool(match["scale"]))


def _stripped_end(match: re.Match[str]) -> int:
    return match.start() + len(match.group().rstrip(" ."))


def _number_value(number: str, scale: str) -> tuple[Decimal, bool]:
    """Sum of parts such as 1兆 and 2,000億; ``scale`` is the scale word behind it."""
    total, any_scale = Decimal(0), False
    for digits, scales in _PART.findall(number):
        value = _decimal(digits, scale)
        for char in scales.replace(" ", ""):
            value *= _CJK_SCALES[char]
            any_scale = True
        total += value
    return total, any_scale


def _decimal(digits: str, scale: str) -> Decimal:
    """Read "14,3 Milliarden" as 14.3, and "14.300 Millionen" and "1.234.567" as thousands."""
    dots = r"\d{1,3}(?:\.\d{3})+" if scale in _COMMA_SCALES else r"\d{1,3}(?:\.\d{3}){2,}"
    if re.fullmatch(dots, digits):
        return Decimal(digits.replace(".", ""))
    if re.fullmatch(r"\d+,\d{1,2}", digits) or (scale in _COMMA_SCALES and re.fullmatch(r"\d+,\d+", digits)):
        return Decimal(digits.replace(",", "."))
    return Decimal(digits.replace(",", ""))


def _from_kanji(match: re.Match[str]) -> Figure | None:
    number = match["number"]
    if all(char in _KANJI_DIGITS for char in number):
        value = Decimal("".join(str(_KANJI_DIGITS[char]) for char in number))
    else:
        value = Decimal(_positional(number))
    if not value:
        return None
    return Figure(value, _SUFFIX_UNITS[match["suffix"]], *match.span(), False)


def _positional(number: str) -> int:
    """Value of 三百二十 or 二億五千万; 0 where it is no number."""
    total = section = digit = 0
    for char in number:
        if char in _KANJI_DIGITS:
            digit = _KANJI_DIGITS[char]
        elif char == "十" or _CJK_SCALES[char] < 10**4:
            section += (digit or 1) * (10 if char == "十" else _CJK_SCALES[char])
            digit = 0
        else:
            total += (section + digit or 1) * _CJK_SCALES[char]
            section = digit = 0
    return total + section + digit


_MYRIAD_WORDS = {"ja": ("兆", "億", "万"), "zh": ("万亿", "亿", "万"), "ko": ("조", "억", "만")}
_CURRENCY_WORDS = {
    "ja": {"usd": "ドル", "eur": "ユーロ", "jpy": "円", "gbp": "ポンド", "cny": "元", "krw": "ウォン"},
    "zh": {"usd": "美元", "eur": "欧元", "jpy": "日元", "gbp": "英镑", "cny": "元", "krw": "韩元"},
    "ko": {"usd": "달러", "eur": "유로", "jpy": "엔", "gbp": "파운드", "cny": "위안", "krw": "원"},
}
_CURRENCY_SIGNS = {"usd": "$", "eur": "€", "gbp": "£", "jpy": "¥", "krw": "₩"}


def _in_millions(figure: Figure) -> str:
    for size, word in ((10**12, "trillion"), (10**9, "billion"), (10**6, "million")):
        if figure.value >= size:
            return f"{_CURRENCY_SIGNS.get(figure.unit, '')}{_short(figure.value / size)} {word}"
    return f"{_CURRENCY_SIGNS.get(figure.unit, '')}{figure.value:,f}"


def _in_myriads(figure: Figure, language: str) -> str:
    unit = _CURRENCY_WORDS[language].get(figure.unit, "")
    for size, word in zip((10**12, 10**8, 10**4), _MYRIAD_WORDS[language], strict=True):
        if figure.value >= size:
            return f"{_short(figure.value / size)}{word}{unit}"
    return f"{_short(figure.value)}{unit}"


def _short(value: Decimal) -> str:
    return f"{value.normalize():,f}"
