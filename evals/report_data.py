"""Runs go in, the JSON that the page's script shows comes out: every question and passage once; pure."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from evals.cases import name_of
from evals.cited import citations, passage
from evals.rows import Row, Run

__all__ = ["Labelled", "embedded"]

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Labelled:
    """A run and what it is called on the page."""

    label: str
    run: Run


def embedded(runs: Sequence[Labelled]) -> str:
    """JSON of every question with its answer from every run, which no HTML parser can mistake for markup."""
    text = json.dumps(_data(runs), ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


class _Passages:
    """Texts shown round citations, each kept once."""

    def __init__(self) -> None:
        self.shown: list[Json] = []
        self._numbers: dict[tuple[str, int, str], int] = {}

    def number(self, found: Mapping[str, Any]) -> int:
        """The place of a passage in ``shown``."""
        key = (found["source"], found["start"], found["text"])
        if key not in self._numbers:
            self._numbers[key] = len(self.shown)
            name = name_of(found["source"])
            title = found["title"] or name
            self.shown.append({"name": name, "title": title, "start": found["start"], "text": found["text"]})
        return self._numbers[key]


def _data(runs: Sequence[Labelled]) -> Json:
    passages = _Passages()
    questions: dict[tuple[str, str, str], Json] = {}
    for number, one in enumerate(runs):
        for row in one.run.rows:
            key = (one.run.suite, row.id, row.question)
            question = questions.setdefault(key, _question(one.run.suite, row))
            question["results"][number] = _result(row, passages.number)
    return {
        "runs": [{"label": one.label, "suite": one.run.suite, "system": one.run.system} for one in runs],
        "passages": passages.shown,
        "questions": list(questions.values()),
    }


def _question(suite: str, row: Row) -> Json:
    return {
        "suite": suite,
        "id": row.id,
        "lang": row.lang,
        "text": row.question,
        "history": row.history,
        "answerable": row.answerable,
        "gold": row.gold,
        "sources": row.gold_ids,
        "evidence": row.gold_spans,
        "results": {},
    }


def _result(row: Row, number: Callable[[Mapping[str, Any]], int]) -> Json:
    """One run's answer to one question."""
    answer = row.answer or _NOTHING
    timing = {
        "seconds": f"{row.seconds:.2f}",
        "seconds to the first word": f"{row.first_token:.2f}",
        "tokens": f"{row.tokens[0]} read, {row.tokens[1]} written",
    }
    return {
        "verdict": row.verdict,
        "error": row.error,
        "scores": row.scores,
        "seconds": row.seconds,
        "text": answer["text"],
        "answered": answer["answered"],
        "reason": answer["reason"],
        "lang": answer["receipt"].get("language", ""),
        "sentences": [_sentence(sentence) for sentence in answer["sentences"]],
        "citations": [
            {
                "marker": citation["marker"],
                "start": citation["start"],
                "end": citation["end"],
                "passage": number(passage(answer, citation)),
            }
            for citation in citations(answer)
        ],
        "hits": list(dict.fromkeys(number(hit["chunk"]) for hit in answer["hits"])),
        "receipt": timing | (_receipt(answer["receipt"]) if row.answer else {}),
    }


_NOTHING: Mapping[str, Any] = {
    "text": "", "answered": False, "reason": "", "sentences": [], "hits": [], "receipt": {},
}  # fmt: skip
"""In place of the answer where there was an error, or only retrieval."""


def _sentence(sentence: Mapping[str, Any]) -> Json:
    return {
        "text": sentence["text"],
        "state": sentence["state"],
        "reason": sentence["reason"],
        "markers": [citation["marker"] for citation in sentence["citations"]],
    }


def _receipt(receipt: Mapping[str, Any]) -> dict[str, str]:
    """What produced an answer, name to words; what is empty is left out."""
    stages = (f"{name} {value:.2f}" for name, value in receipt["seconds"].items())
    facts = {
        "seconds by stage": ", ".join(stages),
        "model": receipt["model"],
        "embedder": receipt["embedder"],
        "settings": receipt["settings"],
        "prompts": ", ".join(f"{name} {version}" for name, version in receipt["prompts"].items()),
        "searched for": receipt["query"],
        "checks": ", ".join(f"{name} {value:.3g}" for name, value in receipt["checks"].items()),
    }
    return {name: text for name, text in facts.items() if text}
