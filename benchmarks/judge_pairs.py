"""Public question sets go in, sentences that do and do not state what is asked come out, as JSONL.

They are what the product reads: of each question the nearest sentences of its article, ranked by
`qa.passages.rank`. A sentence that holds the answer states it; the others do not, and none does where the
paragraph with the answer is withheld or the set's own people say so. Questions of SQuAD 2.0 and CLAP NQ that
`evals` is scored on are left out, and the first article, the sample, JSQuAD and NoMIRACL altogether.

    python -m benchmarks.judge_pairs --data ../shared/bench --out pairs.jsonl
"""

from __future__ import annotations

import argparse
import json
import random
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, TextIO

from evals.suites import Places, load_suite
from qa.asked import asks_for
from qa.cite import Candidate
from qa.evidence import worth_reading
from qa.language import detect
from qa.models import open_embedder
from qa.passages import SentenceVectors, rank, read
from qa.sentences import split_sentences
from qa.settings import load_settings

Row = dict[str, Any]

ACROSS = [("en", "zh")] * 4 + [("zh", "en")] * 3
ACROSS += [("de", "en"), ("es", "en"), ("de", "zh"), ("es", "zh"), ("en", "es"), ("en", "de"), ("vi", "en")]
ACROSS += [("en", "zh")]
"""Languages of question and article, as often as each is taken."""
LONGEST = 4000
"""Characters of a CLAP NQ passage that is used."""


class Writer:
    """Writes the pairs of one question after another.

    Args:
        out: gets a line each: ``set``, ``id``, ``title``, ``sentence``, ``question``, ``stated``.
    """

    def __init__(self, out: TextIO) -> None:
        embedder = open_embedder(load_settings().embeddings)
        self._query = embedder.query
        self._vectors = SentenceVectors(embedder.documents, most=10**6)
        self._out = out

    def __call__(
        self, name: str, row: Row, documents: Sequence[Row], states: Callable[[Candidate], bool] | None
    ) -> None:
        """Write the sentences that are read; ``states`` is None where no document holds the answer."""
        question = row["question"]
        found = rank(_sentences(documents), question, self._query(question), self._vectors, 6)
        able = [passage for passage in found if not asks_for(question, passage.evidence)]
        for place, passage in enumerate(worth_reading(able)):
            stated = states is not None and states(passage.candidate)
            if place >= (2 if states is None else 3) and not stated:
                continue
            values = {
                "set": name,
                "id": row["id"],
                "title": passage.candidate.title,
                "sentence": read([passage], detect(question)),
                "question": question,
                "stated": stated,
            }
            self._out.write(json.dumps(values, ensure_ascii=False) + "\n")


def main() -> None:
    """Write the pairs of every set."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    choose = random.Random(5)
    with given.out.open("w", encoding="utf-8") as out:
        write = Writer(out)
        for make in (_jaquad, _squad, _xquad, _clapnq):
            make(given.data, choose, write)
            print(make.__name__[1:], flush=True)


def _jaquad(data: Path, choose: random.Random, write: Writer) -> None:
    corpus, questions = _read(data / "jaquad_dev")
    choose.shuffle(questions)
    for row in questions[:260]:
        gold = corpus[row["gold_ids"][0]]
        write("jaquad", row, [gold, *_beside(corpus, gold, choose, 2)], _in(gold, row["answers"]))
    for row in questions[260:420]:
        withheld = corpus[row["gold_ids"][0]]
        write("jaquad-withheld", row, _silent(_beside(corpus, withheld, choose, 3), row["answers"]), None)


def _squad(data: Path, choose: random.Random, write: Writer) -> None:
    corpus, questions = _read(data / "squad2_halfdev")
    scored = _scored(data, "squad2", 400) | _scored(data, "squad2-pooled", 400)
    questions = [row for row in questions if row["id"] not in scored]
    choose.shuffle(questions)
    for row in [row for row in questions if row["answerable"]][:260]:
        paragraph = corpus[row["source_id"]]
        write("squad2", row, [paragraph], _in(paragraph, row["answers"]))
    for row in [row for row in questions if not row["answerable"]][:300]:
        write("squad2-unanswerable", row, [corpus[row["source_id"]]], None)


def _xquad(data: Path, choose: random.Random, write: Writer) -> None:
    """Across languages; without the articles that SQuAD 2.0's half shares."""
    corpus, questions = _read(data / "xquad")
    shared = {row["title"] for row in _read(data / "squad2_halfdev")[0].values()}
    parallel: dict[str, dict[str, Row]] = defaultdict(dict)
    for row in questions:
        parallel[row["parallel_id"]][row["lang"]] = row
    ids = [
        key
        for key, rows in parallel.items()
        if corpus[rows["en"]["gold_ids"][0]]["title"].replace("_", " ") not in shared
    ]
    choose.shuffle(ids)
    for place, key in enumerate(ids[:460]):
        asked, told = ACROSS[(place if place < 300 else place - 300) % len(ACROSS)]
        row, same = parallel[key][asked], parallel[key][told]
        gold = corpus[same["gold_ids"][0]]
        if place < 300:
            documents = [gold, *_beside(corpus, gold, choose, 2)]
            write("xquad", row, documents, _in(gold, same["answers"]))
        else:
            write("xquad-withheld", row, _silent(_beside(corpus, gold, choose, 3), same["answers"]), None)


def _clapnq(data: Path, choose: random.Random, write: Writer) -> None:
    corpus, questions = _read(data / "clapnq_dev")
    scored = _scored(data, "clapnq", 200)
    questions = [row for row in questions if row["id"] not in scored]
    choose.shuffle(questions)

    def passages(row: Row) -> list[Row]:
        return [corpus[key] for key in row["candidate_ids"] if len(corpus[key]["text"]) < LONGEST]

    for row in [row for row in questions if row["answerable"]][:110]:
        marked = [_plain(sentence) for sentence in row["evidence_sentences"]]
        write("clapnq", row, passages(row), lambda candidate, marked=marked: _overlaps(candidate, marked))
    for row in [row for row in questions if not row["answerable"]][:100]:
        write("clapnq-unanswerable", row, passages(row), None)


def _in(document: Row, answers: Iterable[str]) -> Callable[[Candidate], bool]:
    """Whether a sentence is of the document and holds an answer."""
    wanted = [_plain(answer) for answer in answers]
    return lambda candidate: (
        candidate.document_id == document["id"] and any(answer in _plain(candidate.text) for answer in wanted)
    )


def _overlaps(candidate: Candidate, marked: Sequence[str]) -> bool:
    text = _plain(candidate.text)
    return any(text in sentence or sentence in text for sentence in marked)


def _silent(documents: Iterable[Row], answers: Sequence[str]) -> list[Row]:
    """Those that hold no answer either."""
    wanted = [_plain(answer) for answer in answers]
    return [row for row in documents if not any(answer in _plain(row["text"]) for answer in wanted)]


def _beside(corpus: dict[str, Row], document: Row, choose: random.Random, most: int) -> list[Row]:
    """Other paragraphs of the same article, in the same language."""

    def article(row: Row) -> tuple[str, str | None]:
        return row["title"], row.get("lang")

    beside = [row for row in corpus.values() if article(row) == article(document) and row is not document]
    choose.shuffle(beside)
    return beside[:most]


def _sentences(documents: Iterable[Row]) -> list[Candidate]:
    return [
        Candidate(
            document_id=row["id"],
            source=row["id"],
            title=row.get("title", "").replace("_", " "),
            heading="",
            start=start,
            end=end,
            text=row["text"][start:end],
        )
        for row in documents
        for start, end in split_sentences(row["text"])
    ]


def _scored(data: Path, suite: str, most: int) -> set[str]:
    return {case.id for case in load_suite(suite, Places(data), limit=most).cases}


def _plain(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).lower().split())


def _read(folder: Path) -> tuple[dict[str, Row], list[Row]]:
    return {row["id"]: row for row in _rows(folder / "corpus.jsonl")}, [*_rows(folder / "questions.jsonl")]


def _rows(path: Path) -> Iterator[Row]:
    for line in path.read_text(encoding="utf-8").splitlines():
        yield json.loads(line)


if __name__ == "__main__":
    main()
