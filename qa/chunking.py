"""Documents go in, chunks that tile them come out; pure, knows no embedder and no index.

A chunk is a paragraph, or several short ones, or a part of a long one cut between sentences. It never runs
over a heading or into page furniture. What is embedded is wider than what is cited: title, heading and the
sentence before are put in front, so that "he himself leads this effort" is found by what "this effort" is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from qa.data import Block, BlockKind, Chunk, Document
from qa.sentences import Span, split_sentences, width
from qa.settings import ChunkingSettings

__all__ = ["BYLINE_LABEL", "split"]

BYLINE_LABEL = "Author (著者・筆者)"
"""Put before a name that stands alone, which says to nobody that it is the author's."""
_SMALL = 0.25
"""A chunk narrower than this share of the width takes in the next paragraph."""
_CONTEXT_WIDTH = 240
"""Columns of the previous sentence that are kept in a chunk's context."""


_HEADING_MARKS = re.compile(r"^\s*#{1,6}\s+|\s+#+\s*$|\n\s*(?:=+|-+)\s*$")
"""What Markdown writes around a heading; its block holds them, its name does not."""


@dataclass(frozen=True, slots=True)
class _Piece:
    start: int
    end: int
    kind: BlockKind
    heading: str


def split(document: Document, settings: ChunkingSettings) -> tuple[Chunk, ...]:
    """Cut a document into chunks.

    Returns:
        Chunks in order; ``"".join(c.text for c in chunks) == document.text``.
    """
    pieces = _merge(document, list(_pieces(document, settings.width)), settings.width)
    bounds = [0, *(piece.start for piece in pieces[1:]), len(document.text)]
    chunks: list[Chunk] = []
    previous = ""
    for ordinal, (piece, start, end) in enumerate(zip(pieces, bounds[:-1], bounds[1:], strict=True)):
        text = document.text[start:end]
        label = BYLINE_LABEL if piece.kind == "byline" else ""
        context = "\n".join(part for part in (document.title, piece.heading, previous, label) if part)
        chunks.append(
            Chunk(
                id=f"{document.id}:{ordinal}",
                document_id=document.id,
                source=document.source,
                title=document.title,
                ordinal=ordinal,
                start=start,
                end=end,
                heading=piece.heading,
                context=context,
                kind=piece.kind,
                text=text,
            )
        )
        if piece.kind == "body":
            previous = _last_sentence(text)
    return tuple(chunks)


def _pieces(document: Document, most: int) -> Iterator[_Piece]:
    """Blocks, the wide ones cut between sentences; a document without blocks is one body block."""
    heading = ""
    blocks = document.blocks or (Block(0, len(document.text), "body"),)
    for block in blocks:
        if block.kind == "heading":
            heading = _HEADING_MARKS.sub("", document.text[block.start : block.end]).strip()
        for start, end in _cut(document.text, block, most):
            yield _Piece(start, end, block.kind, heading)


def _cut(text: str, block: Block, most: int) -> Iterator[Span]:
    if width(text[block.start : block.end]) <= most:
        yield block.start, block.end
        return
    start = block.start
    filled = 0
    for left, right in split_sentences(text, block.start, block.end):
        columns = width(text[left:right])
        if filled and filled + columns > most:
            yield start, left
            start, filled = left, 0
        if columns > most:  # one sentence wider than a chunk is cut where the width ends
            while (cut := _fitting(text, left, right, most)) < right:
                yield start, cut
                start = left = cut
            columns = width(text[left:right])
        filled += columns
    yield start, block.end


def _fitting(text: str, left: int, right: int, most: int) -> int:
    """Where what fits in ``most`` columns of ``text[left:right]`` ends, at a space if there is one."""
    filled = 0
    for index in range(left, right):
        filled += width(text[index])
        if filled > most:
            space = text.rfind(" ", (left + index) // 2, index)
            return space + 1 if space > 0 else index
    return right


def _merge(document: Document, pieces: list[_Piece], most: int) -> list[_Piece]:
    """Join title and headings with what they head, and small paragraphs with the next one."""
    merged: list[_Piece] = []
    for piece in pieces:
        last = merged[-1] if merged else None
        if last and _joins(document.text, last, piece, most):
            kind = piece.kind if last.kind in ("title", "heading") else last.kind
            merged[-1] = _Piece(last.start, piece.end, kind, piece.heading)
        else:
            merged.append(piece)
    return merged or [_Piece(0, len(document.text), "body", "")]


def _joins(text: str, last: _Piece, piece: _Piece, most: int) -> bool:
    if last.kind != piece.kind and {last.kind, piece.kind} & {"furniture", "byline"}:
        return False
    if last.kind == "furniture":
        return True
    if piece.kind in ("title", "heading"):
        return last.kind in ("title", "heading")
    columns = width(text[last.start : last.end])
    fits = columns + width(text[piece.start : piece.end]) <= most
    return fits and (last.kind in ("title", "heading") or columns < most * _SMALL)


def _last_sentence(text: str) -> str:
    spans = split_sentences(text)
    if not spans:
        return ""
    last = text[spans[-1][0] : spans[-1][1]].replace("\n", " ")
    return last if width(last) <= _CONTEXT_WIDTH else ""
