"""Which source sentences carry an answer sentence? Texts go in, chosen candidates come out; pure.

The model is never asked for a quotation: whatever it wrote, the sentences of the passages it was shown are
scored against it, and the best that carry its figures and names are cited. This works with a model that
cannot follow a citation format, and a quotation cannot be invented. Knows no model and no index.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from qa.language import script_of
from qa.terms import terms
from qa.verify import Details, Verdict, carries_name, check, details, missing, names_in

__all__ = ["Candidate", "Proof", "lexical_share", "prove"]

_MOST_CITATIONS = 3
_NEAR = 0.6
"""Cosine of a sentence and its translation, about; e5's with the language's mean taken away."""
_LEXICAL, _EXACT, _DENSE = 0.45, 0.35, 0.2
_DENSE_ACROSS = 0.65
"""Weight of the dense score where question and source share no script: words cannot match there."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A source sentence that was shown to the model.

    Attributes:
        document_id, source, title: of its document.
        heading: what it stands under.
        label: what it is, where it does not say so itself: "Author (著者・筆者)" before a byline.
        start, end: offsets into the document's text.
        text: the document's text there.
    """

    document_id: str
    source: str
    title: str
    heading: str
    start: int
    end: int
    text: str
    label: str = ""


@dataclass(frozen=True, slots=True)
class Proof:
    """The candidates that carry a sentence, best first, each with its score from 0 to 1, and the verdict."""

    chosen: tuple[tuple[Candidate, float], ...]
    verdict: Verdict


def prove(
    sentence: str, question: str, candidates: Sequence[Candidate], similarity: npt.NDArray[np.float32]
) -> Proof:
    """Choose the evidence of one answer sentence and check it.

    Args:
        sentence: one sentence of the answer.
        question: the standalone question.
        candidates: source sentences, any order.
        similarity: shape (len(candidates),), cosine of sentence and candidate.
    """
    if not candidates:
        return Proof((), Verdict("unsupported", "no passage was found", 0.0))
    wanted = details(sentence, question)
    scores = _scores(sentence, question, wanted, candidates, similarity)
    order = [int(index) for index in np.argsort(-scores, kind="stable")]
    chosen = [order[0]]
    for index in order[1 : 4 * _MOST_CITATIONS]:
        if len(chosen) < _MOST_CITATIONS and _adds(wanted, candidates, chosen, index):
            chosen.append(index)
    nearness = float(np.clip(similarity[chosen[0]] / _NEAR, 0.0, 1.0))
    verdict = check(sentence, question, _evidence(candidates, chosen), nearness)
    if verdict.state == "supported" and (apart := _apart(sentence, question, wanted, candidates, chosen)):
        verdict = replace(verdict, state="partly", reason=apart)
    return Proof(tuple((candidates[index], float(scores[index])) for index in chosen), verdict)


def _evidence(candidates: Sequence[Candidate], chosen: Sequence[int]) -> str:
    parts = [part for index in chosen for part in (candidates[index].title, candidates[index].heading)]
    parts += [f"{candidates[index].label}\n{candidates[index].text}" for index in chosen]
    return "\n".join(dict.fromkeys(parts))


def _apart(
    sentence: str, question: str, wanted: Details, candidates: Sequence[Candidate], chosen: Sequence[int]
) -> str:
    """A new name and a name of the question that no cited sentence holds together; "" if there is none.

    "A is headed by B" may be made of two sentences that are both in the source and say nothing of the kind.
    """
    asked = [name for name in names_in(question) if name.lower() in sentence.lower()]
    for new in wanted.names:
        carriers = [index for index in chosen if carries_name(new, candidates[index].text)]
        for old in asked:
            if carriers and not any(carries_name(old, _evidence(candidates, [index])) for index in carriers):
                return f"{new} and {old} are not in one sentence of the source"
    return ""


def _adds(wanted: Details, candidates: Sequence[Candidate], chosen: Sequence[int], index: int) -> bool:
    """Whether one more candidate carries a figure or name that the chosen ones do not."""
    before = missing(wanted, _evidence(candidates, chosen))
    if not any(before):
        return False
    after = missing(wanted, _evidence(candidates, [*chosen, index]))
    return sum(len(part) for part in after) < sum(len(part) for part in before)


def _scores(
    sentence: str,
    question: str,
    wanted: Details,
    candidates: Sequence[Candidate],
    similarity: npt.NDArray[np.float32],
) -> npt.NDArray[np.float64]:
    """Shape (len(candidates),), 0 to 1: lexical, exact and dense support mixed."""
    spread = float(np.ptp(similarity)) or 1.0
    dense = (similarity - float(similarity.min())) / spread
    lexical = lexical_share(sentence, candidates, echoed=question)
    exact = np.array([_exact(wanted, candidate.text) for candidate in candidates])
    across = any("cjk" in script_of(c.text) for c in candidates) != ("cjk" in script_of(sentence))
    weight = _DENSE_ACROSS if across else _DENSE
    rest = 1.0 - weight
    share = _LEXICAL / (_LEXICAL + _EXACT)
    mixed: npt.NDArray[np.float64] = weight * dense + rest * (share * lexical + (1 - share) * exact)
    return mixed


def lexical_share(text: str, candidates: Sequence[Candidate], echoed: str = "") -> npt.NDArray[np.float64]:
    """Share of the terms of ``text`` in each candidate, rare ones counting more.

    Args:
        text: a question, or a sentence of an answer.
        candidates: source sentences.
        echoed: a text whose terms count less, such as the question that an answer repeats.

    Returns:
        Shape (len(candidates),), 0 to 1.
    """
    bags = [set(terms(f"{candidate.label}\n{candidate.text}")) for candidate in candidates]
    asked = set(terms(echoed))
    weights = {
        term: math.log(1 + len(bags) / (1 + sum(term in bag for bag in bags)))
        * (0.3 if term in asked else 1.0)
        for term in set(terms(text))
    }
    total = sum(weights.values()) or 1.0
    return np.array([sum(weight for term, weight in weights.items() if term in bag) / total for bag in bags])


def _exact(wanted: Details, text: str) -> float:
    """Share of the sentence's figures and names in one candidate; 0.5 where it has none."""
    checked = len(wanted.figures) + len(wanted.names)
    if not checked:
        return 0.5
    return 1.0 - sum(len(part) for part in missing(wanted, text)) / checked
