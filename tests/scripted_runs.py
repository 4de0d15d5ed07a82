"""Runs made by hand, with answers as the assistant gives them; for what reads runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from evals.metrics import crag
from evals.rows import Row, Run, Verdict
from evals.summary import summarise
from qa.data import Answer, Chunk, Citation, Hit, Receipt, Sentence, State

TEXT = "Night trains 🚆 run again. The line opened in 1998. Seats cost 40 euros."
SOURCE = "/library/trains.md"


def chunk(text: str = TEXT, ordinal: int = 0, start: int = 100) -> Chunk:
    end = start + len(text)
    return Chunk(f"d1:{ordinal}", "d1", SOURCE, "Trains", ordinal, start, end, "", "", "body", text)


def citation(quote: str, marker: int = 1, within: Chunk | None = None) -> Citation:
    place = within or chunk()
    start = place.start + place.text.index(quote)
    return Citation(marker, "d1", SOURCE, "Trains", start, start + len(quote), quote, 0.9)


def answer(
    question: str,
    text: str,
    quote: str = "",
    answered: bool = True,
    state: State = "supported",
    **receipt: Any,
) -> Answer:
    """One sentence, with one citation where a quote is given."""
    cited = (citation(quote),) if quote else ()
    reason = "" if state == "supported" else "1999 is not in the source"
    hits = (
        Hit(chunk(), 1, 0.8, 0.7, ("dense", "keyword")),
        Hit(chunk("An other text.", 1, 400), 2, 0.3, None, ("keyword",)),
    )
    stamp = replace(
        Receipt("model-1", "embedder-1", {"read": "12345678"}, "abcdef01", question, "en", 20, 7), **receipt
    )
    return Answer(
        question,
        text,
        (Sentence(text, state, reason, cited),),
        answered,
        "answered" if answered else "not_stated",
        None,
        hits,
        stamp,
    )


def row(id: str = "q1", verdict: Verdict = "right", **changes: Any) -> Row:
    """A row whose answer fits the verdict."""
    answerable = verdict not in ("refused", "hallucinated")
    answered = verdict in ("right", "wrong", "hallucinated")
    question = changes.pop("question", f"When did line {id} open?")
    text = changes.pop("text", {"right": "In 1998.", "wrong": "In 1999."}.get(verdict, "It is not stated."))
    quote = "The line opened in 1998." if answered else ""
    given = answer(question, text, quote, answered, "partly" if verdict == "wrong" else "supported")
    values: dict[str, Any] = {
        "suite": "trains",
        "system": "qa",
        "lang": "en",
        "answerable": answerable,
        "gold": (("1998", "ninety-eight"),) if answerable else (),
        "gold_ids": ("trains.md",) if answerable else (),
        "gold_spans": (("trains.md", 126, 150),) if answerable else (),
        "answer": None if verdict in ("error", "unscored") else given.to_dict(),
        "error": "The model cannot be reached." if verdict == "error" else "",
        "scores": scores(verdict),
        "seconds": 2.0,
        "first_token": 1.0,
        "tokens": (20, 7),
    }
    return Row(id=id, question=question, verdict=verdict, **(values | changes))


def scores(verdict: Verdict) -> dict[str, float | None]:
    return {
        "crag": crag(verdict),
        "contains": float(verdict == "right") if verdict in ("right", "wrong", "over_refused") else None,
        "gold_hit": 1.0 if verdict in ("right", "wrong") else None,
    }


def run(verdicts: Mapping[str, Verdict], system: str = "qa", **changes: Any) -> Run:
    """One row for each id with its verdict."""
    rows = tuple(row(id, verdict, system=system) for id, verdict in verdicts.items())
    return run_of(rows, system, **changes)


def run_of(rows: tuple[Row, ...], system: str = "qa", **changes: Any) -> Run:
    values: dict[str, Any] = {
        "suite": "trains",
        "settings": "abcdef01",
        "prompts": {"read": "12345678"},
        "model": "model-1",
        "embedder": "embedder-1",
        "revision": "1a2b3c4",
        "started": "2026-11-24T03:00:00+00:00",
        "command": "python -m evals run --suite trains",
    }
    return Run(system=system, rows=rows, summary=summarise(rows), **(values | changes))
