"""Hits go in, what the model reads and what may be cited come out; knows no model and no index.

A small model reads one right sentence well and whole articles badly (measured on the first article: see
evals/EXPERIMENTS.md). So the sentences of the best chunks are ranked against the question, and the best few
are judged one at a time. A long news sentence states several things, of which the question asks one: what
counts is its nearest clause, and the whole with the title, heading and sentence before it. A sentence that
begins with "He" or 同社 is read with the one before it. Furniture and sentences that give orders to the
reading machine are left out.
"""

from __future__ import annotations

import math
import re
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from qa.chunking import BYLINE_LABEL
from qa.cite import Candidate, lexical_share
from qa.clean import addresses_the_model, plain, visible
from qa.data import Chunk, Hit
from qa.figures import annotate
from qa.sentences import split_sentences, width
from qa.verify import carries_name, details, missing, names_in
from qa.wording import ended, leans

__all__ = ["Passage", "SentenceVectors", "rank", "read", "sentences_of", "subject"]

Vectors = npt.NDArray[np.float32]

_KEYWORD_WEIGHT = 0.2
"""How many cosine points it is worth to hold every term of the question."""
_NAME_WEIGHT = 0.05
"""The same for the names that the question writes in another script than the source."""
_CLAUSE_WIDTH = 24
"""Columns that a clause has at least: "However," says nothing alone."""
_SUBJECT = 40
"""Columns of a title that names its subject; with a headline before it the model refuses what is stated."""
_NEXT = 2
"""Most characters between two sentences that follow one another in a paragraph."""
_GAP = 200
"""Most characters between two that follow one another at all; more, and a passage between was not found."""


@dataclass(frozen=True, slots=True)
class Passage:
    """A source sentence that may answer, as the model reads it.

    Attributes:
        candidate: the sentence.
        before: the one before it, where it leans on that one ("He used to be ..."); None otherwise.
        score: nearness to the question; orders passages of one question only.
        absent: whether the question has a name or figure that neither it, the sentence before, nor its title
            has.
        stated: probability that it states what is asked; None where the model was not asked.
    """

    candidate: Candidate
    before: Candidate | None
    score: float
    absent: bool = False
    stated: float | None = None

    @property
    def parts(self) -> tuple[Candidate, ...]:
        """What is read and may be cited, in document order."""
        return (self.candidate,) if self.before is None else (self.before, self.candidate)

    @property
    def evidence(self) -> str:
        """Its text with the title and label it stands under."""
        return "\n".join([self.candidate.title, *(f"{part.label}\n{part.text}" for part in self.parts)])


class SentenceVectors:
    """Vectors of texts, kept for the next question about the same article; one per pipeline.

    Args:
        embed: texts to vectors, shape (n, dimensions).
        most: how many are kept.
        turn: held while embedding; a lock where two calls at once would only do the same work twice.
    """

    def __init__(
        self,
        embed: Callable[[Sequence[str]], Vectors],
        most: int = 20_000,
        turn: AbstractContextManager[object] = nullcontext(),  # noqa: B008 - has no state
    ) -> None:
        self._embed = embed
        self._most = most
        self._turn = turn
        self._kept: OrderedDict[str, Vectors] = OrderedDict()
        self._lock = threading.Lock()  # of what is kept; not held while embedding, as ``turn`` is

    def __call__(self, texts: Sequence[str]) -> Vectors:
        """Shape (len(texts), dimensions)."""
        with self._turn:
            with self._lock:
                known = {text: self._kept[text] for text in texts if text in self._kept}
            new = [text for text in dict.fromkeys(texts) if text not in known]
            if new:
                known |= dict(zip(new, self._embed(new), strict=True))
            with self._lock:
                self._kept.update(known)
                while len(self._kept) > self._most:
                    self._kept.popitem(last=False)
        return np.stack([known[text] for text in texts])

    def nearest(self, groups: Sequence[Sequence[str]], vector: Vectors) -> Vectors:
        """Cosine of ``vector`` and the nearest text of each group; shape (len(groups),), groups not empty."""
        similarity = self([visible(text) for group in groups for text in group]) @ vector
        starts = np.cumsum([0, *(len(group) for group in groups[:-1])])
        highest: Vectors = np.maximum.reduceat(similarity, starts)
        return highest


def sentences_of(hits: Sequence[Hit]) -> list[Candidate]:
    """Every sentence of the hits' chunks that may be shown, best document first, in document order."""
    rank = {document: at for at, document in enumerate(dict.fromkeys(hit.chunk.document_id for hit in hits))}
    chunks = sorted((hit.chunk for hit in hits), key=lambda c: (rank[c.document_id], c.ordinal))
    found = [candidate for chunk in chunks for candidate in _sentences(chunk)]
    return [c for c in found if plain(c.text).strip() and not addresses_the_model(c.text)]


def rank(
    candidates: Sequence[Candidate], question: str, vector: Vectors, vectors: SentenceVectors, most: int
) -> list[Passage]:
    """The ``most`` candidates that come nearest to the question, nearest first.

    Args:
        candidates: in document order.
        question: standalone.
        vector: its embedding, shape (dimensions,).
        vectors: embeds sentences.
        most: how many to keep.
    """
    if not candidates:
        return []
    clauses = [_clauses(candidate.text) for candidate in candidates]
    placed = [visible(_placed(candidates, index)) for index in range(len(candidates))]
    scores = (vectors.nearest(clauses, vector) + vectors(placed) @ vector) / 2
    scores = scores + _KEYWORD_WEIGHT * lexical_share(question, candidates)
    scores = scores + _NAME_WEIGHT * _foreign_names(question, candidates)
    asked = details(question, "")
    best = np.argsort(-scores, kind="stable")[:most]
    return [
        Passage(
            candidate=candidates[i],
            before=_antecedent(candidates, i),
            score=float(scores[i]),
            absent=any(missing(asked, _placed(candidates, i))),
        )
        for i in map(int, best)
    ]


def _antecedent(candidates: Sequence[Candidate], index: int) -> Candidate | None:
    """The candidate before, where this one cannot be understood without it."""
    this, before = candidates[index], _previous(candidates, index)
    if before is None or before.heading != this.heading or this.start - before.end > _NEXT:
        return None
    # What else stands about an author names her no more.
    told = before.label and this.label and ended(before.text.rstrip())
    return before if told or leans(this.text) else None


def _placed(candidates: Sequence[Candidate], index: int) -> str:
    """A candidate where it stands: with its title, heading and label and the sentence before."""
    this, before = candidates[index], _previous(candidates, index)
    return "\n".join([this.title, this.heading, before.text if before else "", this.label, this.text])


def _previous(candidates: Sequence[Candidate], index: int) -> Candidate | None:
    """The candidate before, in the same document and the same or the next passage."""
    before, this = candidates[index - 1] if index else None, candidates[index]
    together = before and before.document_id == this.document_id and this.start - before.end <= _GAP
    return before if together else None


def _clauses(sentence: str) -> list[str]:
    """Cut at commas; what would be too short to say anything stays with what follows, or with the last."""
    found: list[str] = []
    current = ""
    for part in re.split(r"(?<=[、，;；])|(?<=,)(?=\s)", sentence):
        current += part
        if width(current) >= _CLAUSE_WIDTH:
            found.append(current)
            current = ""
    if current and found:
        found[-1] += current
    return found or [sentence]


def _foreign_names(question: str, candidates: Sequence[Candidate]) -> npt.NDArray[np.float64]:
    """Share of the question's names that only another script's form of can match; rare ones count more.

    Keywords cannot see that "Mercor" is メルコール. Shape (len(candidates),), 0 to 1.
    """
    texts = [f"{candidate.label}\n{candidate.text}" for candidate in candidates]
    everything = "\n".join(texts).lower()
    share = np.zeros(len(candidates))
    total = 0.0
    for name in names_in(question):
        if name.lower() in everything:
            continue
        holds = np.array([carries_name(name, text) for text in texts])
        if holds.any():
            weight = math.log(1 + len(texts) / (1 + holds.sum()))
            share += weight * holds
            total += weight
    return share / total if total else share


def read(passages: Sequence[Passage], language: str) -> str:
    """Write the passages for a reader of ``language``: a line each, figures in the reader's words too."""
    return "\n".join(_line(passage, language) for passage in passages)


def subject(candidate: Candidate) -> str:
    """Its document's title where that names what the text is about; "" for a headline."""
    title = visible(candidate.title)
    return title if width(title) <= _SUBJECT else ""


def _line(passage: Passage, language: str) -> str:
    label = f"{passage.candidate.label}: " if passage.candidate.label else ""
    text = " ".join(" ".join(visible(candidate.text).split()) for candidate in passage.parts)
    return f"{label}{annotate(text, language)}"


def _sentences(chunk: Chunk) -> list[Candidate]:
    return [
        Candidate(
            document_id=chunk.document_id,
            source=chunk.source,
            title=chunk.title,
            heading=chunk.heading,
            start=chunk.start + start,
            end=chunk.start + end,
            text=chunk.text[start:end],
            label=BYLINE_LABEL if chunk.kind == "byline" else "",
        )
        for start, end in split_sentences(chunk.text)
    ]
