"""Every word of the page in English and Japanese: a language code goes in, a dictionary of texts comes out.

The texts are in assets/words.toml. Knows no document and no answer; what an article or a model says is never
translated here.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path

__all__ = ["LANGUAGES", "explained", "words"]

LANGUAGES = {"en": "English", "ja": "日本語"}
TEXTS = Path(__file__).parent / "assets" / "words.toml"

_REASONS_JA = (
    (re.compile(r"(?P<what>.+) is not in the source"), "「{what}」は原文にありません"),
    (re.compile(r"one says no and the other does not"), "一方だけが否定しています"),
    (re.compile(r"part of it is not in the source"), "一部は原文にありません"),
    (re.compile(r"it is cut off"), "途中で切れています"),
    (re.compile(r"the source does not say this"), "原文にはそのような記述がありません"),
)


@cache
def words(language: str) -> Mapping[str, str]:
    """Every text of the page in ``language``; in English where there is no such translation."""
    column = list(LANGUAGES).index(language) if language in LANGUAGES else 0
    texts = tomllib.loads(TEXTS.read_text(encoding="utf-8"))
    return {key: in_each[column] for key, in_each in texts.items()}


def explained(reason: str, language: str) -> str:
    """A sentence's reason, which the check gives in English, in the language of the page."""
    if language != "ja":
        return reason
    return "。".join(_in_japanese(clause) for clause in reason.split("; "))


def _in_japanese(clause: str) -> str:
    for pattern, text in _REASONS_JA:
        if found := pattern.fullmatch(clause):
            return text.format(**found.groupdict())
    return clause
