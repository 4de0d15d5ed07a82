"""Does the evidence carry the sentence? Two texts go in, a verdict with its reason comes out; pure.

Exact checks on what small models get wrong and readers rely on: figures with their magnitude and unit, names
across scripts, offices, yes and no, who did it to whom; and how much of what the sentence says anew is in the
evidence, where both are in one language. Lexical support is a fair gate for answers close to their source and
no more. Knows no document, no model and no index.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from qa.data import State
from qa.figures import Figure, figures, same, spelled
from qa.language import detect, script_of
from qa.names import ALIKE, OPENERS, alike, foreign_form, foreign_runs, names
from qa.order import swapped
from qa.polarity import opposed
from qa.roles import roles, wrong_role
from qa.terms import terms
from qa.units import CURRENCIES

__all__ = [
    "Details",
    "Verdict",
    "adds_speaker",
    "carries_name",
    "changes_amount",
    "check",
    "details",
    "missing",
    "names_in",
]

_SUPPORTED_SHARE = 0.5
_PARTLY_SHARE = 0.25
_TRIM = re.compile(
    r"(?:['’]s\b|(?:of|at|for|the|de|von|bei)\b|[\s,&-])*(?P<name>.*?)(?:['’]s|\b(?:of|at|for|the|de)|[\s,&-])*",
    re.DOTALL,
)
"""What ties a name to an office: "CEO of X", "X's CEO"."""
_ARTICLE = re.compile(
    r"(?:^|\W)(?:de[rmns]|die|das|(?:k?ein|mein|sein|ihr|unser|dies|jed)(?:e[rmns]?)?|zu[rm]|[ai]m|ins|vom|beim)$",
    re.IGNORECASE,
)
_NO_NAME = re.compile(
    r"[A-ZÄÖÜ][a-zäöüß]*e[nms]?|In|Im|Am|An|Zu|Zum|Er|Es|Wo|Wer|Was|Hat|War|Ist|Sein|Ihr|Mit|Für|Vor|Seit|Bei|Sind"
    r"|Wird|Hatte|Warum|Wann|Nach|Beim|Durch|Viele|Laut|Auch|Doch|Zwei|Drei"
)
"""Before a noun at a sentence's beginning: an adjective by its ending, or a function word."""
_HANGUL = re.compile("[가-힣]")
# A word that may be a name: it qualifies no office ("new", "acting") and ends in no particle.
_PLAIN = r"(?!(?:현|전|새|이|그|신임|공동|임시|전임|후임|차기|초대|수석)\s)[가-힣]*[가-힣](?<![은는이가을를의에도와과로들한된인할])"
_KOREAN_PERSON = re.compile(
    rf"(?<![가-힣])(?P<name>(?:{_PLAIN}\s)?[가-힣]+)\s씨(?=[은는이가를의도와에]|[^가-힣]|$)"
)
_KOREAN_FULL_NAME = re.compile(rf"(?<![가-힣])(?P<name>{_PLAIN}\s{_PLAIN})\s$")
_I = re.compile(r"\b(?:I|[Mm]y|[Mm]e|[Mm]yself)\b")
_SPEAKER = re.compile('[私僕俺我「『“"]|わたし|ぼく|自分|わが')
_FUNCTION_WORDS = frozenset(
    "the and for with that this from was were are has have had been its his her their they who which can will "
    "would could should may might also than then into out over not but did does one all any such more".split()
)


@dataclass(frozen=True, slots=True)
class Details:
    """What of a sentence can be checked exactly.

    Attributes:
        figures: numbers with unit, without small counts that languages also write as words.
        names: see `names_in`.
        terms: words and character pairs that the question did not already have.
        loose: whether a common noun may stand among the words of a name, as in German "kaufte Meta Anteile".
    """

    figures: tuple[Figure, ...]
    names: tuple[str, ...]
    terms: frozenset[str]
    loose: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a check found.

    Attributes:
        state: see `qa.data.State`.
        reason: "" where supported; one clause otherwise.
        score: share of what was checked that the evidence carries, 0 to 1.
    """

    state: State
    reason: str
    score: float


def names_in(sentence: str) -> list[str]:
    """Names of a sentence: in capitals, in katakana or Cyrillic, and those that Korean marks as a person's.

    Units ("ユーロ") and offices ("CEO of") are no names and no part of one; `qa.figures` and `qa.roles` compare
    them.
    """
    known = sorted(
        [(figure.start, figure.end) for figure in figures(sentence) if figure.unit]
        + [(role.start, role.end) for role in roles(sentence)]
    )
    spans = [part for span in names(sentence) for part in _without(span, known, sentence)]
    if spans and _german(sentence):
        spans = [part for span in spans if (part := _surely_name(span, sentence))]
    found = [sentence[start:end] for start, end in spans]
    if not spans or "cjk" in script_of(sentence):
        rest = list(sentence)
        for start, end in known:
            rest[start:end] = "\n" * (end - start)
        found += [run for run in foreign_runs("".join(rest)) if not (run in found or _HANGUL.match(run))]
    return found + _korean_people(sentence)


def carries_name(name: str, evidence: str) -> bool:
    """Whether ``evidence`` has the name, as it is or in another script."""
    return _named(name, evidence, evidence.lower())


def details(sentence: str, question: str) -> Details:
    """Read what ``sentence`` adds to ``question``; an echoed question needs no evidence."""
    asked = set(terms(question))
    return Details(
        figures=tuple(f for f in figures(sentence) if not any(same(f, other) for other in figures(question))),
        names=tuple(name for name in names_in(sentence) if name.lower() not in question.lower()),
        terms=frozenset(terms(sentence)) - asked,
        loose=_german(sentence),
    )


def missing(wanted: Details, evidence: str) -> tuple[list[Figure], list[str]]:
    """Figures and names of ``wanted`` that ``evidence`` does not carry."""
    present = [*figures(evidence), *spelled(evidence)]
    lowered = evidence.lower()
    no_figures = [f for f in wanted.figures if not (any(same(f, p) for p in present) or _counted(f, lowered))]
    no_names = [name for name in wanted.names if not _known(name, evidence, lowered, wanted.loose)]
    return no_figures, no_names


def changes_amount(sentence: str, source: str) -> bool:
    """Whether a translation has a sum, percentage or large number that its source has not.

    What is counted in other words ("a year", 七成) is left out: of 1,365 written translations
    (`benchmarks/translations.jsonl`) 10 have one that is read otherwise, 50 any figure.
    """
    figures_lost, _ = missing(details(sentence, ""), source)
    return any(f.scaled or f.unit in CURRENCIES or f.unit == "percent" for f in figures_lost)


def adds_speaker(sentence: str, source: str) -> bool:
    """Whether an English translation says "I" where a Japanese or Chinese source names no speaker.

    Japanese leaves the subject out, and a small model makes one up. No quotation is looked into. None of 665
    written translations (`benchmarks/translations.jsonl`) does it.
    """
    return bool(_I.search(sentence)) and "cjk" in script_of(source) and not _SPEAKER.search(source)


def check(sentence: str, question: str, evidence: str, similarity: float = 1.0) -> Verdict:
    """Judge one answer sentence against the text of its citations.

    Args:
        sentence: one sentence of an answer.
        question: what was asked; its own words need no evidence.
        evidence: the cited sentences, with the title and headings they stand under, one a line.
        similarity: 0 to 1, how near the two are in meaning, for texts in two languages.
    """
    wanted = details(sentence, question)
    no_figures, no_names = missing(wanted, evidence)
    share = _share(wanted, sentence, evidence, similarity)
    reasons = [f"{sentence[f.start : f.end].strip()} is not in the source" for f in no_figures]
    reasons += [f"{name} is not in the source" for name in no_names]
    reasons += _contradictions(sentence, question, evidence)
    checked = len(wanted.figures) + len(wanted.names)
    score = share * (1 - (len(no_figures) + len(no_names)) / checked if checked else 1.0)
    # A sentence whose figures are all missing states a figure that the source does not; names cannot save it.
    every_figure = bool(no_figures) and len(no_figures) == len(wanted.figures)
    if share < _PARTLY_SHARE or every_figure or (checked and len(no_figures) + len(no_names) == checked):
        return Verdict("unsupported", "; ".join(reasons) or "the source does not say this", score)
    if share < _SUPPORTED_SHARE or _invented(sentence, question, evidence):
        reasons.append("part of it is not in the source")
    return Verdict("partly" if reasons else "supported", "; ".join(reasons), score)


def _contradictions(sentence: str, question: str, evidence: str) -> list[str]:
    found = (
        wrong_role(sentence, question, evidence),
        opposed(sentence, evidence, question),
        swapped(sentence, evidence),
    )
    return [reason for reason in found if reason]


def _invented(sentence: str, question: str, evidence: str) -> bool:
    """Whether source and question have nothing at all of one part of the sentence.

    Half of "it won the prize and toured Australia" may be in the source: a share over the whole sentence
    does not see the other half.
    """
    if not _comparable(sentence, evidence):
        return False
    known = f"{evidence}\n{question}"
    if "cjk" in script_of(sentence):
        parts = [set(re.findall(r"[一-龥々ァ-ヺ]", part)) for part in re.split("[、。]", sentence)]
        present, nouns = set(known), re.findall(r"[一-龥々]{4,}", sentence)
    else:
        parts = [_stems(part) for part in re.split(r"[,;:]\s|\b(?:and|but)\b", sentence)]
        present, nouns = _stems(known), []
    # A long noun such as 主演女優賞 holds more than one word; a part of a single word says too little.
    return any(len(part) > 1 and not part & present for part in parts) or any(
        not any(noun[at : at + 2] in known for at in range(len(noun) - 1)) for noun in nouns
    )


def _stems(text: str) -> set[str]:
    """Beginnings of the longer words, which the forms of a word mostly share."""
    words = re.findall(r"[^\W\d_]{3,}", text.lower())
    return {word[:4] for word in words if word not in _FUNCTION_WORDS}


def _share(wanted: Details, sentence: str, evidence: str, similarity: float) -> float:
    """Share of the new terms in the evidence; the similarity where words cannot be compared."""
    if not wanted.terms or not _comparable(sentence, evidence):
        return similarity
    return max(len(wanted.terms & set(terms(evidence))) / len(wanted.terms), similarity * _SUPPORTED_SHARE)


def _comparable(sentence: str, evidence: str) -> bool:
    """Whether words can be compared: Japanese text holds Latin names, which does not make it English."""
    scripts = script_of(sentence), script_of(evidence)
    same = bool(scripts[0] & scripts[1]) and ("cjk" in scripts[0]) == ("cjk" in scripts[1])
    return same and _german(sentence) == _german(evidence)


def _known(name: str, evidence: str, lowered: str, loose: bool) -> bool:
    """Whether the evidence has the name, without its first or last word where that may be a common noun."""
    words = name.split()
    forms = [name, *([" ".join(words[1:]), " ".join(words[:-1])] if loose and len(words) > 1 else [])]
    # A German genitive has no apostrophe: "Mercors".
    return any(
        _named(form, evidence, lowered) or loose and _named(form.removesuffix("s"), evidence, lowered)
        for form in forms
    )


def _named(name: str, evidence: str, lowered: str) -> bool:
    folded = name.lower().removesuffix("'s").removesuffix("’s")
    if folded in lowered or re.sub(r"[\s・]", "", folded) in re.sub(r"[\s・]", "", lowered):
        return True
    if foreign_form(name, evidence) or _borrowed(name, evidence):
        return True
    words = [word for word in re.split(r"[\s・]", name) if len(word) > 1 and not word.islower()]
    return len(words) > 1 and all(_named(word, evidence, lowered) for word in words)


def _borrowed(name: str, evidence: str) -> bool:
    """Whether a katakana word is one of the evidence's, capital or not: サービス is "service"."""
    if not re.fullmatch(r"[ァ-ヺー]+", name):
        return False
    words = set(re.findall(r"[a-zà-ÿ]{4,}", evidence.lower())) - _FUNCTION_WORDS - OPENERS
    return any(alike(name, word) >= ALIKE for word in words)


def _without(span: tuple[int, int], known: list[tuple[int, int]], text: str) -> list[tuple[int, int]]:
    """What is left of a run of capitals without its offices and units: "Mercor's CEO Foody" is two names."""
    start, end = span
    parts = []
    for left, right in [*known, (end, end)]:
        if start <= left <= end:
            parts.append((start, left))
        if left < end:
            start = max(start, right)
    trimmed = (_TRIM.fullmatch(text, *part) for part in parts if part[0] < part[1])
    return [match.span("name") for match in trimmed if match and match["name"]]


@lru_cache(maxsize=512)
def _german(text: str) -> bool:
    """Whether a text is German; of nothing but names that cannot be told."""
    return bool(re.search(r"(?<!\w)[a-zäöüß]{2,}", text)) and detect(text) == "de"


def _surely_name(span: tuple[int, int], text: str) -> tuple[int, int] | None:
    """The part of a run of German capitals that cannot be mere nouns, all of which have one; None if it can."""
    start, end = span
    before, first = text[:start].rstrip(), text[start:end].split()[0]
    opens = not before or before[-1] in ".!?:\n"
    if _ARTICLE.search(before) or (opens and _NO_NAME.fullmatch(first)):
        start = min(end, start + len(first) + 1)
    return (start, end) if re.search(r"\s[A-ZÀ-Þ]|^[A-Za-z]*[a-z][A-Z]", text[start:end]) else None


def _korean_people(text: str) -> list[str]:
    """Who stands before 씨 or, with two words, before an office; Korean marks no other name."""
    found = [match["name"] for match in _KOREAN_PERSON.finditer(text)]
    found += [
        match["name"] for role in roles(text) if (match := _KOREAN_FULL_NAME.search(text, 0, role.start))
    ]
    return found


_SMALL_COUNTS: dict[Decimal | int, str] = {
    1: "one|一|１|uno|una|ein|un|하나|한|첫|初|first", 2: "two|二|両|双|dos|zwei|deux|둘|두|both|second|twice",
    3: "three|三|tres|drei|trois|셋|세|third", 4: "four|四|cuatro|vier|quatre|넷|네|fourth",
    5: "five|五|cinco|fünf|cinq|다섯|fifth", 6: "six|六|seis|sechs|여섯|sixth", 7: "seven|七|siete|sieben|일곱",
    8: "eight|八|ocho|acht|여덟", 9: "nine|九|nueve|neun|아홉", 10: "ten|十|diez|zehn|열",
}  # fmt: skip


def _counted(figure: Figure, evidence: str) -> bool:
    """Whether a small count is written as a word; amounts and dates are not counts."""
    words = "" if figure.unit not in ("", "rank") else _SMALL_COUNTS.get(figure.value, "")
    return bool(words and re.search(rf"(?<![a-zñü])(?:{words})(?![a-zñü])", evidence))
