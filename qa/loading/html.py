"""HTML: a page's bytes go in, its main text comes out; navigation, scripts and comments stay behind.

trafilatura finds the main text; title and author come first, from the page's metadata, where the main text
does not open with them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from configparser import ConfigParser
from copy import deepcopy
from typing import Any

import trafilatura
from trafilatura.settings import DEFAULT_CONFIG

from qa.errors import UnreadableFile
from qa.loading.decoding import decode
from qa.loading.page import Page, Part

__all__ = ["read"]

_META = re.compile(rb"<meta[^>]+charset\s*=\s*[\"']?\s*([\w.:-]+)", re.IGNORECASE)
_INLINE = frozenset({"hi", "del", "code", "ref"})  # trafilatura's names
_LEAST_TEXT = "80"  # characters before trafilatura takes the whole page instead; its 250 are too many for CJK


def read(data: bytes, declared: str = "") -> Page:
    """Read a web page.

    Raises:
        UnreadableFile: it is not text, or holds no main text.
    """
    meta = _META.search(data[:4096])
    source = decode(data, declared or (meta[1].decode("ascii") if meta else ""))
    # The declaration has served; left in, it would make lxml decode the text a second time.
    source = re.sub(r"^\s*<\?xml[^>]*\?>", "", source)
    found: Any = trafilatura.bare_extraction(
        source, include_comments=False, include_formatting=True, with_metadata=True, config=_config()
    )
    body = list(_parts(found.body)) if found is not None and found.body is not None else []
    if found is None or not any(part.text.strip() for part in body):
        raise UnreadableFile(
            "The web page holds no main text.",
            "It may build its text with scripts, or want a login: save the page from a browser, or as text.",
        )
    return Page.from_parts(found.title or "", [*_opening(found, body), *body])


def _config() -> ConfigParser:
    config: ConfigParser = deepcopy(DEFAULT_CONFIG)
    config["DEFAULT"]["MIN_EXTRACTED_SIZE"] = _LEAST_TEXT
    return config


def _opening(found: Any, body: list[Part]) -> Iterator[Part]:
    """Title and author, taken from among the first paragraphs or else from the metadata."""
    title, author = (found.title or "").strip(), (found.author or "").strip()
    if title:
        body[:3] = [part for part in body[:3] if part.text.strip() != title]
        yield Part(title, "title", 1)
    if author and not any(author in part.text for part in body[:3] if len(part.text) < 80):
        yield Part(author, "byline")


def _parts(body: Any) -> Iterator[Part]:
    """Paragraphs of trafilatura's tree: head, p, list/item, quote, table/row/cell, code."""
    for element in body:
        if element.tag == "head":
            level = str(element.get("rend") or "h2")[-1]
            yield Part(" ".join(_words(element).split()), "heading", int(level) if level.isdigit() else 2)
        elif element.tag == "list":
            lines = (" ".join(line.split()) for line in _lines(element))
            yield Part("\n".join(line for line in lines if line))
        elif element.tag == "table":
            rows = (
                [" ".join(_words(cell).split()) for cell in row.iter("cell")] for row in element.iter("row")
            )
            yield Part("\n".join(" | ".join(row) for row in rows if any(row)))
        elif element.tag == "div":
            yield from _parts(element)
        else:
            yield Part(_words(element))
        if element.tail and element.tail.strip():
            yield Part(element.tail)


def _words(element: Any) -> str:
    """All text of an element, without blank lines."""
    return re.sub(r"\n\s*\n", "\n", "\n".join(_lines(element)))


def _lines(element: Any) -> list[str]:
    """The text of an element, cut at line breaks and round the blocks in it; items of lists have a dash."""
    lines = [element.text or ""]
    for child in element:
        inner = _lines(child)
        # In a paragraph a quote is a <q>.
        if child.tag in _INLINE or (child.tag == "quote" and element.tag == "p"):
            lines[-1:] = [lines[-1] + inner[0], *inner[1:]]
            lines[-1] += child.tail or ""
        else:
            lines += [*inner, child.tail or ""]
    if element.tag == "item" and (lines := [line.strip() for line in lines if line.strip()]):
        lines[0] = f"- {lines[0].removeprefix('- ')}"
    return lines
