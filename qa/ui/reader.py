"""A document as HTML with cited spans marked: a `Document` and spans go in, markup comes out; pure.

The text shown is the document's own, block by block; offsets are the document's, so that what is lit up is
what was cited. Knows no answer and no library.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pydantic import TypeAdapter, ValidationError

from qa.data import Block, Document, DocumentInfo
from qa.ui.markup import Safe, button, join, tag
from qa.ui.words import words

__all__ = ["Mark", "empty", "read_marks", "reader"]

MOST_CHARACTERS = 200_000
_HASHES = re.compile(r"#{1,6}\s+")


@dataclass(frozen=True, slots=True)
class Mark:
    """A span to light up.

    Attributes:
        marker: number shown before it; 0 for none.
        start, end: half-open offsets into the document's text.
    """

    marker: int
    start: int
    end: int


_MARKS: TypeAdapter[tuple[Mark, ...]] = TypeAdapter(tuple[Mark, ...])


def read_marks(given: object) -> tuple[Mark, ...]:
    """The marks that a browser sent; none where they are not marks."""
    try:
        return _MARKS.validate_python(given)
    except ValidationError:
        return ()


def reader(
    document: Document, marks: Sequence[Mark], shelf: Sequence[DocumentInfo], language: str, key: str = ""
) -> Safe:
    """The source pane with one document open.

    Args:
        document: what to show.
        marks: spans to light up.
        shelf: what else can be opened.
        language: of the page.
        key: comes back as ``data-key``, for the script to know whose marks these are.
    """
    w = words(language)
    start, end = _window(document, marks)
    length = f"{len(document.text):,}"
    part = []
    if end - start < len(document.text):
        text = w["reader_part"].format(start=f"{start:,}", end=f"{end:,}", length=length)
        part = [tag("p", text, class_="part")]
    about = f"{origin(document.source)} · {w['characters'].format(count=length)}"
    body = tag(
        "div",
        *(_block(document, block, marks) for block in _blocks(document, start, end)),
        class_="text",
        dir="auto",
        lang=document.language,
    )
    top = tag("p", about, class_="origin", dir="auto")
    page = tag(
        "div", top, *part, body, *part, class_="page", tabindex=0, role="region", aria_label=document.title
    )
    back = button("back", w["back"], shown=True, class_="to-answer")
    named = {"data_document": document.id, "data_key": key, "aria_label": w["reader"]}
    return tag("section", _chooser(document.id, shelf, language), page, back, class_="reader", **named)


def empty(language: str, word: str = "reader_empty") -> Safe:
    """The source pane without a document."""
    return tag("section", tag("p", words(language)[word]), class_="reader none")


def origin(source: str) -> str:
    """A source in short: a URL as it is, a path by its last part."""
    return source if "://" in source else re.split(r"[/\\]", source)[-1]


def _chooser(chosen: str, shelf: Sequence[DocumentInfo], language: str) -> Safe:
    options = (tag("option", info.title, value=info.id, selected=info.id == chosen) for info in shelf)
    label = tag("span", words(language)["reader_choose"], class_="sr")
    return tag("header", tag("label", label, tag("select", *options, data_do="choose")), class_="bar")


def _window(document: Document, marks: Sequence[Mark]) -> tuple[int, int]:
    """What of a very long document is shown: the part around the first mark."""
    length = len(document.text)
    if length <= MOST_CHARACTERS:
        return 0, length
    middle = marks[0].start if marks else 0
    start = max(0, min(middle - MOST_CHARACTERS // 2, length - MOST_CHARACTERS))
    return start, start + MOST_CHARACTERS


def _blocks(document: Document, start: int, end: int) -> Iterator[Block]:
    blocks = document.blocks or (Block(0, len(document.text), "body"),)
    for block in blocks:
        if block.start < end and block.end > start:
            yield Block(max(block.start, start), min(block.end, end), block.kind, block.level)


def _block(document: Document, block: Block, marks: Sequence[Mark]) -> Safe:
    text = document.text
    hashes = _HASHES.match(text, block.start, block.end)
    shown = Block(hashes.end(), block.end, block.kind) if hashes else block
    inside = _marked(text, shown.start, shown.end, [_moved(mark, block, shown) for mark in marks])
    if not hashes and block.kind not in ("title", "heading"):
        return tag("p", inside, class_=block.kind)
    depth = hashes.group().count("#") if hashes else block.level if block.kind == "heading" else 1
    return tag(f"h{min(6, max(2, depth + 1))}", inside)


def _moved(mark: Mark, block: Block, shown: Block) -> Mark:
    """The mark without the hashes of a heading that it begins with."""
    begins = block.start <= mark.start < shown.start
    return Mark(mark.marker, shown.start, mark.end) if begins else mark


def _marked(text: str, start: int, end: int, marks: Sequence[Mark]) -> Safe:
    """``text[start:end]`` with every stretch that a mark covers lit up."""
    here = [mark for mark in marks if mark.start < end and mark.end > start]
    cuts = sorted({start, end, *(min(max(at, start), end) for m in here for at in (m.start, m.end))})
    parts = []
    for left, right in zip(cuts, cuts[1:], strict=False):
        covering = [mark for mark in here if mark.start <= left and mark.end >= right]
        parts.append(_lit(text[left:right], covering, left) if covering else text[left:right])
    return join(parts)


def _lit(text: str, covering: Sequence[Mark], left: int) -> Safe:
    numbers = " ".join(str(mark.marker) for mark in covering)
    begins = " ".join(str(mark.marker) for mark in covering if mark.start == left and mark.marker)
    return tag("mark", text, tabindex=-1, data_markers=numbers, data_badge=begins or None)
