"""One exchange of a conversation, as the browser keeps it: plain JSON goes in, a checked `Turn` comes out.

The conversation lives in the browser, so everything here may have been tampered with: what does not have the
right shape is dropped. Knows no HTML and no Gradio.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from typing import Any

from pydantic import TypeAdapter, ValidationError

from qa.data import Answer

__all__ = ["Turn", "read_turns"]

MOST_TURNS = 200


@dataclass(frozen=True, slots=True)
class Turn:
    """A question and what came of it.

    Attributes:
        id: the browser's own.
        question: as asked.
        answer: None while there is none, or where it was stopped or failed.
        partial: text written before it was stopped; not checked.
        error, hint: of a failure; "" otherwise.
    """

    id: str
    question: str
    answer: Answer | None = None
    partial: str = ""
    error: str = ""
    hint: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types; what passages were embedded with is left out, for it is never shown."""
        answer = self.answer
        if answer is None:
            return asdict(self)
        hits = tuple(replace(hit, chunk=replace(hit.chunk, context="")) for hit in answer.hits)
        return asdict(replace(self, answer=None)) | {"answer": replace(answer, hits=hits).to_dict()}


_SHAPE: TypeAdapter[Turn] = TypeAdapter(Turn)


def read_turns(given: object) -> tuple[Turn, ...]:
    """The turns in what a browser sent, without those that are not turns."""
    return tuple(_valid(given)) if isinstance(given, list) else ()


def _valid(given: Iterable[object]) -> Iterable[Turn]:
    for item in list(given)[-MOST_TURNS:]:
        try:
            yield _SHAPE.validate_python(item)
        except ValidationError:
            continue
