"""Question sets go in, sentences that do and do not state what is asked come out, as JSONL.

They are what the product reads: of each question the nearest sentences of its article, ranked by
`qa.passages.rank`. Most are of the invented articles beside this file, whose writers marked the sentences
that state it and asked as much that none states; the rest are of SQuAD 2.0, CLAP NQ, JaQuAD and XQuAD, where
a sentence that holds the answer states it; of the last two others of the same article's paragraphs are read
too, and half the time only those. Questions of the first two that `evals` is scored on are left out, the
first article, the sample, JSQuAD and NoMIRACL altogether, and of the suite `invented` come the pairs that
tell how well the learning went.

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
from qa.asked import asks_for
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
        """A suite's questions but the ``scored`` that ``--limit`` takes, and its passages by name."""
        suite = load_suite(name, Places(self._data))
        taken = {case.id for case in choose(suite.cases, scored)}
        cases = [case for case in suite.cases if case.id not in taken]
        random.Random(5).shuffle(cases)
        return cases, {passage.name: passage for passage in suite.passages}


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
        for passage in worth_reading(able):
            stated = _states(passage.candidate, case)
            if not stated and not others:
                continue
            others -= not stated
            values = {
                "title": subject(passage.candidate),
                "sentence": read([passage], detect(case.question)),
                "question": case.question,
            }
            row = {"set": name, "id": case.id, "messages": prompts.load("judge").messages(**values)}
            self._out.write(
                json.dumps(row | {"answer": "Yes" if stated else "No"}, ensure_ascii=False) + "\n"
            )


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
        _invented(write, [ARTICLES / genre for genre in given.genres])
        for make in (_squad, _clapnq, _jaquad, _xquad):
            make(sets, write)
            print(make.__name__[1:], flush=True)


def _invented(write: Writer, folders: Iterable[Path]) -> None:
    for suite in [load_suite(HELD_OUT), *map(invented, folders)]:
        passages = {passage.name: passage for passage in suite.passages}
        for case in suite.cases:
            write(suite.name, case, [passages[name] for name in case.among])
        print(suite.name, flush=True)


def _squad(sets: Sets, write: Writer) -> None:
    cases, passages = sets("squad2", scored=400)
    for case in [case for case in cases if case.answerable][:200]:
        write("squad2", case, [passages[name] for name in case.among])
    for case in [case for case in cases if not case.answerable][:200]:
        write("squad2-unanswerable", case, [passages[name] for name in case.among])


def _clapnq(sets: Sets, write: Writer) -> None:
    cases, passages = sets("clapnq", scored=200)
    for answerable, count in ((True, 50), (False, 20)):
        for case in [case for case in cases if case.answerable is answerable][:count]:
            given = [passages[name] for name in case.among]
            name = "clapnq" if answerable else "clapnq-unanswerable"
            write(name, case, [passage for passage in given if len(passage.text) < LONGEST])


def _jaquad(sets: Sets, write: Writer) -> None:
    cases, passages = sets("jaquad")
    for place, case in enumerate(cases[:200]):
        _beside("jaquad", write, case, passages, withheld=place % 2 == 1)


def _xquad(sets: Sets, write: Writer) -> None:
    """Across languages; without the articles that SQuAD 2.0's half shares, each question once."""
    shared = {passage.title for passage in sets("squad2")[1].values()}
    for number, languages in enumerate(ACROSS):
        cases, passages = sets(f"xquad-{languages}")
        own = [case for case in cases if passages[case.gold_ids[0]].title not in shared]
        own.sort(key=lambda case: case.id.partition(":")[2])
        for place, case in enumerate(own[number :: len(ACROSS)][:25]):
            _beside("xquad", write, case, passages, withheld=place % 2 == 1)


def _beside(name: str, write: Writer, case: Case, passages: Mapping[str, Passage], withheld: bool) -> None:
    """Of the paragraph that holds the answer and two more of its article, or of three that do not."""
    gold = passages[case.gold_ids[0]]
    others = [passage for passage in passages.values() if passage.title == gold.title and passage is not gold]
    if withheld:
        silent = [passage for passage in others if not contains(passage.text, case.gold)]
        write(f"{name}-withheld", replace(case, gold_ids=()), silent[:3])
    else:
        write(name, case, [gold, *others[:2]])


def _states(candidate: Candidate, case: Case) -> bool:
    """Whether a sentence is one that the set marks or, where it marks none, holds an answer."""
    if case.gold_spans:
        return gold_hit([(candidate.document_id, candidate.start, candidate.end)], case.gold_spans) > 0
    return candidate.document_id in case.gold_ids and bool(contains(candidate.text, case.gold))


def _sentences(passages: Iterable[Passage]) -> list[Candidate]:
    return [
        Candidate(
            document_id=passage.name,
            source=passage.name,
            title=passage.title.replace("_", " "),
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
