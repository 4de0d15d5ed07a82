"""Dates, times of day and parts of a year: text goes in, numbers with a unit and offsets come out; pure.

"3 May", "5月3日", "2021-05-03", 令和3年, 午前6時30分 and "third quarter" are read into the same numbers
whatever the language. Knows no calendar: that a Tuesday was the third is not worked out.
"""

# ruff: noqa: E501 - tables of words and patterns read better unwrapped
from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from qa.units import ERAS, KANJI_DIGITS, MONTHS, OTHER_MONTHS, PERIODS, SHORT_MONTHS, WEEKDAYS

__all__ = ["PLAIN", "Part", "parts"]

Part = tuple[int, str, int, int]
"""Number, unit, and the half-open offsets of what says so."""

PLAIN = str.maketrans("０１２３４５６７８９％．，＄：\u017f\u0130\u0131\u212a", "0123456789%.,$:sIiK")
"""Characters to the plain ones of the tables, one for one, so that offsets hold.

A pattern that ignores case takes the long s for an s and the Turkish i's for an i; ``lower`` does not.
"""

_DATE = re.compile(
    r"(?<!\d)(?P<year>(?:19|20)\d\d)([-/.])(?P<month>0?[1-9]|1[0-2])\2(?P<day>[0-2]?\d|3[01])(?!\d)"
)
_MONTH_DAY = re.compile(
    rf"(?:\b(?P<before>\d{{1,2}})(?:st|nd|rd|th)?\s+(?:of\s)?)?"
    rf"\b(?P<month>{'|'.join(MONTHS)}|(?:{'|'.join(SHORT_MONTHS)}|sept)(?=\.?\s\d))"
    rf"\b\.?(?:\s+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?\b(?![:,.]?\d))?",
    re.IGNORECASE,
)
_OTHER_MONTH = re.compile(
    r"(?:\b(?P<day>\d{1,2})\.?\s(?:de\s)?|\b(?:en|im|de|del|seit|bis|von|ab)\s)"
    rf"(?P<month>{'|'.join(OTHER_MONTHS)})\b",
    re.IGNORECASE,
)
_WEEKDAY = re.compile(
    "|".join(rf"\b{name}s?\b" if name[0].isascii() else name for name in WEEKDAYS), re.IGNORECASE
)
_CJK_TIME = re.compile(
    r"(?P<am>午前|上午|오전)?(?P<pm>午後|下午|오후)?\s?(?<!\d)(?P<hour>[01]?\d|2[0-4])\s?(?:時|时|시)(?![間间간])"
    r"(?:\s?(?P<minute>[0-5]?\d)(?:分|분)|(?P<half>半))?"
)
_LATIN_TIME = re.compile(
    r"(?<![\d:.])(?P<hour>[01]?\d|2[0-4])"
    r"(?::(?P<minute>[0-5]\d)(?![\d:])(?:\s?(?:(?P<am>a\.?m)|(?P<pm>p\.?m))\b)?|\s?(?:(?P<am2>a\.?m)|(?P<pm2>p\.?m))\b)",
    re.IGNORECASE,
)
_STOPWATCH = re.compile(r"(?<![\d:])(?P<hour>\d{1,2}):(?P<minute>[0-5]\d):(?P<second>[0-5]\d)(?![\d:])")
_ERA = re.compile(rf"(?P<era>{'|'.join(ERAS)})(?P<year>\d{{1,2}}|元)年")
_PERIODS = {re.compile(pattern, re.IGNORECASE): unit for pattern, unit in PERIODS.items()}
_WHICH = {"上": 1, "下": 2, "상": 1, "하": 2, "first": 1, "second": 2, "third": 3, "fourth": 4}


def parts(text: str) -> Iterator[Part]:
    """Find dates and times.

    Yields:
        ``year``, ``month``, ``day``, ``weekday`` (Monday is 1), ``quarter`` and ``half`` of a year, ``time``
        (minutes since midnight), ``clock`` (the same, but it may mean a.m. or p.m.), and ``hour``, ``minute``
        and ``second`` of a time that was stopped. Parts of one date have the same offsets.
    """
    text = text.translate(PLAIN)
    for pattern, read in _READERS:
        for match in pattern.finditer(text):
            yield from read(match)
    for pattern, unit in _PERIODS.items():
        for match in pattern.finditer(text):
            which = next(group for group in match.groups() if group).lower()
            number = int(which) if which.isdigit() else _WHICH.get(which) or KANJI_DIGITS[which]
            yield (number, unit, *match.span())


def _date(match: re.Match[str]) -> Iterator[Part]:
    for unit in ("year", "month", "day"):
        yield (int(match[unit]), unit, *match.span(unit))


def _month_day(match: re.Match[str]) -> Iterator[Part]:
    """May 3 as a month and a day; "may" and "march" in lower case are verbs."""
    month = match["month"].lower().rstrip(".")
    day = "day" if match["day"] else "before" if match["before"] else ""
    if month in ("may", "march") and not (match["day"] or match["month"][0].isupper()):
        return
    yield (SHORT_MONTHS.index(month[:3]) + 1, "month", *match.span("month"))
    if day and 0 < int(match[day]) < 32:
        yield (int(match[day]), "day", *match.span(day))


def _other_month(match: re.Match[str]) -> Iterator[Part]:
    yield (OTHER_MONTHS[match["month"].lower()], "month", *match.span("month"))
    if match["day"]:
        yield (int(match["day"]), "day", *match.span("day"))


def _weekday(match: re.Match[str]) -> Iterator[Part]:
    yield (
        WEEKDAYS.get(match.group().lower()) or WEEKDAYS[match.group()[:-1].lower()],
        "weekday",
        *match.span(),
    )


def _time(match: re.Match[str]) -> Iterator[Part]:
    found = match.groupdict()
    morning, afternoon = found["am"] or found.get("am2"), found["pm"] or found.get("pm2")
    hour = int(match["hour"])
    minute = 30 if found.get("half") else int(found["minute"] or 0)
    if morning or afternoon:
        hour = hour % 12 + (12 if afternoon else 0)
    sure = morning or afternoon or not 0 < hour <= 12
    yield (60 * hour + minute, "time" if sure else "clock", *match.span())


def _stopwatch(match: re.Match[str]) -> Iterator[Part]:
    for unit in ("hour", "minute", "second"):
        yield (int(match[unit]), unit, *match.span(unit))


def _era(match: re.Match[str]) -> Iterator[Part]:
    year = 1 if match["year"] == "元" else int(match["year"])
    yield (ERAS[match["era"]] + year, "year", *match.span())


_READERS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], Iterator[Part]]], ...] = (
    (_DATE, _date),
    (_MONTH_DAY, _month_day),
    (_OTHER_MONTH, _other_month),
    (_WEEKDAY, _weekday),
    (_CJK_TIME, _time),
    (_LATIN_TIME, _time),
    (_STOPWATCH, _stopwatch),
    (_ERA, _era),
)
