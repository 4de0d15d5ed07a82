"""What a question gets back where the endpoint fails while it is answered, over real HTTP."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from faults import Reply, error, serving

from qa import Assistant
from qa.errors import ModelRejected, RequestTooLong

ARTICLE = """The river ferry returns

The city paid $2.4 million for the boat. Mara Ellison, the harbour master, will run the service.

A single ticket for the boat costs 3 euros. The boat was built in Turku. The boat holds forty people."""
QUESTION = "What did the city pay for the boat?"
HISTORY = [("Who bought the boat?", "The city."), ("Where does it sail?", "On the river.")]
Mode = Callable[[Reply], None]


class Letters:
    """An embedder that counts letters."""

    name = "letters"
    local = True

    def documents(self, texts: Sequence[str], progress: object = None) -> np.ndarray:
        rows = np.array([[1 + text.lower().count(letter) for letter in "abcdefgh"] for text in texts], float)
        return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)

    def query(self, text: str) -> np.ndarray:
        return self.documents([text])[0]

    def close(self) -> None:
        pass


@contextmanager
def asking(mode: Mode, home: Path) -> Iterator[tuple[Assistant, list[str]]]:
    """An assistant whose model is the endpoint, and the last message of each request that it gets."""
    seen: list[str] = []

    def noted(reply: Reply) -> None:
        seen.append(reply.asked["messages"][-1]["content"])
        mode(reply)

    with serving(noted) as server:
        with Assistant(
            home=home, chat={"base_url": server.url, "model": "m", "read_seconds": 0.5}
        ) as assistant:
            assistant._embedder = Letters()  # type: ignore[assignment]
            assistant.add_texts([("ferry.txt", "The river ferry returns", ARTICLE)])
            yield assistant, seen


def writes(text: str, then: Mode = Reply.end) -> Mode:
    """States that the passages hold the answer, then writes it, then does as told."""

    def mode(reply: Reply) -> None:
        judging = reply.asked["max_tokens"] == 1
        reply.events()
        reply.chunk({"content": "Yes" if judging else text})
        reply.end() if judging else then(reply)

    return mode


@pytest.mark.parametrize(
    ("then", "words"),
    [
        (lambda r: r.drop(), "cannot be reached, or closed the connection. Check QA_CHAT__BASE_URL"),
        (lambda r: r.wait(), "took too long"),
        (lambda r: None, "m stopped before the answer's end. Try again"),
        (lambda r: r.end("length"), "most tokens that it may write. Raise QA_CHAT__MAX_TOKENS."),
        (lambda r: r.end("content_filter"), "stopped the answer. Word the question otherwise"),
    ],
)
def test_a_cut_answer_stays_and_says_why(tmp_path: Path, then: Mode, words: str) -> None:
    with asking(writes("The city paid $2", then), tmp_path) as (assistant, _):
        answer = assistant.ask(QUESTION)
    assert (answer.text, answer.reason, answer.citations) == ("The city paid $2", "incomplete", ())
    assert words in answer.fault and words in json.dumps(answer.to_dict())


def test_a_whole_answer_has_no_fault(tmp_path: Path) -> None:
    with asking(writes("The city paid $2.4 million for the boat."), tmp_path) as (assistant, _):
        answer = assistant.ask(QUESTION)
    assert (answer.reason, answer.fault) == ("answered", "") and answer.citations


def test_an_answer_filtered_before_its_first_word_is_no_refusal_of_the_article(tmp_path: Path) -> None:
    with asking(writes("", lambda r: r.end("content_filter")), tmp_path) as (assistant, _):
        with pytest.raises(ModelRejected, match="filter"):
            assistant.ask(QUESTION)


COST = writes("The city paid $2.4 million for the boat.")
STAGES = {"condense": 96, "judge": 1, "write": 256}
"""``max_tokens`` of each request."""


def reads_less(mode: Mode, stage: str, most: int) -> Mode:
    """Refuses requests of one stage whose last message is longer."""

    def limited(reply: Reply) -> None:
        length = len(reply.asked["messages"][-1]["content"])
        if reply.asked["max_tokens"] == STAGES[stage] and length > most:
            return reply.json(400, error("maximum context length is 8", "context_length_exceeded"))
        return mode(reply)

    return limited


@pytest.mark.parametrize("stage", STAGES)
def test_what_is_too_long_is_asked_again_with_less(tmp_path: Path, stage: str) -> None:
    place = list(STAGES).index(stage)
    with asking(COST, tmp_path / "whole") as (assistant, seen):
        assistant.ask(QUESTION, history=HISTORY)
        assert len(seen) == len(STAGES)
        most = len(seen[place]) - 1
    with asking(reads_less(COST, stage, most), tmp_path / "less") as (assistant, seen):
        answer = assistant.ask(QUESTION, history=HISTORY)
        assert len(seen) == len(STAGES) + 1
        whole, less = seen[place : place + 2]
    assert answer.answered and "$2.4 million" in answer.citations[0].quote
    (old, _), (new, _) = HISTORY
    kept, dropped = (new, old) if stage == "condense" else ("$2.4 million", "Mara Ellison")
    assert kept in whole and dropped in whole
    assert kept in less and dropped not in less


def test_what_stays_too_long_is_asked_twice_and_names_the_settings(tmp_path: Path) -> None:
    with asking(reads_less(COST, "judge", 10), tmp_path) as (assistant, seen):
        with pytest.raises(RequestTooLong) as caught:
            assistant.ask(QUESTION)
        assert len(seen) == 2
    assert "QA_ANSWER__SENTENCES or QA_ANSWER__HISTORY_TURNS" in caught.value.hint
