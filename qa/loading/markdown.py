"""Markdown: a file's bytes go in, its exact text comes out, with blocks as CommonMark cuts it.

The text keeps its marks (``#``, ``*``), so that offsets hold in the file; heading blocks include them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from markdown_it import MarkdownIt
from markdown_it.token import Token

from qa.data import Block
from qa.loading.decoding import decode
from qa.loading.page import Page

__all__ = ["read"]

_FRONT_MATTER = re.compile(r"\A---\n(.*?)\n(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_TITLE_FIELD = re.compile(r"^title:[ \t]*(['\"]?)(.+?)\1[ \t]*$", re.MULTILINE)


def read(data: bytes, declared: str = "") -> Page:
    """Read a Markdown file; its title is the front matter's or the first heading's.

    Raises:
        UnreadableFile: it is not text.
    """
    text = decode(data, declared)
    front = _FRONT_MATTER.match(text)
    skipped = text.count("\n", 0, front.end()) if front else 0
    tokens = MarkdownIt("commonmark").enable("table").parse(text[front.end() :] if front else text)
    blocks = list(_blocks(text, tokens, skipped))
    if front:
        blocks.insert(0, Block(0, len(front[0].rstrip()), "body"))
    field = _TITLE_FIELD.search(front[1]) if front else None
    return Page(field[2] if field else _first_heading(tokens), text, tuple(blocks))


def _blocks(text: str, tokens: list[Token], skipped: int) -> Iterator[Block]:
    """One block per outermost element; the first heading is the title if no other has its level."""
    starts = [0, *(match.end() for match in re.finditer("\n", text)), len(text)]
    depths = [int(token.tag[1]) for token in tokens if token.type == "heading_open" and not token.level]
    title = depths[0] if depths and depths.count(depths[0]) == 1 and depths[0] == min(depths) else 0
    for token in tokens:
        if token.level or token.nesting < 0 or not token.map:
            continue
        start, end = (starts[min(line + skipped, len(starts) - 1)] for line in token.map)
        piece = text[start:end]
        start, end = start + len(piece) - len(piece.lstrip()), start + len(piece.rstrip())
        if start >= end:
            continue
        if token.type != "heading_open":
            yield Block(start, end, "body")
        elif int(token.tag[1]) == title:
            yield Block(start, end, "title", 1)
        else:
            yield Block(start, end, "heading", int(token.tag[1]))


def _first_heading(tokens: list[Token]) -> str:
    for token, inline in zip(tokens, tokens[1:], strict=False):
        if token.type == "heading_open" and not token.level:
            return "".join(child.content for child in inline.children or ()).strip()
    return ""
