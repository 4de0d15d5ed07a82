"""An article and questions go in, seconds to the first word and to the whole answer come out.

Cold is the first question of a new assistant on a library that is there: model and embedder are started for
it. Warm are the ones after it, about the same article; asked again, its sentences are in the model's cache
and translations are kept. Ratios within one run are what compares machines.

    python -m benchmarks.answer_times                       # the bundled sample, its own questions
    python -m benchmarks.answer_times --document FILE --question "..." --question "..."
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from evals.suites import load_suite
from qa import Assistant

COUNT = 12
Times = tuple[float, float]
"""Seconds to the first word and to the whole answer."""


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--document", action="append", default=[])
    parser.add_argument("--question", action="append", default=[])
    given = parser.parse_args()
    if bool(given.document) != bool(given.question) or len(given.question) == 1:
        parser.error("give both a document and at least two questions about it, or neither")
    suite = load_suite("sample", limit=COUNT)
    questions = given.question or [case.question for case in suite.cases]
    with TemporaryDirectory() as home:
        with Assistant(home=Path(home)) as assistant:
            for document in given.document or suite.targets:
                assistant.add(document)
        with Assistant(home=Path(home)) as assistant:
            first, *others = (_asked(assistant, question) for question in questions)
            again = [_asked(assistant, question) for question in questions]
    print("| | questions | seconds to the first word, median | to the whole answer, median | beside warm |")
    print("|---|---|---|---|---|")
    warm = median(whole for _, whole in others)
    for name, times in (("cold", [first]), ("warm", others), ("asked again", again)):
        _print(name, times, warm)


def _asked(assistant: Assistant, question: str) -> Times:
    begun = time.monotonic()
    first = None
    for _ in assistant.stream(question):
        first = first or time.monotonic() - begun
    return first or 0.0, time.monotonic() - begun


def _print(name: str, times: Sequence[Times], warm: float) -> None:
    first, whole = (median(column) for column in zip(*times, strict=True))
    print(f"| {name} | {len(times)} | {first:.1f} | {whole:.1f} | {whole / warm:.1f} |")


if __name__ == "__main__":
    main()
