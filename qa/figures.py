"""Amounts, percentages, dates and counts: text goes in, values with offsets come out; pure.

The same figure is written 143億ドル, $14.3 billion and 14.300 Millionen Dollar; here all three are the value
14300000000 in "usd". Small models slip by powers of ten when they translate such figures themselves, so
`annotate` writes the translation beside the figure before a model reads it, `restated` in its place. Knows no
document and no model.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from qa.dates import PLAIN, parts
from qa.units import (
    CJK_SCALES,
    COMMA_SCALES,
    FRACTIONS,
    KANJI_DIGITS,
    MEASURES,
    NUMBER_WORDS,
    OLDEST,
    PREFIX_UNITS,
    SUFFIX_UNITS,
    TENTHS,
    WORD_SCALES,
)

__all__ = ["Figure", "annotate", "figures", "restated", "same", "spelled"]


@dataclass(frozen=True, slots=True)
class Figure:
    """A number as written.

    Attributes:
        value: exact, after 億, million and the like have been multiplied in; in percent for a fraction.
        unit: as `qa.units` and `qa.dates` name it; "" for a plain number.
        start, end: half-open offsets of number, scale and unit.
        scaled: whether a scale word was written.
        thousands: whether it is written like 1.250, which is 1250 in Spanish and German.
    """

    value: Decimal
    unit: str
    start: int
    end: int
    scaled: bool = False
    thousands: bool = False


def _alternatives(words: Iterable[str]) -> str:
    """The longest first; a word in letters ends where the letters end."""
    return "|".join(
        re.escape(word) + (r"(?![A-Za-zÀ-ÿ])" if re.match("[a-zà-ÿ]", word[-1]) else "")
        for word in sorted(words, key=len, reverse=True)
    )


_SPELT = _alternatives(word for word in WORD_SCALES if len(word) > 1)
_DIGITS = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d{1,3}(?:\.\d{3}){2,}|\d+(?:[.,]\d+)?"
_FIGURE = re.compile(
    rf"(?P<minus>(?:\bminus|マイナス|氷点下|零下|영하)\s?|(?<![\w)\]])[-−](?=\d))?"
    rf"(?P<prefix>{_alternatives(PREFIX_UNITS)})?\s?"
    rf"(?P<number>(?=\d)(?:(?:{_DIGITS})\s?(?:[兆조億亿억万萬만千천百백]\s?)+)*(?:{_DIGITS})?)"
    rf"(?:(?<=\d)[\s-]?(?P<scale>{_SPELT}|(?(prefix)[bmk](?![a-zà-ÿ])|(?!)))\.?)?"
    rf"(?:[\s-]?(?:of\s|de\s)?(?P<suffix>{_alternatives(SUFFIX_UNITS)}))?",
    re.IGNORECASE,
)
_KANJI_UNITS = {word for word in SUFFIX_UNITS if re.match("[ァ-鿿]", word)} - set("分 度 割 名 天".split())
"""十分 is "enough" and 一度 "once": such units follow a kanji number too seldom."""
_KANJI_NUMBER = re.compile(
    r"(?<![\d数何幾几第兆億亿万萬千百])"
    r"(?P<number>[〇一二两兩三四五六七八九十百千][〇一二两兩三四五六七八九十百千万萬億亿兆]*)"
    rf"(?P<suffix>{_alternatives(_KANJI_UNITS)})"
)
_FRACTION = re.compile(
    r"(?P<below>\d{1,9}|[二三四五六七八九十百千]{1,9})\s?(?:分[の之]|분의)\s?"
    r"(?P<above>\d{1,9}(?:\.\d{1,9})?|[一二三四五六七八九十百]{1,9})"
    rf"|\b(?P<count>an?|one|two|three|four|five|seven|nine)(?:\s(?P<part>{'|'.join(FRACTIONS)})s?(?=\sof\b|s\b)|-(?P<joined>{'|'.join(FRACTIONS)})s?\b)",
    re.IGNORECASE,
)
_LARGE = _alternatives(word for word in WORD_SCALES if len(word) > 1 and word != "dozen")
_TENS = _alternatives(word for word, value in NUMBER_WORDS.items() if value in range(20, 100, 10))
_ONES = _alternatives(word for word, value in NUMBER_WORDS.items() if value in range(1, 10))
_HUNDREDS = _alternatives(word for word, value in NUMBER_WORDS.items() if value >= 100)
_SMALL = (
    rf"(?:(?:(?:{_HUNDREDS})\s)?(?:(?:{_TENS})(?:-|\s(?:y\s)?)(?:{_ONES})|{_alternatives(NUMBER_WORDS)}))"
)
_A = rf"(?<!half )(?<!quarter of )(?<!quarters of )(?:an?|una?|eine[rn]?)(?=[\s-](?:{_LARGE}))"
_LATIN_UNITS = _alternatives(word for word in SUFFIX_UNITS if re.match("[a-zà-ÿ]", word))
_SPELLED = re.compile(
    # "Two hundred and five" is one number, "twenty and thirty" and "two million and three million" are two.
    rf"\b(?<!por )(?P<number>(?:{_SMALL}|{_A})"
    rf"(?:(?:[\s-](?P<large>{_LARGE}))+(?:(?:[\s-]|\sand\s){_SMALL}(?![\s-](?P=large)))?)*)"
    rf"(?:[\s-](?:of\s|de\s)?(?P<suffix>{_LATIN_UNITS}))?(?![a-zà-ÿ])",
    re.IGNORECASE,
)
_UNIT_WORD = re.compile(rf"[\s-]?(?:of\s|de\s)?(?:{_alternatives(SUFFIX_UNITS)})$", re.IGNORECASE)
_PART = re.compile(rf"({_DIGITS})\s?((?:[兆조億亿억万萬만千천百백]\s?)*)")
_CERTAIN = 13
"""Spelled-out numbers from here on are meant as numbers, smaller ones without a unit often are not."""


@lru_cache(maxsize=512)
def figures(text: str) -> tuple[Figure, ...]:
    """Find every figure: digits, kanji numbers with a unit, large number words, fractions, dates.

    Returns:
        Figures in order of their start; they do not overlap.
    """
    plain = text.translate(PLAIN)
    found = [Figure(Decimal(value), unit, start, end) for value, unit, start, end in parts(plain)]
    taken = [False] * len(text)
    kept = _take(found, taken)
    for reader in (_fractions, _digits, _kanji):
        kept += _take(reader(plain), taken)
    sure = [f for f in spelled(plain) if f.scaled or f.value >= _CERTAIN or (f.unit and f.value > 1)]
    kept += _take(sure, taken)
    return tuple(sorted(kept, key=lambda figure: figure.start))


def spelled(text: str) -> list[Figure]:
    """Find English, Spanish and German number words, also those that need not mean one ("one of them")."""
    return [_from_words(match) for match in _SPELLED.finditer(text.translate(PLAIN))]


def same(one: Figure, other: Figure) -> bool:
    """Whether two figures state the same: equal value, and no two different units of other dimensions.

    A figure without a unit may be one with it: a translation leaves 人 away, and "from 80 million to 50
    million euros" writes the unit once for both.
    """
    if {one.unit, other.unit} in ({"clock", "time"}, {"clock"}):
        return one.value % 720 == other.value % 720
    if one.unit in MEASURES and other.unit in MEASURES and one.unit != other.unit:
        (kind, factor), (other_kind, other_factor) = MEASURES[one.unit], MEASURES[other.unit]
        return kind == other_kind and one.value * factor == other.value * other_factor
    if {one.unit, other.unit} == {"age", "year"} and one.value > OLDEST:
        return one.value == other.value
    if _short_year(one, other) or _short_year(other, one):
        return True
    if one.unit and other.unit and one.unit != other.unit:
        return False
    return bool(set(_readings(one)) & set(_readings(other)))


def annotate(text: str, language: str) -> str:
    """Write beside each large figure what it is in the number words of ``language``.

    143億ドル becomes ``143億ドル (= $14.3 billion)`` for a language that counts in millions, and
    $14.3 billion becomes ``$14.3 billion (= 143億ドル)`` for Japanese. Figures already in such words stay.
    """
    myriads = language in _MYRIAD_WORDS

    def beside(figure: Figure, written: str) -> str:
        if any(char in CJK_SCALES for char in written) == myriads:
            return written
        return f"{written} (= {_in_myriads(figure, language) if myriads else _in_millions(figure)})"

    return _put(text, beside)


def restated(text: str, language: str) -> str:
    """Write each large figure as ``language`` does: 14,3 Milliarden Dollar for 143億ドル.

    A unit that has no word here in ``language`` stays as it was written: 5億元 becomes 500 million元. In
    English 数十億ドル is "billions of dollars", and not tens of them.
    """
    if language == "en":
        text = _VAGUE.sub(_vaguely, text)
    spoken = _in_myriads if language in _MYRIAD_WORDS else _in_own_words
    units = _CURRENCY_WORDS.get(language, _CURRENCY_SIGNS)
    own_scale = _OWN_SCALE.get(language, _OWN_SCALE["en"])

    def instead(figure: Figure, written: str) -> str:
        unit = _UNIT_WORD.search(written)
        foreign = figure.unit in units and unit and unit.group().strip(" -") not in units.values()
        if own_scale.search(written.translate(PLAIN)) and not foreign:
            return written
        return spoken(figure, language) + (unit.group() if unit and figure.unit not in units else "")

    return _put(text, instead)


def _vaguely(match: re.Match[str]) -> str:
    """数十億ドル in English words; a unit that has none here stays as it was written."""
    zeros = len(str(CJK_SCALES[match["scale"]] * {"十": 10, "百": 100, "千": 1000}.get(match["tens"], 1))) - 1
    suffix = match["suffix"] or ""
    unit = _VAGUE_UNITS.get(SUFFIX_UNITS.get(suffix, ""), suffix)
    return f"{_VAGUE_WORDS[zeros - 4]}{' of ' if unit else ''}{unit}"


def _put(text: str, form: Callable[[Figure, str], str]) -> str:
    """Form each large figure anew, from what it is and how it is written."""
    pieces: list[str] = []
    at = 0
    for figure in figures(text):
        if figure.scaled and figure.value >= 10**4:
            pieces += [text[at : figure.start], form(figure, text[figure.start : figure.end])]
            at = figure.end
    return "".join([*pieces, text[at:]])


def _take(found: Iterable[Figure], taken: list[bool]) -> list[Figure]:
    """Those that do not lie on characters already taken, which theirs then are."""
    kept = []
    for figure in found:
        if not any(taken[figure.start : figure.end]):
            kept.append(figure)
            taken[figure.start : figure.end] = [True] * (figure.end - figure.start)
    return kept


def _short_year(short: Figure, whole: Figure) -> bool:
    """Whether 23年 is the year 2023."""
    of_this_age = whole.unit in ("", "year") and 1950 <= whole.value < 2050 and not whole.scaled
    return (
        short.unit == "year" and 10 <= short.value < 100 and of_this_age and whole.value % 100 == short.value
    )


def _readings(figure: Figure) -> tuple[Decimal, ...]:
    return (figure.value, figure.value * 1000) if figure.thousands else (figure.value,)


def _digits(text: str) -> Iterator[Figure]:
    for match in _FIGURE.finditer(text):
        if figure := _from_match(match):
            yield figure


def _from_match(match: re.Match[str]) -> Figure | None:
    number = match["number"].strip()
    if not number or not number[0].isdigit():
        return None
    scale = (match["scale"] or "").lower()
    value, cjk_scaled = _number_value(number, scale)
    if scale:
        value *= WORD_SCALES[scale]
    suffix = (match["suffix"] or "").lower()
    unit = PREFIX_UNITS.get((match["prefix"] or "").lower(), "") or SUFFIX_UNITS.get(suffix, "")
    if suffix in TENTHS:
        value *= 10
    start = match.start("prefix") if match["prefix"] else match.start("number")
    # A hyphen is a sign before degrees and percentages; elsewhere it may be a dash.
    if match["minus"] and (len(match["minus"]) > 1 or unit in ("degree", "percent")):
        value, start = -value, match.start("minus")
    thousands = not match["scale"] and bool(re.fullmatch(r"[1-9]\d{0,2}\.\d{3}", number))
    return Figure(value, unit, start, _stripped_end(match), cjk_scaled or bool(scale), thousands)


def _stripped_end(match: re.Match[str]) -> int:
    return match.start() + len(match.group().rstrip(" ."))


def _number_value(number: str, scale: str) -> tuple[Decimal, bool]:
    """Sum of parts such as 1兆 and 2,000億, or 4천200억; ``scale`` is the scale word behind it."""
    total = section = Decimal(0)
    any_scale = False
    for digits, scales in _PART.findall(number):
        sizes = [CJK_SCALES[char] for char in scales if not char.isspace()]
        section += _decimal(digits, scale) * math.prod(size for size in sizes if size < 10**4)
        if large := [size for size in sizes if size >= 10**4]:
            total, section = total + section * math.prod(large), Decimal(0)
        any_scale = any_scale or bool(sizes)
    return total + section, any_scale


def _decimal(digits: str, scale: str) -> Decimal:
    """Read "14,3 Milliarden" as 14.3, and "14.300 Millionen" and "1.234.567" as thousands."""
    dots = r"\d{1,3}(?:\.\d{3})+" if scale in COMMA_SCALES else r"\d{1,3}(?:\.\d{3}){2,}"
    if re.fullmatch(dots, digits):
        return Decimal(digits.replace(".", ""))
    if re.fullmatch(r"\d+,\d{1,2}", digits) or (scale in COMMA_SCALES and re.fullmatch(r"\d+,\d+", digits)):
        return Decimal(digits.replace(",", "."))
    return Decimal(digits.replace(",", ""))


def _kanji(text: str) -> Iterator[Figure]:
    """Kanji numbers; 一 and the 二人 and 三人 that a list of names spells out are no figures."""
    for match in _KANJI_NUMBER.finditer(text):
        value, unit = _kanji_value(match["number"]), SUFFIX_UNITS[match["suffix"]]
        if value > (3 if unit == "person" else 0) and match["number"] != "一":
            yield Figure(Decimal(value), unit, *match.span())


def _kanji_value(number: str) -> int:
    if all(char in KANJI_DIGITS for char in number):
        return int(Decimal("".join(str(KANJI_DIGITS[char]) for char in number)))
    return _positional(number)


def _positional(number: str) -> int:
    """Value of 三百二十 or 二億五千万; 0 where it is no number."""
    total = section = digit = 0
    for char in number:
        if char in KANJI_DIGITS:
            digit = KANJI_DIGITS[char]
        elif char == "十" or CJK_SCALES[char] < 10**4:
            section += (digit or 1) * (10 if char == "十" else CJK_SCALES[char])
            digit = 0
        else:
            total += (section + digit or 1) * CJK_SCALES[char]
            section = digit = 0
    return total + section + digit


def _fractions(text: str) -> Iterator[Figure]:
    """Two thirds, 3分の2 and 百分之十 in percent."""
    for match in _FRACTION.finditer(text):
        if part := match["part"] or match["joined"]:
            above = Decimal(NUMBER_WORDS.get(match["count"].lower(), 1))
            below = Decimal(FRACTIONS[part.lower()])
        else:
            above, below = (
                Decimal(word) if word[0].isdigit() else Decimal(_positional(word))
                for word in (match["above"], match["below"])
            )
        if below:
            yield Figure(round(100 * above / below, 2), "percent", *match.span())


def _from_words(match: re.Match[str]) -> Figure:
    total = section = 0
    large = False
    for word in re.split(r"[\s-]", match["number"].lower()):
        scale = WORD_SCALES.get(word, 1)
        if scale == 100:
            section = (section or 1) * scale
        elif scale > total > 0:  # dos mil millones
            total, section, large = (total + section) * scale, 0, True
        elif scale > 1:
            total, section, large = total + (section or 1) * scale, 0, True
        section += NUMBER_WORDS.get(word, 0)
    unit = SUFFIX_UNITS.get((match["suffix"] or "").lower(), "")
    return Figure(Decimal(total + section), unit, *match.span(), large)


_MYRIAD_WORDS = {"ja": ("兆", "億", "万"), "zh": ("万亿", "亿", "万"), "ko": ("조", "억", "만")}
_MILLION_WORDS = {
    "de": ("Billionen", "Milliarden", "Millionen"),
    "en": ("trillion", "billion", "million"),
    "es": ("billones", "mil millones", "millones"),
}
_CURRENCY_SIGNS = {"usd": "$", "eur": "€", "gbp": "£", "jpy": "¥", "krw": "₩"}
_CURRENCY_WORDS = {
    language: dict(zip(("usd", "eur", "jpy", "gbp", "cny", "krw"), words.split(), strict=True))
    for language, words in {
        "de": "Dollar Euro Yen Pfund Yuan Won",
        "es": "dólares euros yenes libras yuanes wones",
        "ja": "ドル ユーロ 円 ポンド 元 ウォン",
        "ko": "달러 유로 엔 파운드 위안 원",
        "zh": "美元 欧元 日元 英镑 元 韩元",
    }.items()
}
_VAGUE = re.compile(
    rf"[数數几幾](?P<tens>[十百千]?)(?P<scale>[万萬億亿兆])(?P<suffix>{_alternatives(SUFFIX_UNITS)})?"
)
_VAGUE_WORDS = (
    "tens of thousands", "hundreds of thousands", "millions", "tens of millions", "hundreds of millions",
    "billions", "tens of billions", "hundreds of billions", "trillions", "tens of trillions",
    "hundreds of trillions", "quadrillions",
)  # fmt: skip
"""What 数万 is, and each ten times more; all that are a myriad and more are counted otherwise in English."""
_VAGUE_UNITS = {
    "usd": "dollars", "eur": "euros", "jpy": "yen", "gbp": "pounds", "cny": "yuan", "krw": "won",
    "person": "people",
}  # fmt: skip
_OWN_SCALE = {
    language: re.compile(pattern)
    for language, pattern in {
        "de": r"\b(?:Billion(?:en)?|Milliarden?|Million(?:en)?|Mrd|Mio|[Tt]ausend|Tsd|[Hh]undert)\b",
        "en": r"(?i:\b(?:[tbm]r?illion|thousand|hundred|dozen)s?\b|(?<=\d)\s?(?:tn|bn|mn|[bmk])\b)",
        "es": r"(?i:\b(?:billones|mil|millones|millón)\b)",
        "ja": "[兆億万千百]",
        "ko": "[조억만천백]",
        "zh": "[兆亿億万萬千百]",
    }.items()
}
"""How a language writes powers of ten; other languages with letters get those of English."""


def _in_millions(figure: Figure) -> str:
    sign = _CURRENCY_SIGNS.get(figure.unit, "")
    return f"{sign}{_scaled(figure.value, _MILLION_WORDS['en'])}"


def _in_own_words(figure: Figure, language: str) -> str:
    if language not in _CURRENCY_WORDS:
        return _in_millions(figure)
    # 14.3 as German and Spanish write it.
    number = _scaled(figure.value, _MILLION_WORDS[language]).translate(str.maketrans(",.", ".,"))
    of = "de " if language == "es" and number.endswith("es") else ""
    unit = _CURRENCY_WORDS[language].get(figure.unit)
    return f"{number} {of}{unit}" if unit else number


def _scaled(value: Decimal, words: tuple[str, str, str]) -> str:
    for size, word in zip((10**12, 10**9, 10**6), words, strict=True):
        if value >= size:
            return f"{_short(value / size)} {word}"
    return _short(value)


def _in_myriads(figure: Figure, language: str) -> str:
    unit = _CURRENCY_WORDS[language].get(figure.unit, "")
    for size, word in zip((10**12, 10**8, 10**4), _MYRIAD_WORDS[language], strict=True):
        if figure.value >= size:
            return f"{_short(figure.value / size)}{word}{unit}"
    return f"{_short(figure.value)}{unit}"


def _short(value: Decimal) -> str:
    return f"{value.normalize():,f}"
