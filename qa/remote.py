"""The store on a Chroma server, shared by many processes; see `qa.index.Store` for what goes in and out.

The server is the truth. Each process keeps a local library as a copy of its texts, for keywords, quotations
and neighbours, and compares the server's manifest record before it answers. Knows chromadb only through
`qa.index.ChromaIndex`.
"""

from __future__ import annotations

import hashlib
import json
import threading
import time
import uuid
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import numpy as np

from qa.data import Block, Chunk, Document, DocumentInfo
from qa.errors import IndexUnavailable, QAError
from qa.index import BATCH, ChromaIndex, Found, Prepare, Store, http_client
from qa.library import Entry, Library, Outcome, Progress, Vectors, mismatch, require_space
from qa.settings import Settings

if TYPE_CHECKING:
    from langchain_chroma import Chroma
    from langchain_core.embeddings import Embeddings

__all__ = ["ServerStore"]

FRESH_SECONDS = 1.0
"""How long a server's manifest is believed before it is read again."""
_MANIFEST = "manifest"


class ServerStore(Store):
    """A Chroma server as the truth, with a local library as a copy of its texts.

    Collection ``{name}`` holds one record per document and the manifest; ``{name}-{fingerprint}`` holds the
    chunks' vectors. Order of writing: vectors, document record, manifest. Until its record is there, a
    document is not; until the manifest changes, nobody looks.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings.index
        self._fingerprint = settings.index_fingerprint
        place = f"{settings.index.url} {settings.index.collection} {self._fingerprint}"
        folder = hashlib.sha256(place.encode()).hexdigest()[:16]
        super().__init__(settings, Library(settings.home / "servers" / folder, self._fingerprint))
        self._records: ChromaIndex | None = None
        self._vectors: ChromaIndex | None = None
        self._seen = -FRESH_SECONDS
        # One thread at a time connects, copies or writes; reentrant, as an error meanwhile calls `close`.
        self._turn = threading.RLock()

    def documents(self) -> tuple[DocumentInfo, ...]:
        """Every document on the server without its text."""
        self.refresh()
        return super().documents()

    def has(self, document_id: str) -> bool:
        """Whether the server holds this version of a document."""
        self.refresh()
        return super().has(document_id)

    def dense(self, vector: Vectors, k: int, document_ids: Sequence[str] | None = None) -> Found:
        """Search on the server; what is not (or no longer) a document's is left out."""
        self.refresh()
        with self._translated():
            # Twice as many, since an interrupted writer may have left vectors without a document.
            found = self._connect()[1].search(vector, 2 * k, document_ids)
        known = {chunk.id for chunk in self.library.chunks([chunk_id for chunk_id, _ in found])}
        return [hit for hit in found if hit[0] in known][:k]

    def add_many(
        self, entries: Iterable[Entry], progress: Progress | None = None
    ) -> Iterator[tuple[DocumentInfo, Outcome]]:
        """Publish document by document; the manifest follows each."""
        self.refresh(at_once=True)
        for document, chunks, vectors in entries:
            outcome = self._add(document, chunks, vectors)
            yield self.library.info(document.id), outcome

    def remove(self, document_id: str) -> DocumentInfo:
        """Take the document's record away, then its vectors."""
        with self._turn:
            self.refresh(at_once=True)
            self.library.info(document_id)  # says so if there is none
            with self._translated():
                self._withdraw([document_id])
                self._announce()
            return self.library.remove(document_id)

    def reembed(self, prepare: Prepare, progress: Progress | None = None) -> int:
        """Publish every document under the new fingerprint, then let the manifest name that."""
        with self._translated():
            records, _ = self._connect()
            manifest = _manifest(records)
            if manifest is None:
                return 0
            former = manifest["current"]
            ids = list(self._current(former))
            for done, document_id in enumerate(ids, start=1):
                document, _ = self._fetch(former, document_id)
                self._publish(document, *prepare(document))
                if progress:
                    progress(done, len(ids))
            self._announce()
            if former != self._fingerprint:
                records.collection.delete(where={"fingerprint": former})
                records.client.delete_collection(f"{self._settings.collection}-{former}")
        self.refresh(at_once=True)
        return len(ids)

    def refresh(self, at_once: bool = False) -> None:
        """Copy what changed on the server into the local library.

        Args:
            at_once: ask the server even if it was asked a moment ago.

        Raises:
            IndexUnavailable: the server cannot be reached or refuses.
            IndexMismatch: the server holds vectors of another embedder or chunking.
        """
        if not at_once and self._fresh():
            return
        with self._turn:
            if not at_once and self._fresh():  # another thread has just asked
                return
            with self._translated():
                manifest = _manifest(self._connect()[0])
                if manifest:
                    self._pull(manifest)
                elif self.library.counts()[0]:  # the server lost its data
                    self.library.clear()
            self._seen = time.monotonic()

    def check_fingerprint(self) -> None:
        """See `Store.check_fingerprint`."""
        self.refresh(at_once=True)

    def prepare(self, progress: Progress | None = None) -> None:
        """Connect and copy what is new."""
        self.refresh(at_once=True)

    def langchain(self, embeddings: Embeddings) -> Chroma:
        """The server's chunks as a LangChain vector store."""
        with self._translated():
            return self._connect()[1].langchain(embeddings)

    def close(self) -> None:
        """Close the connection and the local copy."""
        with self._turn:
            if self._records is not None:
                self._records.close()
            self._records = self._vectors = None
            self.library.close()

    def _connect(self) -> tuple[ChromaIndex, ChromaIndex]:
        with self._turn:
            if self._records is None or self._vectors is None:
                client = http_client(self._settings)
                self._records = ChromaIndex(client, self._settings.collection)
                self._vectors = ChromaIndex(client, f"{self._settings.collection}-{self._fingerprint}")
            return self._records, self._vectors

    def _fresh(self) -> bool:
        return time.monotonic() - self._seen < FRESH_SECONDS

    def _add(self, document: Document, chunks: Sequence[Chunk], vectors: Vectors | None) -> Outcome:
        with self._turn:
            if self.library.has(document.id):
                return "unchanged"
            require_space(self.library.home, 4 * len(document.text))
            with self._translated():
                self._publish(document, chunks, vectors)
                self._announce()
                self._withdraw(self._older(document))
            return self.library.add(document, chunks, None)

    def _announce(self) -> None:
        """Write the manifest: from here on the others see what was written before it."""
        self._connect()[0].collection.upsert(
            ids=[_MANIFEST],
            embeddings=[np.ones(1, np.float32)],
            metadatas=[{"current": self._fingerprint, "token": uuid.uuid4().hex}],
        )

    def _publish(self, document: Document, chunks: Sequence[Chunk], vectors: Vectors | None) -> None:
        records, index = self._connect()
        searchable = [chunk for chunk in chunks if chunk.searchable]
        if vectors is not None and searchable:
            index.upsert(searchable, vectors)
        records.collection.upsert(
            ids=[f"{self._fingerprint}:{document.id}"],
            embeddings=[np.ones(1, np.float32)],
            documents=[
                json.dumps({"document": asdict(document), "chunks": [_spans(chunk) for chunk in chunks]})
            ],
            metadatas=[
                {
                    "fingerprint": self._fingerprint,
                    "document_id": document.id,
                    "source": document.source,
                    "written": time.time_ns() // 1000,
                }
            ],
        )

    def _older(self, document: Document) -> list[str]:
        """Every other record of the same source, also what an interrupted writer left."""
        where = {"$and": [{"fingerprint": self._fingerprint}, {"source": document.source}]}
        ids = (item["document_id"] for item in _pages(self._connect()[0], where))
        return [document_id for document_id in ids if document_id != document.id]

    def _withdraw(self, document_ids: Sequence[str]) -> None:
        if document_ids:
            records, index = self._connect()
            records.collection.delete(ids=[f"{self._fingerprint}:{item}" for item in document_ids])
            index.collection.delete(where={"document_id": {"$in": list(document_ids)}})

    def _current(self, fingerprint: str) -> dict[str, str]:
        """Document id to source of the latest record of every source."""
        latest: dict[str, Any] = {}
        for item in _pages(self._connect()[0], {"fingerprint": fingerprint}):
            if item["written"] >= latest.get(item["source"], item)["written"]:
                latest[item["source"]] = item
        return {item["document_id"]: item["source"] for item in latest.values()}

    def _fetch(self, fingerprint: str, document_id: str) -> tuple[Document, list[Chunk]]:
        found = self._connect()[0].collection.get(ids=[f"{fingerprint}:{document_id}"], include=["documents"])
        record = json.loads((found["documents"] or [])[0])
        fields = record["document"]
        blocks = tuple(Block(**block) for block in fields.pop("blocks"))
        document = Document(**fields, blocks=blocks)
        return document, [_chunk(document, spans) for spans in record["chunks"]]

    def _pull(self, manifest: dict[str, Any]) -> None:
        if manifest["token"] == self.library.meta("server_token"):
            return
        current = self._current(manifest["current"])
        if manifest["current"] != self._fingerprint:
            raise mismatch(len(current), self._chunk_count(manifest["current"]))
        for info in self.library.documents():
            if info.id not in current and info.source not in current.values():
                self.library.remove(info.id)
        missing = (document_id for document_id in current if not self.library.has(document_id))
        for _ in self.library.add_many((*self._fetch(self._fingerprint, item), None) for item in missing):
            pass
        self.library.set_meta("server_token", manifest["token"])

    def _chunk_count(self, fingerprint: str) -> int:
        name = f"{self._settings.collection}-{fingerprint}"
        return int(self._connect()[0].client.get_collection(name, embedding_function=None).count())

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except QAError:
            raise
        except Exception as error:  # noqa: BLE001 - httpx, Chroma and JSON each fail in their own way
            self.close()
            raise IndexUnavailable(
                f"The Chroma server at {_shown(self._settings.url)} does not answer as it should"
                f" ({type(error).__name__}).",
                "Check QA_INDEX__URL and QA_INDEX__TOKEN, and that the server is running.",
            ) from error


def _manifest(records: ChromaIndex) -> dict[str, Any] | None:
    found = records.collection.get(ids=[_MANIFEST], include=["metadatas"])["metadatas"]
    return dict(found[0]) if found else None


def _pages(records: ChromaIndex, where: Any) -> Iterator[dict[str, Any]]:
    """The metadata of every record that matches."""
    offset = 0
    while page := records.collection.get(where=where, limit=BATCH, offset=offset, include=["metadatas"])[
        "metadatas"
    ]:
        yield from (dict(item) for item in page)
        offset += len(page)


def _spans(chunk: Chunk) -> dict[str, Any]:
    """A chunk without what its document says already."""
    fields = asdict(chunk)
    return {key: fields[key] for key in fields.keys() - {"text", "source", "title", "document_id", "id"}}


def _chunk(document: Document, spans: dict[str, Any]) -> Chunk:
    return Chunk(
        id=f"{document.id}:{spans['ordinal']}",
        document_id=document.id,
        source=document.source,
        title=document.title,
        text=document.text[spans["start"] : spans["end"]],
        **spans,
    )


def _shown(url: str) -> str:
    """A URL without the user name and password it may carry."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.hostname or ''}{f':{parts.port}' if parts.port else ''}"
