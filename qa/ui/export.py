"""A conversation as a file: turns go in, Markdown or JSON with every citation comes out; pure."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from qa.clean import visible
from qa.data import Answer, Citation
from qa.ui.turns import Turn

__all__ = ["as_json", "as_markdown"]

_ORDERS = re.compile(r"([\\`*_\[\]<>#|~])")


def as_json(turns: Sequence[Turn]) -> str:
    """Every turn as it is, with answers, citations and receipts."""
    return json.dumps([turn.to_dict() for turn in turns], ensure_ascii=False, indent=2) + "\n"


def as_markdown(turns: Sequence[Turn]) -> str:
    """Questions as headings, answers with their markers, quotes below."""
    return "\n\n".join(_turn(turn) for turn in turns) + "\n"


def _turn(turn: Turn) -> str:
    parts = [f"## {_plain(turn.question)}"]
    if turn.answer is None:
        parts.append(f"*{_plain(turn.error or turn.partial or '…')}*")
    else:
        parts += _answer(turn.answer)
    return "\n\n".join(parts)


def _answer(answer: Answer) -> list[str]:
    said = " ".join(
        _plain(sentence.text)
        + "".join(f" [{citation.marker}]" for citation in sentence.citations)
        + (f" *({sentence.state}: {_plain(sentence.reason)})*" if answer.answered and sentence.reason else "")
        for sentence in answer.sentences
    )
    parts = [said if answer.answered else f"**{said}** ({answer.reason})"]
    if answer.fault:
        parts.append(f"*{_plain(answer.fault)}*")
    quoted = [f"[{citation.marker}] {_quoted(citation)}" for citation in answer.citations]
    if answer.nearest is not None:
        quoted.append(_quoted(answer.nearest))
    return parts + quoted


def _quoted(citation: Citation) -> str:
    quote = "\n".join(f"> {_plain(line)}" for line in citation.quote.splitlines())
    return f"{_plain(citation.title)}, {citation.start}–{citation.end}, {_plain(citation.source)}\n\n{quote}"


def _plain(text: str) -> str:
    """Text in which Markdown sees no orders."""
    return _ORDERS.sub(r"\\\1", visible(text))
