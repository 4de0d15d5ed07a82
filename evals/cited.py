"""An answer as a row keeps it (JSON) goes in, its citations and their passages come out; pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["citations", "passage"]

Json = Mapping[str, Any]


def citations(answer: Json) -> list[Json]:
    """Every citation once, by marker."""
    found = {c["marker"]: c for sentence in answer["sentences"] for c in sentence["citations"]}
    return [found[marker] for marker in sorted(found)]


def passage(answer: Json, citation: Json) -> Json:
    """The text round a citation, with ``source``, ``title``, ``start``, ``end`` and ``text``.

    It is the found chunk that holds the whole quotation; the citation itself, where none does.
    """
    for hit in answer["hits"]:
        chunk: Json = hit["chunk"]
        same = chunk["document_id"] == citation["document_id"]
        if same and chunk["start"] <= citation["start"] and citation["end"] <= chunk["end"]:
            return chunk
    return {**citation, "text": citation["quote"]}
