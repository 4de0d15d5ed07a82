"""Questions to begin with: a document goes in, questions that fit it in the page's language come out; pure.

The bundled sample has written ones; any other document is asked about the names it mentions most.
"""

from __future__ import annotations

from collections import Counter

from qa.data import Document
from qa.ui.words import words
from qa.verify import names_in

__all__ = ["examples"]

_SAMPLE = ("sample_1", "sample_2", "sample_3", "sample_4")
_MOST = 3
_READ = 20_000


def examples(document: Document, sample: bool, language: str) -> list[str]:
    """A few questions; the sample's last one is not answered by it, to show what that looks like."""
    if sample:
        return [words(language)[key] for key in _SAMPLE]
    text = document.text[:_READ]
    counted = Counter(
        name.strip() for line in text.splitlines() for name in names_in(line) if len(name.strip()) > 2
    )
    names = [name for name, count in counted.most_common(_MOST) if count > 1]
    return [words(language)["example_about"].format(name=name) for name in names]
