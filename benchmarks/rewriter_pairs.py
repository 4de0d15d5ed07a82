"""Written examples go in, prompts with the answers wanted come out, as `benchmarks.adapter_train` takes them.

``follow_ups.jsonl`` has conversations with their last question made to stand alone, ``translations.jsonl``
sentences of the invented articles in other languages; both were written for this. One in sixteen is held out.

    python -m benchmarks.rewriter_pairs --out pairs.jsonl
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from qa import prompts
from qa.translate import prepared
from qa.wording import language_name

HERE = Path(__file__).parent
TRANSLATE = (
    ("system", "Translate the sentence of a news article. Reply with the translation only."),
    ("user", "Translate into {language}:\n\n{sentence}"),
)
"""Short, as examples are not needed by what has learned; see evals/EXPERIMENTS.md for why it is not used."""
NAMED = 0.4
"""Share of sentences whose names are given as the translation has them, as a question's would be."""
HELD_OUT = 1 / 16


def main() -> None:
    """Write the pairs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    order = random.Random(3)
    with given.out.open("w", encoding="utf-8") as out:
        for name, messages, answer in [*_follow_ups(), *_translations(order)]:
            held = "-held" if order.random() < HELD_OUT else ""
            row = {"set": f"{name}{held}", "messages": messages, "answer": answer}
            out.write(json.dumps(row, ensure_ascii=False) + "\n")


def _follow_ups() -> Iterator[tuple[str, Any, str]]:
    for row in _rows("follow_ups"):
        talk = "\n".join(f"Q: {asked}\nA: {answered}" for asked, answered in row["history"])
        messages = prompts.load("condense").messages(
            history=talk, question=row["question"], language=language_name(row["language"])
        )
        yield "condense", messages, row["standalone"]


def _translations(order: random.Random) -> Iterator[tuple[str, Any, str]]:
    for row in _rows("translations"):
        names = row["translation"] if order.random() < NAMED else ""
        sentence = prepared(row["sentence"], names, row["language"])
        language = language_name(row["language"])
        messages = [(role, text.format(language=language, sentence=sentence)) for role, text in TRANSLATE]
        yield "translate", messages, row["translation"]


def _rows(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (HERE / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()]


if __name__ == "__main__":
    main()
