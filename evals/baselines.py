"""What a question-answering system must be better than; cases go in, `qa.data.Answer` objects come out.

A model that is only prompted has no ``answered`` of its own: its refusals are read from its words, by the
product's own `qa.wording.is_refusal`, which favours it. Prompts are in evals/prompts.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from string import Template

import numpy as np

from evals.cases import Case
from evals.shelf import Shelf
from qa.data import Answer, Chunk, Citation, Document, Hit, Receipt, Sentence
from qa.errors import QAError
from qa.library import Library
from qa.models import Chat, Completion, Embedder
from qa.prompts import version
from qa.sentences import split_sentences
from qa.terms import terms
from qa.wording import is_refusal, language_name, refusal

__all__ = ["ClosedBook", "Keywords", "RETRIEVED", "Refuser", "Tutorial", "fixed_chunks"]

RETRIEVED = 10
"""Hits that are scored."""
PROMPTS = Path(__file__).parent / "prompts"
TUTORIAL_SIZE, TUTORIAL_OVERLAP, TUTORIAL_K = 1000, 200, 4
"""Numbers of LangChain's RAG tutorial."""


class _Baseline:
    """A system without models, passages or prompts, to be refined."""

    searches = False
    model = embedder = ""
    prompts: Mapping[str, str] = {}

    def search(self, case: Case) -> list[Hit]:
        """Say that there is nothing to search in."""
        raise QAError("This system does not search.", "Leave out --retrieval-only.")


class Refuser(_Baseline):
    """Refuses everything: the score that caution alone is worth."""

    def ask(self, case: Case) -> Answer:
        """Refuse."""
        return _answer(case, refusal(case.lang), False)


class Keywords(_Baseline):
    """BM25 over the product's chunks, then the sentence of the best chunk that shares most terms."""

    searches = True

    def __init__(self, library: Library, shelf: Shelf) -> None:
        self._library = library
        self._shelf = shelf

    @classmethod
    @contextmanager
    def open(cls, shelf: Shelf, home: Path) -> Iterator[Keywords]:
        """Index a suite's documents by their words; nothing is embedded."""
        library = Library(home)
        if not library.counts()[0]:
            for _ in library.add_many(
                (doc, shelf.chunks(name), None) for name, doc in shelf.documents.items()
            ):
                pass
        try:
            yield cls(library, shelf)
        finally:
            library.close()

    def search(self, case: Case) -> list[Hit]:
        """The chunks with the best BM25."""
        found = self._library.keyword_search(case.question, RETRIEVED, self._shelf.scope(case))
        chunks = self._library.chunks([key for key, _ in found])
        return [
            Hit(chunk, rank, score, None, ("keyword",))
            for rank, (chunk, (_, score)) in enumerate(zip(chunks, found, strict=True), 1)
        ]

    def ask(self, case: Case) -> Answer:
        """The best sentence, cited; never a refusal unless no word of the question is there."""
        begun = time.monotonic()
        hits = self.search(case)
        if not hits:
            return _answer(case, refusal(case.lang), False, receipt=_receipt(case, begun))
        chunk = hits[0].chunk
        asked = set(terms(case.question))
        spans = split_sentences(chunk.text)
        start, end = max(spans, key=lambda span: len(asked & set(terms(chunk.text[slice(*span)]))))
        quote = chunk.text[start:end]
        cited = Citation(1, chunk.document_id, chunk.source, chunk.title, chunk.start + start,
                         chunk.start + end, quote, hits[0].score)  # fmt: skip
        return _answer(case, quote, True, hits, (cited,), _receipt(case, begun))


class ClosedBook(_Baseline):
    """The chat model from memory."""

    def __init__(self, chat: Chat) -> None:
        self._chat = chat
        self.model = chat.name
        self.prompts = {"closed_book": _version("closed_book")}

    def ask(self, case: Case) -> Answer:
        """Ask the model without any passage."""
        return _written(case, self._chat, "closed_book", [])


class Tutorial(_Baseline):
    """The chain of LangChain's RAG tutorial with the same models: fixed chunks, the nearest 4, one prompt."""

    searches = True

    def __init__(self, chat: Chat, embedder: Embedder, shelf: Shelf) -> None:
        self._chat, self._embed, self._shelf = chat, embedder.query, shelf
        self._chunks = [chunk for name in shelf.documents for chunk in shelf.chunks(name)]
        self._vectors = embedder.documents([chunk.text for chunk in self._chunks])
        self.model, self.embedder = chat.name, embedder.name
        self.prompts = {"tutorial": _version("tutorial")}

    def search(self, case: Case) -> list[Hit]:
        """The chunks with the nearest vectors."""
        scores = self._vectors @ self._embed(case.question)
        scope = self._shelf.scope(case)
        ranked = (int(index) for index in np.argsort(-scores, kind="stable"))
        order = [i for i in ranked if scope is None or self._chunks[i].document_id in scope]
        return [
            Hit(self._chunks[i], rank, float(scores[i]), float(scores[i]), ("dense",))
            for rank, i in enumerate(order[:RETRIEVED], 1)
        ]

    def ask(self, case: Case) -> Answer:
        """Stuff the nearest chunks into the prompt."""
        return _written(case, self._chat, "tutorial", self.search(case)[:TUTORIAL_K])


def fixed_chunks(document: Document) -> list[Chunk]:
    """Windows cut at a paragraph, line or space where one is near, as RecursiveCharacterTextSplitter does."""
    text, start, chunks = document.text, 0, list[Chunk]()
    while start < len(text):
        end = min(start + TUTORIAL_SIZE, len(text))
        if end < len(text):
            breaks = (text.rfind(mark, start + TUTORIAL_SIZE // 2, end) for mark in ("\n\n", "\n", " "))
            end = next((at for at in breaks if at > 0), end)
        chunks.append(Chunk(f"{document.id}:{len(chunks)}", document.id, document.source, document.title,
                            len(chunks), start, end, "", "", "body", text[start:end]))  # fmt: skip
        start = end if end == len(text) else end - TUTORIAL_OVERLAP
    return chunks


def _written(case: Case, chat: Chat, prompt: str, hits: Sequence[Hit]) -> Answer:
    begun = time.monotonic()
    values = {"question": case.question, "language": language_name(case.lang)}
    context = "\n\n".join(hit.chunk.text for hit in hits)
    content = Template((PROMPTS / f"{prompt}.md").read_text(encoding="utf-8"))
    done = chat.complete([("user", content.safe_substitute(values, context=context))])
    text = done.text.strip()
    answered = bool(text) and not is_refusal(text)
    return _answer(case, text or refusal(case.lang), answered, hits, (), _receipt(case, begun, done))


def _answer(
    case: Case,
    text: str,
    answered: bool,
    hits: Sequence[Hit] = (),
    citations: tuple[Citation, ...] = (),
    receipt: Receipt | None = None,
) -> Answer:
    return Answer(
        question=case.question,
        text=text,
        sentences=(Sentence(text, "supported" if citations else "unsupported", "", citations),),
        answered=answered,
        reason="answered" if answered else "not_stated",
        nearest=None,
        hits=tuple(hits),
        receipt=receipt or Receipt(),
    )


def _receipt(case: Case, begun: float, done: Completion | None = None) -> Receipt:
    seconds = time.monotonic() - begun
    return Receipt(
        query=case.question,
        language=case.lang,
        tokens_in=done.tokens_in if done else 0,
        tokens_out=done.tokens_out if done else 0,
        seconds={"total": seconds, "first_token": seconds},
    )


def _version(prompt: str) -> str:
    return version((PROMPTS / f"{prompt}.md").read_bytes())
