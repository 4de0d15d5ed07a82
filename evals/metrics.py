"""Pure scores, each with its source; knows no model and no file.

Containment follows RGB (evalue.py): right if one alias of every group is a substring of the answer, here
after NFKC and without spaces and brackets. Abstention is always the pair of hallucination and over-refusal
(NoMIRACL); intervals are Wilson's. What each cannot see: evals/README.md.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable

__all__ = ["contains", "evidence_cited", "folded", "wilson"]

_DROPPED = re.compile(r"[\s「」『』・]|(?<=\d),(?=\d{3})")


def folded(text: str) -> str:
    """NFKC, lower case, without spaces, Japanese brackets, middle dots and thousands commas; "." stays."""
    return _DROPPED.sub("", unicodedata.normalize("NFKC", text).lower())


def contains(answer: str, groups: Iterable[Iterable[str]]) -> bool:
    """Whether the answer holds one alias of every group."""
    text = folded(answer)
    return all(any(folded(alias) in text for alias in group) for group in groups)


def evidence_cited(cited: Iterable[tuple[int, int]], evidence: Iterable[tuple[int, int]]) -> bool:
    """Whether a cited span overlaps a span that proves the answer."""
    spans = list(evidence)
    return any(start < right and left < end for start, end in cited for left, right in spans)


def wilson(successes: int, n: int, z: float = 1.96) -> tuple[float, float]:
    """95 % interval of a rate (Wilson 1927); (0, 1) for n = 0."""
    if not n:
        return 0.0, 1.0
    rate = successes / n
    centre = rate + z * z / (2 * n)
    spread = z * math.sqrt(rate * (1 - rate) / n + z * z / (4 * n * n))
    scale = 1 + z * z / n
    return max(0.0, (centre - spread) / scale), min(1.0, (centre + spread) / scale)
