"""Keyword terms: a text goes in, a list of terms comes out; pure, knows no dictionary and no language.

Scripts that put no spaces between words (Chinese, Japanese, Thai, Lao, Khmer, Burmese, Tibetan) and Hangul,
whose words carry their particles, become overlapping pairs of characters; every other script becomes words.
A run is cut where the script changes, so that "1979年政権" gives "1979", "年政" and "政権", not one word.
Question and document go through the same function, which is all that keyword search needs.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from itertools import groupby, pairwise

__all__ = ["terms"]

_IDEOGRAPHIC = "CJK"
_SCRIPTS = {  # first word of a character's Unicode name: the script its run belongs to
    "CJK": _IDEOGRAPHIC,
    "HIRAGANA": _IDEOGRAPHIC,
    "KATAKANA": _IDEOGRAPHIC,
    "IDEOGRAPHIC": _IDEOGRAPHIC,  # the iteration mark 々
    "BOPOMOFO": _IDEOGRAPHIC,
    "HANGUL": "HANGUL",
    "THAI": "THAI",
    "LAO": "LAO",
    "KHMER": "KHMER",
    "MYANMAR": "MYANMAR",
    "TIBETAN": "TIBETAN",
}
_PAIRED = frozenset(_SCRIPTS.values())
_DIGIT, _MARK = "DIGIT", "MARK"


def terms(text: str) -> list[str]:
    """Cut a text into keyword terms, in order, with repetitions.

    Args:
        text: any string.

    Returns:
        Lower-case NFKC terms of letters, digits and combining marks; no term holds ASCII punctuation.
    """
    # Compatibility forms first ("Ｍｅｔａ" is "Meta"), again after case folding, which can undo the form.
    normal = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    found: list[str] = []
    for script, run in _runs(normal):
        found.extend(_pairs(run) if script in _PAIRED else ["".join(run)])
    return found


def _runs(text: str) -> Iterator[tuple[str, list[str]]]:
    """Stretches of one script as lists of characters, each with the marks that belong to it."""
    for script, group in groupby(_characters(text), key=lambda item: item[0]):
        if script:
            yield script, [character for _, character in group]


def _characters(text: str) -> Iterator[tuple[str, str]]:
    """(script, character with its combining marks); script is "" for what separates terms."""
    script, character = "", ""
    for char in text:
        kind = _script(char)
        if kind == _MARK and script:
            character += char
            continue
        if character:
            yield script, character
        script, character = _joined(script, kind), char
    if character:
        yield script, character


def _joined(before: str, kind: str) -> str:
    """The script a character counts as: digits join letters ("h100", "4o"), but none written in pairs."""
    if kind == _MARK:
        return ""
    if kind == _DIGIT and before and before not in _PAIRED:
        return before
    if before == _DIGIT and kind and kind not in _PAIRED:
        return _DIGIT
    return kind


def _pairs(characters: list[str]) -> list[str]:
    """Overlapping pairs; a lone character stands for itself."""
    return [a + b for a, b in pairwise(characters)] if len(characters) > 1 else characters


@lru_cache(maxsize=8192)
def _script(char: str) -> str:
    """The script of one character: "" for separators, `_MARK` for combining marks, `_DIGIT` for numbers."""
    category = unicodedata.category(char)
    if category[0] == "M":
        return _MARK
    if category[0] not in "LN":
        return ""
    word = unicodedata.name(char, "UNNAMED").split(" ")[0].split("-")[0]
    if category[0] == "N" and word not in _SCRIPTS:
        return _DIGIT
    return _SCRIPTS.get(word, word)
