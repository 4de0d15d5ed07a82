"""Scores of citations on small answers, right and wrong ones."""

from __future__ import annotations

from dataclasses import replace

import pytest

from evals.metrics_citation import (
    cited_spans,
    coverage,
    gold_hit,
    gold_precision,
    gold_recall,
    lexical_support,
    numbers_carried,
    refusal_uncited,
    validity,
    verbatim,
)
from qa.data import Answer, Chunk, Citation, Hit, Receipt, Sentence

TEXT = "The city paid $2.4 million. Mara runs it."
FIRST, SECOND = (0, 27), (28, 41)
CHUNK = Chunk("d:0", "d", "ferry.txt", "", 0, 0, len(TEXT), "", "", "body", TEXT)


def citation(start: int, end: int, quote: str | None = None) -> Citation:
    text = TEXT[start:end] if quote is None else quote
    return Citation(1 + start, "d", "ferry.txt", "", start, end, text, 1.0)


def answer(*sentences: tuple[str, tuple[Citation, ...]], **changes: object) -> Answer:
    made = tuple(Sentence(text, "supported", "", cited) for text, cited in sentences)
    hits = (Hit(CHUNK, 1, 1.0, None, ()),)
    text = " ".join(text for text, _ in sentences)
    return replace(
        Answer("What did it cost?", text, made, True, "answered", None, hits, Receipt()),
        **changes,  # type: ignore[arg-type]
    )


PRICE = answer(("It cost 2,400,000 dollars.", (citation(*FIRST),)))


def test_a_citation_outside_of_what_was_found_is_invalid():
    assert validity(PRICE) == 1.0
    far = replace(PRICE, hits=(Hit(replace(CHUNK, start=500, end=600), 1, 1.0, None, ()),))
    assert validity(far) == 0.0
    assert validity(answer(("No idea.", ()))) is None


def test_one_changed_character_is_not_verbatim():
    assert verbatim(PRICE, {"d": TEXT}) == 1.0
    forged = answer(("It cost 24.", (citation(*FIRST, "The city paid $24 million."), citation(*SECOND))))
    assert verbatim(forged, {"d": TEXT}) == 0.5
    assert verbatim(PRICE, {}) == 0.0  # a document nobody has


def test_coverage_counts_sentences_and_leaves_refusals_out():
    assert coverage(answer(("It cost a lot.", ()), ("Mara runs it.", (citation(*SECOND),)))) == 0.5
    assert coverage(answer(("Hello!", ()), reason="small_talk")) is None
    assert coverage(answer(("It does not say.", ()), answered=False)) is None


def test_gold_scores():
    cited = cited_spans(PRICE, {"d": "ferry"})
    assert cited == [("ferry", 0, 27)]
    both = [*cited, ("ferry", 28, 41)]
    assert gold_hit(cited, [("ferry", 20, 30)]) == 1.0  # an overlap is enough
    assert gold_hit(cited, [("ferry", 27, 41)]) == 0.0  # ends are open: touching is not overlapping
    assert gold_hit(cited, [("other", 0, 27)]) == 0.0
    assert gold_precision(both, [("ferry", 0, 5)]) == 0.5
    assert gold_recall(cited, both) == 0.5
    assert gold_hit([], both) == 0.0 and gold_precision([], both) is None


@pytest.mark.parametrize(
    ("text", "carried"),
    [
        ("It cost 2,400,000 dollars.", 1.0),  # another notation
        ("It cost 240万ドル。", 1.0),
        ("It cost $24 million.", 0.0),
        ("It cost $2.4 million in 2019.", 0.0),  # one figure too many
        ("Mara runs it.", None),
    ],
)
def test_numbers(text, carried):
    assert numbers_carried(answer((text, (citation(*FIRST),)))) == carried


def test_numbers_without_a_citation_are_not_carried():
    assert numbers_carried(answer(("It cost $2.4 million.", ()))) == 0.0


def test_support_leaves_the_echoed_question_out():
    echo = answer(("What did it cost? The harbour.", (citation(*FIRST),)))
    assert lexical_support(echo) == pytest.approx(0.5)  # "the" is there, "harbour" is not
    across = answer(("市が支払った。", (citation(*FIRST),)))
    assert lexical_support(across) is None


def test_a_refusal_carries_no_citation():
    assert refusal_uncited(PRICE) is None
    assert refusal_uncited(answer(("It does not say.", ()), answered=False)) == 1.0
    assert refusal_uncited(answer(("It does not say.", (citation(*FIRST),)), answered=False)) == 0.0
