"""Question sets go in, sentences that do and do not state what is asked come out, as JSONL.

They are what the product reads: of each question the nearest sentences of its article, ranked by
`qa.passages.rank`. Half are of the invented articles beside this file, whose writers marked the sentences
that state it and asked as much that none states; the rest are of SQuAD 2.0, CLAP NQ, JSQuAD, JaQuAD and
XQuAD, where the nearest sentence that holds the answer states it; of the last three the other paragraphs of
the same article are read too, and half the time only those. Left out are the first article, the sample and
NoMIRACL, and every paragraph that one of the questions recorded in evals/README.md is about; of the suite
`invented` come the pairs that tell how well the learning went.

    python -m benchmarks.judge_pairs --data ../shared/bench --out pairs.jsonl
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TextIO

from evals.cases import Case, Passage, choose
from evals.metrics import contains
from evals.metrics_citation import gold_hit
from evals.suites import Places, invented, load_suite
from qa import prompts
from qa.asked import asks_for, question_proper
from qa.cite import Candidate
from qa.evidence import worth_reading
from qa.language import detect
from qa.models import open_embedder
from qa.passages import SentenceVectors, rank, read, subject
from qa.sentences import split_sentences
from qa.settings import load_settings

HELD_OUT = "invented"
"""The suite that is not learned from; its pairs tell how well that goes."""
ARTICLES = Path(__file__).parent / "articles"
ACROSS = ("en-zh", "zh-en", "de-en", "es-zh", "en-de", "en-es", "vi-en")
"""Languages of question and article."""
LONGEST = 4000
"""Characters of a CLAP NQ passage that is used."""


class Sets:
    """The public sets, each in a random order that stays.

    Args:
        data: their folder.
    """

    def __init__(self, data: Path) -> None:
        self._data = data

    def __call__(self, name: str, scored: int = 0) -> tuple[list[Case], dict[str, Passage]]:
        """A suite's questions and its passages by name.

        Args:
            name: of the suite.
            scored: no question about a passage of those that ``--limit`` takes.
        """
        suite = load_suite(name, Places(self._data))
        taken = self.asked_about(name, scored)
        cases = [case for case in suite.cases if taken.isdisjoint(_about(case))]
        random.Random(5).shuffle(cases)
        return cases, {passage.name: passage for passage in suite.passages}

    def asked_about(self, name: str, limit: int) -> set[str]:
        """The passages that the questions of a suite are about which ``--limit`` takes."""
        cases = choose(load_suite(name, Places(self._data)).cases, limit)
        return {about for case in cases for about in _about(case)}


class Writer:
    """Writes the pairs of one question after another.

    Args:
        out: gets a line each: ``set``, ``id``, ``messages`` and the ``answer``.
    """

    def __init__(self, out: TextIO) -> None:
        embedder = open_embedder(load_settings().embeddings)
        self._query = embedder.query
        self._vectors = SentenceVectors(embedder.documents, most=10**6)
        self._out = out

    def __call__(self, name: str, case: Case, passages: Sequence[Passage]) -> None:
        """Write the sentences that state it and the nearest that do not: two, or three where none does."""
        query = self._query(case.question)
        found = rank(_sentences(passages), case.question, query, self._vectors, 6)
        able = [passage for passage in found if not asks_for(case.question, passage.evidence)]
        others = 2 if any(passage.name in case.gold_ids for passage in passages) else 3
        near = worth_reading(able)
        for passage, stated in zip(near, _stated([passage.candidate for passage in near], case), strict=True):
            if stated is None or not stated and not others:
                continue
            others -= not stated
            values = {
                "title": subject(passage.candidate),
                "sentence": read([passage], detect(case.question)),
                "question": question_proper(case.question),
            }
            row = {"set": name, "id": case.id, "messages": prompts.load("judge").messages(**values)}
            self._out.write(
                json.dumps(row | {"answer": "Yes" if stated else "No"}, ensure_ascii=False) + "\n"
            )


def _stated(candidates: Sequence[Candidate], case: Case) -> list[bool | None]:
    """Whether sentences, nearest first, state what is asked; None where nobody knows.

    Where a set marks no sentences the nearest of the right passage that holds an answer states it, and of
    others that hold it nobody knows.
    """
    if case.gold_spans:
        return [gold_hit([(c.document_id, c.start, c.end)], case.gold_spans) > 0 for c in candidates]
    holding = [c for c in candidates if case.gold and contains(c.text, case.gold)]
    nearest = next((c for c in holding if c.document_id in case.gold_ids), None)
    return [True if c is nearest else None if c in holding else False for c in candidates]


def main() -> None:
    """Write the pairs of every set."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    genres = sorted(folder.name for folder in ARTICLES.iterdir())
    parser.add_argument("--genres", nargs="*", default=genres, help="of invented articles; default: all")
    given = parser.parse_args()
    sets = Sets(given.data)
    with given.out.open("w", encoding="utf-8") as out:
        write = Writer(out)
        for make in (_squad, _clapnq, _jsquad, _jaquad, _xquad):
            make(sets, write)
            print(make.__name__[1:], flush=True)
        _invented(write, [ARTICLES / genre for genre in given.genres])


def _invented(write: Writer, folders: Iterable[Path]) -> None:
    for suite in [load_suite(HELD_OUT), *map(invented, folders)]:
        passages = {passage.name: passage for passage in suite.passages}
        for case in suite.cases:
            write(suite.name, case, [passages[name] for name in case.among])
        print(suite.name, flush=True)


def _squad(sets: Sets, write: Writer) -> None:
    cases, passages = sets("squad2", scored=400)
    for case in cases:
        kind = "squad2" if case.answerable else "squad2-unanswerable"
        write(kind, case, [passages[name] for name in case.among])


def _clapnq(sets: Sets, write: Writer) -> None:
    cases, passages = sets("clapnq", scored=200)
    for case in cases:
        given = [passages[name] for name in case.among]
        kind = "clapnq" if case.answerable else "clapnq-unanswerable"
        write(kind, case, [passage for passage in given if len(passage.text) < LONGEST])


def _jsquad(sets: Sets, write: Writer) -> None:
    """Without what the suite `abstain` asks about either, which has the same paragraphs by the same names."""
    cases, passages = sets("jsquad", scored=300)
    taken = sets.asked_about("abstain", 400)
    _some("jsquad", write, [case for case in cases if taken.isdisjoint(_about(case))][:1500], passages)


def _jaquad(sets: Sets, write: Writer) -> None:
    """Of half the articles, as every sentence of an article is embedded."""
    cases, passages = sets("jaquad")
    titles = sorted({passage.title for passage in passages.values()})[::2]
    _some("jaquad", write, [c for c in cases if passages[c.gold_ids[0]].title in titles], passages)


def _xquad(sets: Sets, write: Writer) -> None:
    """Across languages; without the articles that SQuAD 2.0's half shares, each question once."""
    shared = {passage.title for passage in sets("squad2")[1].values()}
    for number, languages in enumerate(ACROSS):
        cases, passages = sets(f"xquad-{languages}")
        own = [case for case in cases if _spaced(passages[case.gold_ids[0]].title) not in shared]
        own.sort(key=lambda case: case.id.partition(":")[2])
        _some("xquad", write, own[number :: len(ACROSS)], passages)


def _some(name: str, write: Writer, cases: Sequence[Case], passages: Mapping[str, Passage]) -> None:
    """Of an article's paragraphs, for every other question without the one that holds the answer."""
    articles: dict[str, list[Passage]] = {}
    for passage in passages.values():
        articles.setdefault(passage.title, []).append(passage)
    for place, case in enumerate(cases):
        article = articles[passages[case.gold_ids[0]].title]
        if place % 2:
            silent = [passage for passage in article if not contains(passage.text, case.gold)]
            write(f"{name}-withheld", replace(case, gold_ids=(), gold=()), silent)
        else:
            write(name, case, article)


def _about(case: Case) -> set[str]:
    """The passages that a question was asked about; one withheld is told by the question's name."""
    return {*case.among, *case.gold_ids} or {case.id.rpartition("q")[0]}


def _spaced(title: str) -> str:
    """As it is written; one set has it as in an address."""
    return title.replace("_", " ")


def _sentences(passages: Iterable[Passage]) -> list[Candidate]:
    return [
        Candidate(
            document_id=passage.name,
            source=passage.name,
            title=_spaced(passage.title),
            heading="",
            start=start,
            end=end,
            text=passage.text[start:end],
        )
        for passage in passages
        for start, end in split_sentences(passage.text)
    ]


if __name__ == "__main__":
    main()
