"""Does the evidence carry the sentence? Two texts go in, a verdict with its reason comes out; pure.

Exact checks on what small models get wrong and readers rely on: figures with their magnitude and unit, names
across scripts, negation; and how much of what the sentence says anew is in the evidence, where both share a
script. Lexical support is a fair gate for answers close to their source and cannot see swapped roles.
Knows no document, no model and no index.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from qa.data import State
from qa.figures import Figure, figures, same
from qa.language import script_of
from qa.names import foreign_form, foreign_runs, names
from qa.terms import terms

__all__ = ["Details", "Verdict", "carries_name", "check", "details", "missing", "names_in"]

_SUPPORTED_SHARE = 0.5
_PARTLY_SHARE = 0.25
_NEGATIONS = {
    "ja": r"ない|ません|なかっ|なく|(?<![せさわまか])ず(?=[、。にと]|$)|否定|拒否|未定|不明",
    "zh": r"不|没|未|无|否认|拒绝",
    "ko": r"않|없|아니|못하|부인|거부",
    "latin": r"\b(?:not|no|never|without|neither|nor|none|cannot|den(?:y|ies|ied)|refus\w+|reject\w+|nunca"
    r"|sin|negó|nicht|kein\w*|niemals|ohne|pas|jamais|sans)\b|n['’]t\b",
}


@dataclass(frozen=True, slots=True)
class Details:
    """What of a sentence can be checked exactly.

    Attributes:
        figures: numbers with unit, without small counts that languages also write as words.
        names: names in capitals, and katakana, hangul or Cyrillic runs.
        terms: words and character pairs that the question did not already have.
    """

    figures: tuple[Figure, ...]
    names: tuple[str, ...]
    terms: frozenset[str]


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
    """Names of a sentence: in capitals, and katakana, hangul or Cyrillic runs where it is written in them."""
    found = [sentence[start:end] for start, end in names(sentence)]
    if not found or "cjk" in script_of(sentence):
        found += [run for run in foreign_runs(sentence) if run not in found]
    return found


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
    )


def missing(wanted: Details, evidence: str) -> tuple[list[Figure], list[str]]:
    """Figures and names of ``wanted`` that ``evidence`` does not carry."""
    present = figures(evidence)
    lowered = evidence.lower()
    no_figures = [f for f in wanted.figures if not (any(same(f, p) for p in present) or _counted(f, lowered))]
    no_names = [name for name in wanted.names if not _named(name, evidence, lowered)]
    return no_figures, no_names


def check(sentence: str, question: str, evidence: str, similarity: float = 1.0) -> Verdict:
    """Judge one answer sentence against the text of its citations.

    Args:
        sentence: one sentence of an answer.
        question: what was asked; its own words need no evidence.
        evidence: the cited sentences, with the title and headings they stand under.
        similarity: 0 to 1, how near the two are in meaning, for texts that share no script.
    """
    wanted = details(sentence, question)
    no_figures, no_names = missing(wanted, evidence)
    share = _share(wanted, sentence, evidence, similarity)
    reasons = [f"{sentence[f.start : f.end].strip()} is not in the source" for f in no_figures]
    reasons += [f"{name} is not in the source" for name in no_names]
    if _contradicts(sentence, evidence):
        reasons.append("one says no and the other does not")
    checked = len(wanted.figures) + len(wanted.names)
    score = share * (1 - (len(no_figures) + len(no_names)) / checked if checked else 1.0)
    # A sentence whose figures are all missing states a figure that the source does not; names cannot save it.
    every_figure = bool(no_figures) and len(no_figures) == len(wanted.figures)
    if share < _PARTLY_SHARE or every_figure or (checked and len(no_figures) + len(no_names) == checked):
        return Verdict("unsupported", "; ".join(reasons) or "the source does not say this", score)
    if share < _SUPPORTED_SHARE:
        reasons.append("part of it is not in the source")
    return Verdict("partly" if reasons else "supported", "; ".join(reasons), score)


def _share(wanted: Details, sentence: str, evidence: str, similarity: float) -> float:
    """Share of the new terms in the evidence; the similarity where no script is shared."""
    shared = script_of(sentence) & script_of(evidence) and _same_language_family(sentence, evidence)
    if not wanted.terms or not shared:
        return similarity
    return max(len(wanted.terms & set(terms(evidence))) / len(wanted.terms), similarity * _SUPPORTED_SHARE)


def _same_language_family(sentence: str, evidence: str) -> bool:
    """Japanese text holds Latin names; that alone does not make it comparable with English."""
    return ("cjk" in script_of(sentence)) == ("cjk" in script_of(evidence))


def _named(name: str, evidence: str, lowered: str) -> bool:
    folded = name.lower().removesuffix("'s").removesuffix("’s")
    if folded in lowered or re.sub(r"[\s・]", "", folded) in re.sub(r"[\s・]", "", lowered):
        return True
    if foreign_form(name, evidence):
        return True
    written = [evidence[start:end] for start, end in names(evidence)]
    if any(foreign_form(candidate, name) for candidate in written):
        return True
    words = [word for word in re.split(r"[\s・]", name) if len(word) > 1 and not word.islower()]
    return len(words) > 1 and all(_named(word, evidence, lowered) for word in words)


_SMALL_COUNTS: dict[Decimal | int, str] = {
    1: "one|一|１|uno|una|ein|un|하나|한|첫|初|first", 2: "two|二|両|双|dos|zwei|deux|둘|두|both|second",
    3: "three|三|tres|drei|trois|셋|세|third", 4: "four|四|cuatro|vier|quatre|넷|네",
    5: "five|五|cinco|fünf|cinq|다섯", 6: "six|六|seis|sechs|여섯", 7: "seven|七|siete|sieben|일곱",
    8: "eight|八|ocho|acht|여덟", 9: "nine|九|nueve|neun|아홉", 10: "ten|十|diez|zehn|열",
}  # fmt: skip


def _counted(figure: Figure, evidence: str) -> bool:
    """Whether a small count is written as a word; amounts and dates are not counts."""
    words = "" if figure.unit else _SMALL_COUNTS.get(figure.value, "")
    return bool(words and re.search(rf"(?<![a-zñü])(?:{words})(?![a-zñü])", evidence))


def _negated(text: str) -> bool:
    scripts = script_of(text)
    kinds = ["latin"] if "cjk" not in scripts else []
    if "hangul" in scripts:
        kinds.append("ko")
    if "cjk" in scripts:
        kinds.append("ja" if re.search(r"[ぁ-ゖ]", text) else "zh")
    return any(re.search(_NEGATIONS[kind], text, re.IGNORECASE) for kind in kinds)


def _contradicts(sentence: str, evidence: str) -> bool:
    """Whether the answer says no where no evidence does, or the nearest clause says no and it does not."""
    said_no = _negated(sentence)
    if said_no or not _same_language_family(sentence, evidence):
        return said_no and not _negated(evidence)
    wanted = set(terms(sentence))
    clauses = [clause for clause in re.split(r"[、。，,;；\n]|(?<=[.!?])\s", evidence) if clause.strip()]
    nearest = max(clauses, key=lambda clause: len(wanted & set(terms(clause))), default="")
    return _negated(nearest)
