"""Follow-up questions go in, whether they stand alone or still ask the same comes out; pure.

Rewriting a follow-up costs seconds on two cores and can go wrong: what surely stands alone is left as it is,
and what became another question is not used. Knows no model and no document.
"""

from __future__ import annotations

import re

from qa.language import detect, script_of
from qa.sentences import width
from qa.verify import names_in

__all__ = ["keeps_asking", "may_stand_alone", "stands_alone"]

_SAYS = re.compile(
    r"[\u3400-\u9fff]|[\u30a1-\u30faー]{2,}|[^\W\d_\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]{4,}"
)
"""What a question asks about; Korean, whose words change with what follows, is not looked at."""
_POINTS = re.compile(
    r"彼女|[彼她他它这那其]|\b(?:that|this|th[eo]se|them|they|their|there|then|thanks?|else|now|also)\b",
    re.IGNORECASE,
)

_DEPENDS = re.compile(
    r"[彼她他它这那其该此両]|[これそあ]れ|[こそあ]の(?!記事|文章)|[こそあ]こ|[そこ]う|当時|自[社身分]|同(?:[社氏市店校国県町村行局庁大誌紙機船作]|じ)"
    r"|ほか|他[のに]|前者|後者|もう[一1]|うち|では|じゃあ|い[えや]|[はも]\W*$"
    r"|\b(?:he|she|him|hers?|his|its?|the(?:y|m|irs?|se|re|n)|th(?:at|is|ose)|ones?|else|(?:an)?others?|same|so|both|former|latter|two"
    r"|and|but|also|no|sorry|meant?|sie|ih[rmn]\w*|seine?\w*|e[rs]|dies\w*|da\w*|dort|und|nein|él|ellas?|ellos|sus?|es[oae]|esto|allí|y)\b"
    r"|(?<![가-힣])[그이저](?=\s|[것곳들는가의녀때럼래리중])",
    re.IGNORECASE,
)
"""What in a question points at something else or takes up a thread: "and Moss?"."""
_WHOLE_QUESTION = 26
"""Columns that a question in Japanese, Chinese or Korean has at least which leaves nothing out."""
_WHOLE_SENTENCE = 14
"""Columns of one in a language that leaves out neither subject nor verb: "Who runs Mercor?"."""


def keeps_asking(question: str, rewritten: str) -> bool:
    """Whether a question made to stand alone still asks what was asked, and not what was asked before.

    At least half of what it says, less words that point at something, must have stayed: longer words, those
    in katakana, characters. Of 960 written examples 13 do not (`benchmarks/follow_ups.jsonl`); of 960 earlier
    questions of the same conversations 168 would.
    """
    said = {word.lower() for word in _SAYS.findall(_POINTS.sub(" ", question))}
    return 2 * sum(word in rewritten.lower() for word in said) >= len(said)


def may_stand_alone(question: str) -> bool:
    """Whether a question points at nothing said before and is long enough to leave nothing out."""
    least = _WHOLE_QUESTION if script_of(question) & {"cjk", "hangul"} else _WHOLE_SENTENCE
    return width(question) >= least and not _DEPENDS.search(question)


def stands_alone(question: str, before: str = "") -> bool:
    """Whether a question surely asks the same whatever was said before: it points at nothing and has a name.

    One that is asked in another language than the question before takes up nothing of it either. Of 960
    written examples (`benchmarks/follow_ups.jsonl`) 253 stand alone: 102 of these are told, and 5 others,
    which lack a fuller name ("Where does Tandy come from?").

    Args:
        question: as asked.
        before: the question before it; "" if there is none.
    """
    return may_stand_alone(question) and (bool(names_in(question)) or _changes_language(before, question))


def _changes_language(before: str, question: str) -> bool:
    return len({detect(before), detect(question)} - {"und"}) > 1
