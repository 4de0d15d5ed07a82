"""Scores of an answer's citations: an `Answer` and its sources go in, numbers come out; pure.

ALCE (Gao et al. 2023) asks an entailment model whether what is cited carries the sentence. Here gold spans
take its place, and what ALCE leaves out is added: is the quotation verbatim, is the span the right one, does
a refusal cite. None means: does not apply to this answer.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from evals.rows import Span
from qa.data import Answer, Citation, Sentence
from qa.figures import figures, same
from qa.language import script_of
from qa.terms import terms

__all__ = ["cited_spans", "coverage", "gold_hit", "gold_precision", "gold_recall", "lexical_support",
           "numbers_carried", "refusal_uncited", "validity", "verbatim"]  # fmt: skip


def cited_spans(answer: Answer, names: Mapping[str, str]) -> list[Span]:
    """Every cited span, with the document's name in the suite."""
    return [(names.get(c.document_id, ""), c.start, c.end) for c in answer.citations]


def validity(answer: Answer) -> float | None:
    """Share of citations that lie in a passage that was found for this question."""
    return _share([_shown(citation, answer) for citation in answer.citations])


def verbatim(answer: Answer, texts: Mapping[str, str]) -> float | None:
    """Share of quotations that stand at their offsets in the source, character for character."""
    return _share([texts.get(c.document_id, "")[c.start : c.end] == c.quote for c in answer.citations])


def coverage(answer: Answer) -> float | None:
    """Share of the answer's sentences with a citation; None for refusals and small talk."""
    if not answer.answered or answer.reason == "small_talk":
        return None
    return _share([bool(sentence.citations) for sentence in answer.sentences])


def gold_hit(cited: Sequence[Span], gold: Sequence[Span]) -> float:
    """1 if any cited span overlaps a span that proves the answer."""
    return float(any(_overlaps(span, gold) for span in cited))


def gold_precision(cited: Sequence[Span], gold: Sequence[Span]) -> float | None:
    """Share of cited spans that overlap one that proves the answer."""
    return _share([_overlaps(span, gold) for span in cited])


def gold_recall(cited: Sequence[Span], gold: Sequence[Span]) -> float | None:
    """Share of the proving spans that are cited; only where all of them are needed (CLAP NQ)."""
    return _share([_overlaps(span, cited) for span in gold])


def numbers_carried(answer: Answer) -> float | None:
    """Share of sentences with figures whose figures all are in what they cite, whatever the notation.

    Figures are read by `qa.figures`, which the pipeline uses too: what it cannot read neither can see.
    """
    if not answer.answered:
        return None
    return _share([_carries_numbers(s) for s in answer.sentences if figures(s.text)])


def lexical_support(answer: Answer) -> float | None:
    """Mean share of a sentence's new terms that are in what it cites; None across scripts.

    The question's terms are left out: an echoed question proves nothing. AUC .98 on extractive answers, .72
    on headlines; blind to negation and to swapped roles.
    """
    asked = set(terms(answer.question))
    shares = [_support(sentence, asked) for sentence in answer.sentences if sentence.citations]
    known = [share for share in shares if share is not None]
    return sum(known) / len(known) if known else None


def refusal_uncited(answer: Answer) -> float | None:
    """1 if a refusal cites nothing; None for answers."""
    return None if answer.answered else float(not answer.citations)


def _shown(citation: Citation, answer: Answer) -> bool:
    return any(
        hit.chunk.document_id == citation.document_id
        and hit.chunk.start < citation.end
        and citation.start < hit.chunk.end
        for hit in answer.hits
    )


def _overlaps(span: Span, others: Collection[Span]) -> bool:
    name, start, end = span
    return any(name == other and start < right and left < end for other, left, right in others)


def _carries_numbers(sentence: Sentence) -> bool:
    cited = [figure for citation in sentence.citations for figure in figures(citation.quote)]
    return all(any(same(figure, other) for other in cited) for figure in figures(sentence.text))


def _support(sentence: Sentence, asked: set[str]) -> float | None:
    quotes = "\n".join(citation.quote for citation in sentence.citations)
    new = [term for term in terms(sentence.text) if term not in asked]
    if not new or not script_of(sentence.text) & script_of(quotes):
        return None
    held = set(terms(quotes))
    return sum(term in held for term in new) / len(new)


def _share(tests: Sequence[bool]) -> float | None:
    return sum(tests) / len(tests) if tests else None
