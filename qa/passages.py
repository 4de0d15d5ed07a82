"""Hits go in, what the model reads and what may be cited come out; knows no model and no index.

A small model reads short texts well and long ones badly, and a prompt whose beginning stays the same costs
nothing the second time. So: a document that fits is shown whole, whatever the question; otherwise the best
chunks with their neighbours; always in document order; furniture and sentences that give orders to the
reading machine left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from qa.cite import Candidate
from qa.clean import addresses_the_model, visible
from qa.data import Chunk, Hit
from qa.figures import annotate
from qa.sentences import split_sentences, width
from qa.settings import AnswerSettings

__all__ = ["ChunkSource", "Reading", "choose", "read"]


_ALL = 10**6
"""More chunks than any document has."""


class ChunkSource(Protocol):
    """What choosing needs of the store."""

    def neighbours(self, chunk: Chunk, before: int, after: int) -> list[Chunk]:
        """Return a chunk with those around it, in document order."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What is put before the model.

    Attributes:
        text: passages in document order under their titles and headings, figures annotated.
        candidates: the source sentences in it; only these can be cited.
    """

    text: str
    candidates: tuple[Candidate, ...]


def choose(hits: Sequence[Hit], store: ChunkSource, settings: AnswerSettings) -> list[Chunk]:
    """Pick the chunks to read: best documents whole while they fit, then best chunks, in document order."""
    room = settings.passage_width
    chosen: dict[str, Chunk] = {}
    for hit in hits[: settings.passages]:
        if hit.chunk.id in chosen:
            continue
        for chunk in _around(hit.chunk, store, room):
            if chunk.id not in chosen:
                chosen[chunk.id] = chunk
                room -= width(chunk.text)
        if room <= 0:
            break
    order = {document_id: at for at, document_id in enumerate(dict.fromkeys(h.chunk.document_id for h in hits))}
    return sorted(chosen.values(), key=lambda chunk: (order[chunk.document_id], chunk.ordinal))


def _around(chunk: Chunk, store: ChunkSource, room: int) -> list[Chunk]:
    """The whole document where it fits in ``room``, the chunk alone otherwise."""
    siblings = [sibling for sibling in store.neighbours(chunk, _ALL, _ALL) if sibling.searchable]
    return siblings if sum(width(sibling.text) for sibling in siblings) <= room else [chunk]


def read(chunks: Sequence[Chunk], language: str) -> Reading:
    """Write the passages for a reader of ``language``."""
    lines: list[str] = []
    candidates: list[Candidate] = []
    shown: tuple[str, str] = ("", "")
    for chunk in chunks:
        if chunk.document_id != shown[0]:
            lines.append(f"# {visible(chunk.title)}")
        if chunk.heading and (chunk.document_id, chunk.heading) != shown:
            lines.append(f"## {visible(chunk.heading)}")
        shown = (chunk.document_id, chunk.heading)
        sentences = [c for c in _sentences(chunk) if not addresses_the_model(c.text)]
        candidates += sentences
        lines.append(" ".join(annotate(visible(c.text), language) for c in sentences))
    return Reading("\n".join(line for line in lines if line.strip()), tuple(candidates))


def _sentences(chunk: Chunk) -> list[Candidate]:
    return [
        Candidate(
            document_id=chunk.document_id,
            source=chunk.source,
            title=chunk.title,
            heading=chunk.heading,
            start=chunk.start + start,
            end=chunk.start + end,
            text=chunk.text[start:end],
        )
        for start, end in split_sentences(chunk.text)
    ]
