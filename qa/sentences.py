"""Sentence boundaries: text goes in, half-open offsets come out; pure, knows no document and no language.

Rules, not a model, so that a boundary can be explained and never moves: CJK sentences end at 。！？ outside
brackets; others at . ! ? before a space and a new beginning, except after an abbreviation or an initial. A
line break ends a sentence unless the line is clearly a hard-wrapped one.
"""

from __future__ import annotations

import re
import unicodedata

__all__ = ["Span", "split_sentences", "width"]

Span = tuple[int, int]

_OPEN = "「『（(【［[《〈“"
_CLOSE = "」』）)】］]》〉”"
_END_CJK = "。！？｡"
_END_LATIN = ".!?…؟।"
_AFTER_END = "\"'’”」』）)】］]»"
_ABBREVIATIONS = frozenset(
    "mr mrs ms dr prof sr jr st vs etc inc ltd co corp dept est no nos vol pp fig al gen rep sen gov capt "
    "col lt sgt rev hon jan feb mar apr jun jul aug sep sept oct nov dec approx dipl ing bzw ca usw z.b d.h "
    "u.s u.k u.n e.u e.g i.e a.m p.m ph.d b.c a.d sra srta ud uds av núm pág art ej".split()
)
_LIST_ITEM = re.compile(r"\s*(?:[-*+•・●○■□◆◇▪–—]|#{1,6}|\(?\d{1,3}[.)、]|[①-⑳]|>)\s*\S")
_WRAPPED_AT = 50
"""Columns from which a line without an end mark may go on in the next (mail and PDFs wrap at 60-80)."""
_INK = re.compile(r"\S")
_LONGEST_QUOTE = 400
"""Characters after which an unclosed bracket no longer holds a sentence together."""


def width(text: str) -> int:
    """Columns ``text`` takes: 2 for a wide character (CJK, kana, hangul), 1 for any other."""
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


def split_sentences(text: str, start: int = 0, end: int | None = None) -> list[Span]:
    """Cut ``text[start:end]`` into sentences.

    Returns:
        Half-open offsets into ``text`` in order, without surrounding space; together they hold every
        character that is not space.
    """
    end = len(text) if end is None else end
    cuts = [start, *_cuts(text, start, end), end]
    spans = (_trim(text, left, right) for left, right in zip(cuts, cuts[1:], strict=False))
    return [span for span in spans if span[0] < span[1]]


def _trim(text: str, start: int, end: int) -> Span:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end


def _cuts(text: str, start: int, end: int) -> list[int]:
    """Offsets at which a new sentence begins."""
    cuts: list[int] = []
    opened: list[int] = []
    line = start
    position = start
    while position < end:
        char = text[position]
        position += 1
        if char == "\n":
            if _line_break_ends(text, line, position, end):
                cuts.append(position)
                opened.clear()
            line = position
        elif char in _OPEN:
            opened.append(position)
        elif char in _CLOSE:
            if opened:
                opened.pop()
            if char == "”" and not opened and _quote_ends(text, position, end):
                cuts.append(position)
        elif char in _END_CJK or char in _END_LATIN:
            inside = bool(opened) and position - opened[-1] < _LONGEST_QUOTE
            after = _after_end(text, position, end)
            if not inside and _ends_sentence(text, position - 1, after, end):
                cuts.append(after)
                position = after
    return cuts


def _after_end(text: str, position: int, end: int) -> int:
    """Past repeated end marks and the quotes and brackets that close with them."""
    while position < end and (text[position] in _END_CJK + _END_LATIN or text[position] in _AFTER_END):
        position += 1
    return position


def _quote_ends(text: str, after: int, end: int) -> bool:
    """Whether a curly quotation is a sentence of its own: its end mark is inside it."""
    return after < end and text[after].isspace() and _ends_sentence(text, after - 2, after, end)


def _ends_sentence(text: str, mark: int, after: int, end: int) -> bool:
    if text[mark] not in _END_CJK + _END_LATIN:
        return False
    if any(char in _END_CJK for char in text[mark:after]):
        return True
    if after >= end:
        return True
    if not text[after].isspace():
        return text[mark] in "!?…" and _is_cjk(text[after])
    following = _INK.search(text, after, end)
    if not following or following[0].islower():
        return False
    if text[mark] != "." or after - mark > 1:
        return True
    word = re.search(r"[^\s(「『“\"]*$", text[max(0, mark - 20) : mark])
    last = word.group().lower() if word else ""
    initial = len(last) == 1 and last.isalpha() and not _is_cjk(last)
    return not (initial or last in _ABBREVIATIONS)


def _line_break_ends(text: str, line: int, following: int, end: int) -> bool:
    """Whether the break before ``following`` ends a sentence; ``line`` is where its line began."""
    current = text[line : following - 1].strip()
    stop = text.find("\n", following, end)
    upcoming = text[following : end if stop < 0 else stop]
    if not current or not upcoming.strip():
        return True
    if current[-1] in _END_CJK + _END_LATIN + _AFTER_END or current[-1] in ":：":
        return True
    if _LIST_ITEM.match(upcoming) or _LIST_ITEM.match(current):
        return True
    return width(current) < _WRAPPED_AT


def _is_cjk(char: str) -> bool:
    return unicodedata.east_asian_width(char) in "WF"
