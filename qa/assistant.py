"""The Python API: settings go in; documents are added, asked and removed through one object.

    from qa import Assistant

    with Assistant() as assistant:
        assistant.add("article.txt")
        print(assistant.ask("Who became interim CEO?").text)

Composes loading, chunking, the store, the models and the chain; knows none of their libraries. Nothing is
read, started or created before it is needed.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import nullcontext
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

from langchain_core.runnables import Runnable
from langchain_core.vectorstores import VectorStore

from qa import chunking, loading, retrieve
from qa.chain import Pipeline, Turn
from qa.data import AddReport, Answer, Chunk, Document, DocumentInfo, Failure, Hit
from qa.errors import IndexMissing, LoadError, QAError
from qa.index import Store
from qa.library import Entry, Vectors
from qa.models import Chat, Embedder, open_chat, open_embedder
from qa.passages import SentenceVectors
from qa.settings import Settings, load_settings
from qa.translate import Translations
from qa.vector_cache import VectorCache

__all__ = ["Assistant", "Progress"]

SAMPLES = Path(__file__).parent / "samples"


class Progress(Protocol):
    """Called while something long goes on."""

    def __call__(self, label: str, done: int, total: int) -> None:
        """Say that ``done`` of ``total`` steps of ``label`` are done."""


def _silent(label: str, done: int, total: int) -> None:
    """Report nothing."""


class Assistant:
    """Answers questions about the documents in one library; safe to use from several threads.

    Args:
        settings: as `qa.settings.load_settings` gives them; read from the surroundings if None.
        progress: told about long work: "Reading" sources, "Embedding" the passages of one, "Indexing",
            "Embedding again", "Unpacking the model".
        overrides: sections or ``home``: ``Assistant(home="notes", chat={"base_url": "..."})``.

    Raises:
        SettingsError: unknown key or wrong value.
    """

    def __init__(
        self, settings: Settings | None = None, *, progress: Progress = _silent, **overrides: Any
    ) -> None:
        self.settings = settings or load_settings(**overrides)
        self._progress = progress
        self._store = Store.open(self.settings)
        self._opening = threading.Lock()
        self._chat: Chat | None = None
        self._embedder: Embedder | None = None

    # Documents

    def add(self, target: str | Path) -> AddReport:
        """Add a file, every file of a folder, or a web page.

        The same text again changes nothing; a changed source replaces its older version in one step. One
        source that fails does not keep the others out.

        Returns:
            What became of each source; failures carry their message and hint.

        Raises:
            LoadError: there is nothing at ``target``.
            StoreError: another process is writing, or the disk is full; what was reported is kept.
            ModelError: the embedder cannot be used.
        """
        failed: list[Failure] = []

        def documents() -> Iterator[Document]:
            sources = loading.discover(target)
            for done, source in enumerate(sources):
                self._progress("Reading", done, len(sources))
                try:
                    yield loading.load(source, self.settings.loading)
                except LoadError as error:
                    failed.append(Failure(str(source), error.message, error.hint))
            self._progress("Reading", len(sources), len(sources))

        return self._add(documents(), failed)

    def add_texts(self, texts: Iterable[tuple[str, str, str]]) -> AddReport:
        """Add texts that are already there, as (source, title, text).

        Raises:
            StoreError: as for `add`.
            ModelError: as for `add`.
        """
        failed: list[Failure] = []
        entries = list(texts)

        def documents() -> Iterator[Document]:
            for done, (source, title, text) in enumerate(entries):
                self._progress("Reading", done, len(entries))
                try:
                    yield loading.from_text(source, title, text)
                except LoadError as error:
                    failed.append(Failure(source, error.message, error.hint))
            self._progress("Reading", len(entries), len(entries))

        return self._add(documents(), failed)

    def add_samples(self) -> AddReport:
        """Add the sample article that comes with the package, in English and Japanese."""
        texts = [(path.name, path) for path in sorted(SAMPLES.glob("*.md"))]
        return self.add_texts(
            (name, text.split("\n", 1)[0].lstrip("# "), text)
            for name, text in ((name, path.read_text(encoding="utf-8")) for name, path in texts)
        )

    def remove_samples(self) -> tuple[DocumentInfo, ...]:
        """Remove the sample article, so that only what was added besides is asked.

        Returns:
            What was removed; nothing where there is nothing else.

        Raises:
            StoreError: another process is writing.
        """
        names = {path.name for path in SAMPLES.glob("*.md")}
        documents = self.documents()
        samples = [info for info in documents if info.source in names]
        if len(samples) == len(documents):
            return ()
        return tuple(self.remove(info.id) for info in samples)

    def documents(self) -> tuple[DocumentInfo, ...]:
        """Every document in the library."""
        return self._store.documents()

    def document(self, document_id: str) -> Document:
        """One document with its text.

        Raises:
            StoreError: there is no such document.
        """
        return self._store.document(document_id)

    def remove(self, document_id: str) -> DocumentInfo:
        """Remove a document and all that was made from it.

        Raises:
            StoreError: there is no such document, or another process is writing.
        """
        info = self._store.remove(document_id)
        self._kept.clear()
        return info

    def reindex(self) -> int:
        """Cut and embed every document again, after the embedder or the chunking was changed.

        Returns:
            How many documents. Killed midway, everything is as before.

        Raises:
            StoreError: another process is writing, or the disk is full.
            ModelError: the embedder cannot be used.
        """
        return self._store.reembed(
            self._prepare, lambda done, total: self._progress("Embedding again", done, total)
        )

    # Questions

    def search(self, question: str, k: int = 5, document_ids: Sequence[str] | None = None) -> list[Hit]:
        """Find the ``k`` passages nearest to a question, best first.

        Raises:
            QAError: one of ``document_ids`` is not there.
            IndexMissing: nothing has been added.
            IndexMismatch: the library was made with another embedder or chunking.
            ModelError: the embedder cannot be used.
        """
        self._require(document_ids)
        query = retrieve.Query(question, self.embedder.query(question), document_ids)
        return retrieve.search(self._store, query, k, self.settings.retrieval, self._vectors)

    def ask(
        self,
        question: str,
        history: Sequence[tuple[str, str]] = (),
        document_ids: Sequence[str] | None = None,
    ) -> Answer:
        """Answer a question, with the source sentences that prove the answer, or refuse.

        Args:
            question: in any language; the answer is in the same.
            history: earlier (question, answer) pairs, oldest first.
            document_ids: ask only these documents.

        Raises:
            QAError: the question is empty or too long, or one of ``document_ids`` is not there.
            IndexMissing: nothing has been added.
            ModelError: the model cannot be reached or refuses.
        """
        self._require(document_ids)
        answer: Answer = self.chain.invoke(_asked(question, history, document_ids))
        return answer

    def stream(
        self,
        question: str,
        history: Sequence[tuple[str, str]] = (),
        document_ids: Sequence[str] | None = None,
    ) -> Iterator[str | Answer]:
        """`ask`, giving text as it is written and then the `Answer`, whose text is the one that counts."""
        self._require(document_ids)
        yield from self.chain.stream(_asked(question, history, document_ids))

    @cached_property
    def chain(self) -> Runnable[Any, Any]:
        """The pipeline as a LangChain Runnable: a question, or a dict, in; an `Answer` out."""
        return self._pipeline.chain()

    @property
    def vector_store(self) -> VectorStore:
        """The index as a LangChain vector store, for retrievers of your own; it finds by meaning alone.

        Raises:
            IndexUnavailable: nothing has been added, another process owns the index, or there is no server.
        """
        return self._store.langchain(self.embedder)

    @cached_property
    def _pipeline(self) -> Pipeline:
        translations = Translations(self.chat)
        return Pipeline(self._store, self.embedder, self.chat, self.settings, self._vectors, translations)

    @cached_property
    def _vectors(self) -> SentenceVectors:
        turn = threading.Lock() if self.embedder.local else nullcontext()
        return SentenceVectors(self._kept, turn=turn)

    @cached_property
    def _kept(self) -> VectorCache:
        path, fingerprint = self.settings.home / "sentences.sqlite", self.settings.index_fingerprint
        return VectorCache(path, fingerprint, lambda texts: self.embedder.documents(texts))

    def warm(self) -> None:
        """Start the model and make the index ready in background threads before the first question."""
        for work in (self._store.prepare, lambda: self.chat.prepare(), lambda: self.embedder.query("warm")):
            _in_background(work)

    def read_ahead(self) -> None:
        """Embed the newest document's sentences in the background, before the first question about it."""
        _in_background(self._read_newest)

    def _read_newest(self) -> None:
        for newest in self.documents()[-1:]:
            turn = Turn(newest.title, query=newest.title, document_ids=(newest.id,))
            self._pipeline.retrieve(turn, {})

    # What it is made of

    @property
    def chat(self) -> Chat:
        """The chat model; started at its first call."""
        with self._opening:
            if self._chat is None:
                self._chat = open_chat(
                    self.settings.chat, lambda done, total: self._progress("Unpacking the model", done, total)
                )
            return self._chat

    @property
    def embedder(self) -> Embedder:
        """The embedder; loaded at its first call."""
        with self._opening:
            if self._embedder is None:
                self._embedder = open_embedder(self.settings.embeddings)
            return self._embedder

    def close(self) -> None:
        """Close the index, end the model's process; the assistant cannot be used afterwards."""
        self._store.close()
        for part in (self._chat, self._embedder):
            if part is not None:
                part.close()

    def __enter__(self) -> Assistant:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def _require(self, document_ids: Sequence[str] | None) -> None:
        """Make sure that there is what is asked; a wrong id would look like an article that does not say."""
        there = {info.id for info in self._store.documents()}
        if not there:
            raise IndexMissing("There is no article yet.", "Add one first: qa add FILE, FOLDER or URL.")
        missing = set(document_ids or ()) - there
        if missing and not isinstance(document_ids, str):  # the chain says what is wrong with a text
            raise QAError(f"There is no document {min(missing)!r}.", "`qa documents` lists their ids.")

    def _add(self, documents: Iterator[Document], failed: list[Failure]) -> AddReport:
        outcomes: dict[str, list[DocumentInfo]] = {"added": [], "replaced": [], "unchanged": []}
        stored = self._store.add_many(
            self._entries(documents), lambda done, total: self._progress("Indexing", done, total)
        )
        for info, outcome in stored:
            outcomes[outcome].append(info)
        if outcomes["replaced"]:
            self._kept.clear()
        return AddReport(**{name: tuple(infos) for name, infos in outcomes.items()}, failed=tuple(failed))

    def _entries(self, documents: Iterator[Document]) -> Iterator[Entry]:
        given: set[str] = set()  # sources whose stored version may be replaced before a later one's turn
        for document in documents:
            if document.source not in given and self._store.has(document.id):
                yield document, (), None
            else:
                yield document, *self._prepare(document)
            given.add(document.source)

    def _prepare(self, document: Document) -> tuple[tuple[Chunk, ...], Vectors]:
        chunks = chunking.split(document, self.settings.chunking)
        vectors = self.embedder.documents(
            [chunk.embedded for chunk in chunks if chunk.searchable],
            lambda done, total: self._progress("Embedding", done, total),
        )
        return chunks, vectors


def _asked(
    question: str, history: Sequence[tuple[str, str]], document_ids: Sequence[str] | None
) -> dict[str, Any]:
    return {"question": question, "history": list(history), "document_ids": document_ids}


def _in_background(work: Any) -> None:
    threading.Thread(target=_quietly, args=(work,), daemon=True).start()


def _quietly(work: Any) -> None:
    """Run a head start; whatever is wrong is said by the call that needs it."""
    try:
        work()
    except QAError:
        pass
