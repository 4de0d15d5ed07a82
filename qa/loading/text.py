"""Plain text: a file's bytes go in, its exact text comes out, with blocks told by how lines look."""

from __future__ import annotations

from qa.loading.blocks import mark
from qa.loading.decoding import decode
from qa.loading.page import Page

__all__ = ["read"]


def read(data: bytes, declared: str = "") -> Page:
    """Read a text file.

    Raises:
        UnreadableFile: it is not text.
    """
    text = decode(data, declared)
    title, blocks = mark(text)
    return Page(title, text, blocks)
