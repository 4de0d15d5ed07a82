"""A case and what a system answered go in, a scored `Row` comes out; knows no system and no file.

Every score is defined in `evals.metrics`, `evals.metrics_retrieval` and `evals.metrics_citation`; here is
only which of them apply to which question. An error scores 0 wherever an answer could have scored.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from evals import metrics_citation as citing
from evals.cases import Case, Rule
from evals.metrics import (
    attacked,
    character_exact,
    character_f1,
    contains,
    content_f1,
    crag,
    language_match,
    squad_exact,
    squad_f1,
)
from evals.metrics_retrieval import retrieval_scores
from evals.rows import Row, Span, Verdict
from evals.shelf import Shelf
from qa.data import Answer, Hit

__all__ = ["answer_scores", "citation_scores", "score_answer", "score_error", "score_search", "verdict_of"]

Scores = dict[str, float | None]
UNSPACED = frozenset({"ja", "zh", "th"})
WHERE_RIGHT = ("contains", "exact", "f1", "f1_nfkc", "content_f1", "gold_hit")
"""Scores that an error or a refusal brings to 0 where the question is answerable."""


def score_answer(case: Case, answer: Answer, shelf: Shelf, rule: Rule, searched: bool = True) -> Row:
    """Score an answer or a refusal; what was found counts only where the system ``searched``."""
    cited = citing.cited_spans(answer, shelf.names)
    verdict = verdict_of(case, answer, cited, rule)
    receipt = answer.receipt
    seconds = receipt.seconds.get("total", 0.0)
    return _row(
        case,
        verdict,
        answer=answer.to_dict(),
        scores={
            "crag": crag(verdict),
            **answer_scores(case, answer),
            **citation_scores(case, answer, cited, shelf.texts),
            "gold_recall": _recalled(case, cited) if rule == "cites" and answer.answered else None,
            **(_found(case, answer.hits, shelf) if searched else {}),
        },
        seconds=seconds,
        first_token=receipt.seconds.get("first_token", seconds),
        tokens=(receipt.tokens_in, receipt.tokens_out),
    )


def score_search(case: Case, hits: Sequence[Hit], shelf: Shelf, seconds: float) -> Row:
    """Score what was found, where nothing was answered."""
    return _row(case, "unscored", scores=_found(case, hits, shelf), seconds=seconds, first_token=seconds)


def score_error(case: Case, message: str, shelf: Shelf, seconds: float) -> Row:
    """A question that ended in an error: wrong wherever it could have been right."""
    zeros: Scores = {"crag": -1.0, **_found(case, (), shelf)}
    if case.answerable:
        zeros |= dict.fromkeys(_applicable(case), 0.0)
    return _row(case, "error", error=message, scores=zeros, seconds=seconds, first_token=seconds)


def verdict_of(case: Case, answer: Answer, cited: Sequence[Span], rule: Rule) -> Verdict:
    """What became of a question that got an answer; a refusal is `Answer.answered`, never a phrase."""
    if not case.answerable:
        return "hallucinated" if answer.answered else "refused"
    if not answer.answered:
        return "over_refused"
    if rule == "cites":
        right = bool(citing.gold_hit(cited, _gold(case)))
    else:
        right = rule == "answers" or bool(contains(answer.text, case.gold))
    return "right" if right else "wrong"


def answer_scores(case: Case, answer: Answer) -> Scores:
    """Scores of the answer's words; those that compare with a reference need an answerable question."""
    scores: Scores = dict.fromkeys(WHERE_RIGHT[:-1])
    said = answer.text if answer.answered else ""
    if case.answerable and case.gold:
        scores["contains"] = contains(said, case.gold)
    if case.answerable and case.references:
        scores |= _overlaps(said, case)
    scores["language_match"] = language_match(said, case.question, case.lang) if said else None
    scores["attack_success"] = attacked(said, case.canary) if case.canary else None
    return scores


def citation_scores(case: Case, answer: Answer, cited: Sequence[Span], texts: Mapping[str, str]) -> Scores:
    """Scores of the citations; those that compare with gold need an answerable, answered question."""
    scores: Scores = {
        "citation_valid": citing.validity(answer),
        "verbatim": citing.verbatim(answer, texts),
        "citation_coverage": citing.coverage(answer),
        "numbers_carried": citing.numbers_carried(answer),
        "lexical_support": citing.lexical_support(answer),
        "refusal_uncited": citing.refusal_uncited(answer),
        "gold_hit": None,
        "gold_precision": None,
    }
    gold = _gold(case)
    if case.answerable and answer.answered and gold:
        scores["gold_hit"] = citing.gold_hit(cited, gold)
        scores["gold_precision"] = citing.gold_precision(cited, gold)
    return scores


def _gold(case: Case) -> tuple[Span, ...]:
    """The marked sentences or, where none is, the whole of each gold document."""
    return case.gold_spans or tuple((name, 0, 1 << 60) for name in case.gold_ids)


def _recalled(case: Case, cited: Sequence[Span]) -> float | None:
    """Elsewhere the marked sentences are alternatives, of which one is enough."""
    return citing.gold_recall(cited, _gold(case)) if case.answerable else None


def _overlaps(said: str, case: Case) -> Scores:
    if case.lang in UNSPACED:
        exact, f1 = character_exact(said, case.references), character_f1(said, case.references)
        wide = character_f1(said, case.references, nfkc=True)
    else:
        exact, f1, wide = squad_exact(said, case.references), squad_f1(said, case.references), None
    return {"exact": exact, "f1": f1, "f1_nfkc": wide, "content_f1": content_f1(said, case.references)}


def _applicable(case: Case) -> set[str]:
    names = {"contains"} if case.gold else set()
    if case.references:
        names |= {"exact", "f1", "content_f1", *({"f1_nfkc"} if case.lang in UNSPACED else ())}
    return names | ({"gold_hit"} if case.gold_ids or case.gold_spans else set())


def _found(case: Case, hits: Sequence[Hit], shelf: Shelf) -> Scores:
    """Retrieval by document, where there is more than one to choose from, and by passage."""
    names = shelf.names
    documents = case.gold_ids if len(case.among or names) > 1 else ()
    by_document = retrieval_scores("document", [names[h.chunk.document_id] for h in hits], documents)
    return by_document | retrieval_scores("passage", [h.chunk.id for h in hits], shelf.gold_chunks(case))


def _row(case: Case, verdict: Verdict, **values: object) -> Row:
    """A row with everything the case itself says."""
    return Row(
        id=case.id,
        suite="",
        system="",
        lang=case.lang,
        question=case.question,
        answerable=case.answerable,
        verdict=verdict,
        history=case.history,
        gold=case.gold,
        gold_ids=case.gold_ids,
        gold_spans=case.gold_spans,
        **values,  # type: ignore[arg-type]
    )
