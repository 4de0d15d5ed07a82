"""What every reader gives back: a title, a text, and what each stretch of it is; knows no format."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from qa.data import Block, BlockKind
from qa.loading.blocks import mark

__all__ = ["Page", "Part"]


@dataclass(frozen=True, slots=True)
class Part:
    """A paragraph that a format marked as what it is.

    Attributes:
        text: the paragraph's words.
        kind: see `qa.data.BlockKind`.
        level: heading depth from 1; 0 for everything else.
    """

    text: str
    kind: BlockKind = "body"
    level: int = 0


@dataclass(frozen=True, slots=True)
class Page:
    """A source as its format's reader understood it.

    Attributes:
        title: "" where the source names none.
        text: what citations point into.
        blocks: offsets into ``text``, in order.
    """

    title: str
    text: str
    blocks: tuple[Block, ...]

    @classmethod
    def from_parts(cls, title: str, parts: Iterable[Part]) -> Page:
        """Join paragraphs with blank lines, leaving out those without words.

        What the format does not say (furniture among paragraphs, headings of a document without styles) is
        told as for plain text.
        """
        pieces: list[str] = []
        blocks: list[Block] = []
        position = 0
        for part in parts:
            if not (text := part.text.strip()):
                continue
            pieces.append(text)
            blocks.append(Block(position, position + len(text), part.kind, part.level))
            position += len(text) + 2
        text = "\n\n".join(pieces)
        title, found = mark(text, title.strip())
        if all(block.kind == "body" for block in blocks):
            return cls(title, text, found)
        told = {
            (block.start, block.end): block.kind for block in found if block.kind in ("furniture", "byline")
        }
        return cls(
            title,
            text,
            tuple(
                replace(block, kind=told.get((block.start, block.end), "body"))
                if block.kind == "body"
                else block
                for block in blocks
            ),
        )
