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

_REASONS_JA = tuple(
    (re.compile(reason, re.DOTALL), text)
    for reason, text in (
        (r"it is cut off", "途中で切れています"),
        (r"no passage was found", "該当する箇所が見つかりませんでした"),
        (r"the source does not say this", "原文にはそのような記述がありません"),
        (r"part of it is not in the source", "一部は原文にありません"),
        (r"former (?P<what>.+) is not in the source", "以前「{what}」であったことは原文にありません"),
        (r"(?P<what>.+) is not in the source", "「{what}」は原文にありません"),
        (r"(?P<what>.+) is somebody else in the source", "原文では「{what}」は別の人です"),
        (
            r"(?P<one>.+) and (?P<two>.+) are not in one sentence of the source",
            "「{one}」と「{two}」は原文の同じ文にありません",
        ),
        (r"(?P<one>.+) and (?P<two>.+) have changed places", "「{one}」と「{two}」が入れ替わっています"),
        (r"it says no and the source does not", "回答は否定していますが、原文は否定していません"),
        (r"the source says no and it does not", "原文は否定していますが、回答は否定していません"),
        (
            r"it says that it is yet to come and the source does not",
            "原文では、これから起こることとされていません",
        ),
        (r"the source says the opposite of (['\"])(?P<what>.+)\1", "原文は「{what}」の逆を述べています"),
        (
            r"the source says the opposite about (['\"])(?P<what>.+)\1",
            "原文は「{what}」について逆のことを述べています",
        ),
    )
)
"""Each reason that a check gives, the more special before the more general."""


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
