"""Who did it to whom? Two texts go in, the two who changed places come out; pure.

Every word of "B bought A" is in "A bought B". In Japanese the particle behind a noun tells its part, in
languages of Europe its place before or behind a verb; a passive turns both round. Two that take part are
compared only where both texts have both, so that a paraphrase is not taken for a swap. Knows no verb forms.
"""

# ruff: noqa: E501 - tables of words and patterns read better unwrapped
from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import combinations

from qa.figures import figures
from qa.language import script_of
from qa.names import OPENERS

__all__ = ["swapped"]

_NOUN = re.compile(
    r"(?P<noun>[一-龥々ァ-ヺー・A-Za-zÀ-ÿ0-9&.]+)(?P<tail>[ぁ-ゖ]{0,3}(?:氏|さん|社|選手))?"
    r"(?P<part>に代えて|に代わって|に代わり|に対して|に対し|によって|により|のため|から|まで|より|が|は|を|に|へ|と)"
)
_PARTS = {
    "は": "が", "に対して": "に対し", "によって": "により", "に代わって": "に代わり",
}  # fmt: skip
_PASSIVE = re.compile(r"[さかがたなまらわば]れ(?:[たるてま]|ました|ている)|命じられ|与えられ")
_HONORIFIC = re.compile(r"(?:氏|さん|社|選手)$")
_SENTENCE = re.compile(r"[。！？\n]|[.!?](?=\s|$)")
_WORD = re.compile(r"[A-Za-zÀ-ÿ][\w'’-]*")
_CAPITAL = re.compile(
    r"(?<!\w)(?:(?:[A-Z][a-z]?\.?\s)?[A-ZÀ-Þ][\w&’'-]*)(?:\s(?:[A-ZÀ-Þ]|of\s[A-Z]|&\s)[\w’'-]*)*"
)
_THE = re.compile(r"\b(?:[Tt]he|[Aa]n?|[Hh]is|[Hh]er|[Tt]heir|[Ii]ts)\s(?P<noun>[a-z][\w-]+)")
_FAR = 5
"""Words between two that take part, at the most."""
_ADJUNCT = re.compile(
    r"\b(?:in|on|at|of|during|since|until|before|after|within)\s(?:the\s|a\s|an\s)?$", re.IGNORECASE
)
_FROM_TO = re.compile(
    r"\bfrom\b(?P<a>.{1,24}?)\bto\b(?P<b>.{1,24})|\bto\b(?P<b2>.{1,24}?)\bfrom\b(?P<a2>.{1,24})|(?P<a3>.{1,12})から(?P<b3>.{1,12}?)[にへ]",
    re.IGNORECASE,
)
_EMPTY = frozenset(
    "was were is are been be by has have had the a an to of in on at for and with from as will".split()
)


def swapped(sentence: str, evidence: str) -> str:
    """Say which two have changed places; "" if none have.

    Args:
        sentence: one sentence of an answer.
        evidence: the source sentences, one a line.
    """
    if change := _change_turned(sentence, evidence):
        return change
    cjk = "cjk" in script_of(sentence)
    if cjk != ("cjk" in script_of(evidence)):
        return ""
    pairs = _particle_pairs if cjk else _verb_pairs
    claimed, stated = set(pairs(sentence)), set(pairs(evidence))
    for one, other, how in claimed:
        if _holds(stated, other, one, how) and not _holds(stated, one, other, how):
            return f"{one} and {other} have changed places"
    return ""


def _holds(pairs: set[tuple[str, str, str]], one: str, other: str, how: str) -> bool:
    """Whether a pair is among them, also with more before a name: 詩人ノエル for ノエル."""
    return any(
        how == found and _alike(one, first) and _alike(other, second) for first, second, found in pairs
    )


def _alike(one: str, other: str) -> bool:
    return one.endswith(other) or other.endswith(one)


def _change_turned(sentence: str, evidence: str) -> str:
    """Numbers of a change: "from 51 to 45" against "from 45 to 51"."""
    for start, end in _changes(sentence):
        for other_start, other_end in _changes(evidence):
            if (start, end) == (other_end, other_start) and start != end:
                return f"{start:f} and {end:f} have changed places"
    return ""


def _changes(text: str) -> Iterator[tuple[object, object]]:
    for match in _FROM_TO.finditer(text):
        found = [
            figures(part)
            for part in (match["a"] or match["a2"] or match["a3"], match["b"] or match["b2"] or match["b3"])
        ]
        if all(found):
            yield found[0][0].value, found[1][0].value


def _particle_pairs(text: str) -> Iterator[tuple[str, str, str]]:
    """Nouns two by two with their particles, as an active sentence has them."""
    for sentence in _SENTENCE.split(text):
        passive = bool(_PASSIVE.search(sentence))
        found = [(_bare(match), _active(match["part"], passive)) for match in _NOUN.finditer(sentence)]
        for (one, part), (other, other_part) in combinations(dict(found).items(), 2):
            if part != other_part:
                first, second = sorted(((part, one), (other_part, other)))
                yield first[1], second[1], f"{first[0]} {second[0]}"


def _bare(match: re.Match[str]) -> str:
    """A noun without its honorific, unless it is nothing else."""
    return _HONORIFIC.sub("", match["noun"]) or match["noun"]


def _active(part: str, passive: bool) -> str:
    part = _PARTS.get(part, part)
    if not passive:
        return part
    return {"が": "を", "により": "が", "に": "が"}.get(part, part)


def _verb_pairs(text: str) -> Iterator[tuple[str, str, str]]:
    """Who stands before and behind each word, with "by" turned round."""
    for sentence in _SENTENCE.split(text):
        taking_part = _participants(sentence)
        for (one, _, end), (other, other_start, _) in combinations(taking_part, 2):
            between = sentence[end:other_start]
            if len(between.split()) > _FAR or re.search(r"[,;:()]", between):
                continue
            passive = re.search(r"\bby\b", between)
            pair = (other, one) if passive else (one, other)
            for word in _WORD.findall(between.lower()):
                if word not in _EMPTY and not any(word == name for name, _, _ in taking_part):
                    yield (*pair, _stem(word))


def _participants(sentence: str) -> list[tuple[str, int, int]]:
    """Names, and nouns with an article, but not those of time and place."""
    found = [
        (match.group().lower(), *match.span())
        for match in _CAPITAL.finditer(sentence)
        if match.group().lower() not in OPENERS
    ]
    found += [
        (match["noun"].lower(), *match.span("noun"))
        for match in _THE.finditer(sentence)
        if not any(start <= match.start("noun") < end for _, start, end in found)
    ]
    kept = [item for item in found if not _ADJUNCT.search(sentence[: item[1]])]
    return sorted(kept, key=lambda item: item[1])


def _stem(word: str) -> str:
    """The beginning that the forms of a regular verb share."""
    return word[:4]
