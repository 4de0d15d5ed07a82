"""Readers' verdicts on answers: kept as JSON lines in the library's folder, made into eval cases; no network.

    HOME/feedback.jsonl    one verdict a line; of two on the same answer the later counts

A case is a draft for a person to read: what a right answer must contain is taken from the comment, or from
the figures and names of an answer that was called good. Knows no page and no suite.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from pydantic import TypeAdapter, ValidationError

from qa.data import Answer
from qa.errors import QAError
from qa.language import detect
from qa.verify import details

__all__ = ["FILE", "Feedback", "case", "create", "keep", "kept"]

FILE = "feedback.jsonl"

_writing = threading.Lock()


@dataclass(frozen=True, slots=True)
class Feedback:
    """A verdict.

    Attributes:
        turn: the browser's name for the exchange.
        verdict: of the reader.
        comment: what the answer should have said; "" if nothing was written.
        answer: what was judged.
        time: UTC, ISO 8601.
    """

    turn: str
    verdict: Literal["good", "bad"]
    comment: str
    answer: Answer
    time: str = ""


_SHAPE: TypeAdapter[Feedback] = TypeAdapter(Feedback)


def keep(home: Path, feedback: Feedback) -> None:
    """Append a verdict, stamped with the time.

    Raises:
        QAError: the file cannot be written.
    """
    values = asdict(feedback) | {"answer": feedback.answer.to_dict(), "time": datetime.now(UTC).isoformat()}
    line = json.dumps(values, ensure_ascii=False).encode(errors="replace") + b"\n"
    try:
        with _writing, (home / FILE).open("ab+") as file:
            file.seek(max(file.tell() - 1, 0))
            torn = file.read() not in (b"", b"\n")
            file.write(b"\n" + line if torn else line)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise QAError(f"The verdict cannot be written to {home}: {error.strerror}.", "") from error


def kept(home: Path) -> list[Feedback]:
    """The last verdict on each answer, oldest first; lines that are not verdicts are left out.

    Raises:
        QAError: the file cannot be read.
    """
    path = home / FILE
    try:
        # As bytes: texts hold U+2028 and the like, and a line torn inside a character cannot be decoded.
        lines = path.read_bytes().split(b"\n") if path.exists() else []
    except OSError as error:
        raise QAError(f"{path} cannot be read: {error.strerror}.", "") from error
    return list({item.turn: item for item in _valid(lines)}.values())


def case(feedback: Feedback) -> dict[str, Any] | None:
    """The eval case that a verdict makes; None for a bad answer without a word on what is right.

    A follow-up becomes the question that stands alone. A comment's lines are what a right answer must
    contain, each with its spellings between ``|``.
    """
    answer = feedback.answer
    question = answer.receipt.query or answer.question
    if feedback.verdict == "good" and answer.reason == "small_talk":
        return None
    if feedback.comment.strip():
        answers = _written(feedback.comment)
    elif feedback.verdict == "good":
        answers = [[alias] for alias in _checkable(answer, question)]
    else:
        return None
    good = feedback.verdict == "good"
    cited = answer.citations if good else ()
    sources = {citation.source for citation in cited}
    language = detect(question)
    return {
        "id": f"feedback-{feedback.turn}",
        **({"document": Path(sources.pop()).name} if len(sources) == 1 else {}),
        "question": question,
        "lang": "en" if language == "und" else language,
        "answerable": bool(answers),
        "answers": answers,
        "evidence": [[citation.start, citation.end] for citation in cited],
        "note": f"From a reader's verdict ({feedback.verdict}); read it before use.",
    }


def _valid(lines: list[bytes]) -> Iterator[Feedback]:
    for line in lines:
        try:
            yield _SHAPE.validate_json(line)
        except ValidationError:
            continue  # torn by a kill, or edited by hand


def _written(comment: str) -> list[list[str]]:
    groups = ([alias.strip() for alias in line.split("|")] for line in comment.splitlines())
    return [aliases for group in groups if (aliases := [alias for alias in group if alias])]


def _checkable(answer: Answer, question: str) -> list[str]:
    """Figures and names that the answer adds to the question; its whole text where there is none."""
    if not answer.answered:
        return []
    found: dict[str, None] = {}
    for sentence in answer.sentences:
        wanted = details(sentence.text, question)
        found |= dict.fromkeys(sentence.text[f.start : f.end].strip() for f in wanted.figures)
        found |= dict.fromkeys(wanted.names)
    return list(found) or [answer.text]


def create(turn: str, verdict: object, comment: str, answer: Answer) -> Feedback | None:
    """A verdict from what a browser sent; None where it is none."""
    try:
        return _SHAPE.validate_python(
            {"turn": turn, "verdict": verdict, "comment": comment, "answer": answer}
        )
    except ValidationError:
        return None
