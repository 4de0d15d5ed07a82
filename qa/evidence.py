"""Judged passages go in, those that an answer is made from come out; pure, knows no model and no prompt.

What the model said of each passage is weighed with what can be seen without it: a passage that has none of
the question's names is less likely to answer it, and of two that the model finds alike the nearer one does.
What the weights rest on is in evals/EXPERIMENTS.md.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from qa.passages import Passage

__all__ = ["as_sure", "best_first", "choose", "decided", "in_order", "judged", "sureness", "worth_reading"]

_NEARNESS = 5.0
"""Log odds that a cosine point of nearness is worth."""
_ABSENT = 1.5
"""Log odds that it costs a passage not to have a name or figure of the question."""
_FAR = 0.2
"""How much less near than the nearest a passage is left unread."""
_MARGIN, _MARGIN_QUOTED = 0.3, 1.5
"""Log odds that a further passage may lie under the best and still be part of the answer: less where each
has to be translated, which takes seconds and may go wrong, than where it is shown as it stands."""
_BEHIND = 5.0
"""Log odds that it costs for each point of nearness that the best lies behind the nearest."""
_RIVALS = 1.4
"""Log odds that it costs for each e-fold of documents read: of many, one seems to answer by chance.

Chosen on questions about invented passages, of which the judge has learned none.
"""
_ALONE = 0.7
"""Log odds that a sentence alone may lie under the same read with the one before, and still state it."""
_SUREST = 1e-6


def worth_reading(passages: Sequence[Passage]) -> list[Passage]:
    """Those that come about as near to the question as the nearest."""
    nearest = max((passage.score for passage in passages), default=0.0)
    return [passage for passage in passages if passage.score >= nearest - _FAR]


def judged(passage: Passage, stated: float | None) -> Passage:
    """The passage with the probability that it states what is asked.

    Args:
        passage: as it was read.
        stated: the model's view, 0 to 1; None where it gave none, which counts as even.
    """
    odds = _log_odds(0.5 if stated is None else stated) - _ABSENT * passage.absent
    return replace(passage, stated=_probability(odds))


def decided(seen: Sequence[Passage], unread: Passage, enough: float) -> bool:
    """Whether one was found that ``unread``, and so all that are less near, could not come before.

    Args:
        seen: judged.
        unread: the nearest that is not.
        enough: the surest that it is expected to be judged.
    """
    most = _log_odds(enough) + _NEARNESS * unread.score
    return any(_rank(passage) >= most for passage in seen)


def best_first(passages: Sequence[Passage]) -> list[Passage]:
    """Judged passages, by what the model said and how near they are."""
    return sorted(passages, key=_rank, reverse=True)


def sureness(passages: Sequence[Passage]) -> float:
    """Probability that the best answers, seen where it was found.

    The model says of a sentence whether it states what is asked, not whether there would be a nearer one if
    it did, nor among how many documents it was found.

    Args:
        passages: judged, `best_first`; all that were read.
    """
    nearest = max(passage.score for passage in passages)
    documents = len({passage.candidate.document_id for passage in passages})
    odds = _odds(passages[0]) - _BEHIND * (nearest - passages[0].score) - _RIVALS * math.log(documents)
    return _probability(odds)


def choose(passages: Sequence[Passage], most: int, quoted: bool = False) -> tuple[Passage, ...]:
    """The passages that an answer is made from, in document order: the best, and those about as likely.

    Args:
        passages: judged, `best_first`.
        most: how many at most.
        quoted: whether they are shown as they stand.
    """
    best, margin = _odds(passages[0]), _MARGIN_QUOTED if quoted else _MARGIN
    return in_order([passage for passage in passages[:most] if best - _odds(passage) <= margin])


def as_sure(part: Passage, whole: Passage) -> bool:
    """Whether one sentence states it about as surely as two, of which it is one; all judged."""
    return _odds(whole) - _odds(part) <= _ALONE


def in_order(passages: Sequence[Passage]) -> tuple[Passage, ...]:
    """The first passage's document first, each document in its own order."""
    ids = list(dict.fromkeys(passage.candidate.document_id for passage in passages))
    return tuple(sorted(passages, key=lambda p: (ids.index(p.candidate.document_id), p.candidate.start)))


def _rank(passage: Passage) -> float:
    return _odds(passage) + _NEARNESS * passage.score


def _odds(passage: Passage) -> float:
    assert passage.stated is not None, "only judged passages are compared"
    return _log_odds(passage.stated)


def _log_odds(probability: float) -> float:
    within = min(max(probability, _SUREST), 1 - _SUREST)
    return math.log(within / (1 - within))


def _probability(odds: float) -> float:
    return 1 / (1 + math.exp(-odds))
