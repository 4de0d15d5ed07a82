"""Question files go in, typed cases come out; knows no model and no metric.

The format is in evals/data/README.md.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qa.errors import QAError

__all__ = ["Case", "Suite", "load_suite"]

DATA = Path(__file__).parent / "data"
ARTICLE = Path(__file__).parent.parent.parent / "shared" / "article" / "article.ja.txt"


@dataclass(frozen=True, slots=True)
class Case:
    """One question.

    Attributes:
        id: unique in its file.
        question, lang: as asked, and its ISO 639-1 code.
        answerable: whether the document states the answer.
        answers: groups of aliases; right means one alias of every group.
        evidence: half-open offsets of source sentences, any of which proves the answer.
        document: file name of the document asked; "" for every one of the suite.
    """

    id: str
    question: str
    lang: str
    answerable: bool
    answers: tuple[tuple[str, ...], ...]
    evidence: tuple[tuple[int, int], ...]
    document: str = ""


@dataclass(frozen=True, slots=True)
class Suite:
    """Questions and the files they are about."""

    name: str
    cases: tuple[Case, ...]
    documents: tuple[Path, ...]


def load_suite(name: str, document: Path | None = None, limit: int | None = None) -> Suite:
    """Read a suite.

    Args:
        name: ``article``, ``sample``, or the path of a JSONL file.
        document: what an own file of questions is about; where the article is, for ``article``.
        limit: so many cases, chosen by the SHA-1 of their ids, half of them unanswerable where there are.

    Raises:
        QAError: a file is missing, or a line cannot be used; names the line.
    """
    if name == "sample":
        path, documents = DATA / "sample.jsonl", tuple(sorted((_package() / "samples").glob("*.md")))
    elif name == "article":
        path, documents = DATA / "article.jsonl", (document or ARTICLE,)
    else:
        path, documents = Path(name), (document,) if document else ()
    for needed in (path, *documents):
        if not needed.exists():
            raise QAError(f"{needed} is not there.", "Give the article with --document FILE.")
    if not documents:
        raise QAError(f"{path} does not say what it is about.", "Give the article with --document FILE.")
    lines = path.read_text(encoding="utf-8").splitlines()
    cases = [_case(line, f"{path.name}:{number}") for number, line in enumerate(lines, 1) if line.strip()]
    return Suite(path.stem, tuple(_sample(cases, limit)), documents)


def _package() -> Path:
    import qa

    return Path(qa.__file__).parent


def _case(line: str, where: str) -> Case:
    try:
        row: dict[str, Any] = json.loads(line)
        return Case(
            id=str(row["id"]),
            question=row["question"],
            lang=row.get("lang", ""),
            answerable=bool(row["answerable"]),
            answers=tuple(tuple(group) for group in row["answers"]),
            evidence=tuple((int(start), int(end)) for start, end in row.get("evidence", ())),
            document=row.get("document", ""),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise QAError(
            f"{where} is not a case: {error}.", "See evals/data/README.md for the format."
        ) from error


def _sample(cases: list[Case], limit: int | None) -> list[Case]:
    """A fixed choice that does not move when cases are added elsewhere in the file."""
    if limit is None or limit >= len(cases):
        return cases
    order = sorted(cases, key=lambda case: hashlib.sha1(case.id.encode(), usedforsecurity=False).hexdigest())
    no = [case for case in order if not case.answerable][: limit // 2]
    yes = [case for case in order if case.answerable][: limit - len(no)]
    return yes + no
