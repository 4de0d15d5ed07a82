"""Vector search over the library: a vector goes in, chunk ids with cosine similarities come out.

Owns chromadb and langchain-chroma. Knows no embedder and no model.

Embedded, Chroma is a cache of the library's vectors, because a kill while it rewrites its files in place
leaves them torn, and opening torn files can crash the process or fill the disk. So they are sealed: the seal
(checksums, library version, Chroma version) is taken away before any write and put back after it, and made
anew at closing, as Chroma writes its files by itself while they are open. Files
without a whole seal are never opened but built again from the stored vectors. Checking a seal takes
milliseconds, where probing in a child process costs another import of chromadb at every start. One process
owns the folder; every other one, and this one meanwhile, searches the stored vectors exactly.

With a server (``index.url``) see `qa.remote`.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
import socket
import threading
import uuid
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, cast
from urllib.parse import urlsplit

import numpy as np
from filelock import FileLock, Timeout

from qa.data import Chunk, Document, DocumentInfo
from qa.errors import IndexUnavailable
from qa.library import Entry, Library, Outcome, Progress, Snapshot, Vectors, require_space
from qa.settings import IndexSettings, Settings

if TYPE_CHECKING:
    from chromadb.api.client import Client
    from langchain_chroma import Chroma
    from langchain_core.embeddings import Embeddings

__all__ = [
    "ChromaIndex",
    "EmbeddedIndex",
    "Found",
    "Store",
    "VectorIndex",
    "exact_search",
    "http_client",
]

logger = logging.getLogger(__name__)

Found = list[tuple[str, float]]
"""(chunk id, cosine similarity from -1 to 1) pairs, best first."""
Prepare = Callable[[Document], tuple[Sequence[Chunk], Vectors]]

SMALL = 1_000
"""So many changed chunks are indexed while a question waits (1 to 2 s); more go to the background."""
BATCH = 500
"""Chunks per call to Chroma; it takes at most 5,461."""
SYNC_THRESHOLD = 1_000
"""Chroma rewrites its vector files every so many records (its own default)."""
CHUNK_BYTES = 4096
"""About what a chunk takes in Chroma's files (384 dimensions, a few hundred characters)."""
CONNECT_SECONDS = 5.0
READ_SECONDS = 60.0


class VectorIndex(Protocol):
    """What a vector index does."""

    def search(self, vector: Vectors, k: int, document_ids: Sequence[str] | None = None) -> Found:
        """Find the ``k`` chunks nearest to ``vector``, shape (dimensions,)."""

    def upsert(self, chunks: Sequence[Chunk], vectors: Vectors) -> None:
        """Put in chunks with their vectors, shape (n, dimensions); the same id replaces."""

    def delete(self, ids: Sequence[str]) -> None:
        """Take out chunks; unknown ids are ignored."""

    def count(self) -> int:
        """How many chunks there are."""


class ChromaIndex:
    """One Chroma collection, embedded or on a server, as a `VectorIndex`."""

    def __init__(self, client: Client, name: str) -> None:
        hnsw = {"space": "cosine", "ef_search": 200, "sync_threshold": SYNC_THRESHOLD}
        configuration: Any = {"hnsw": hnsw}
        self.client = client
        self.collection: Any = client.get_or_create_collection(
            name, embedding_function=None, configuration=configuration
        )

    def search(self, vector: Vectors, k: int, document_ids: Sequence[str] | None = None) -> Found:
        """Find the ``k`` chunks nearest to ``vector``."""
        if document_ids is not None and not document_ids:
            return []
        where: Any = None if document_ids is None else {"document_id": {"$in": list(document_ids)}}
        found = self.collection.query(
            query_embeddings=[vector.astype(np.float32)], n_results=k, where=where, include=["distances"]
        )
        distances = (found["distances"] or [[]])[0]
        # Chroma gives cosine distance, by rounding a little below 0.
        pairs = zip(found["ids"][0], distances, strict=True)
        return [(chunk_id, min(1.0, 1.0 - distance)) for chunk_id, distance in pairs]

    def upsert(self, chunks: Sequence[Chunk], vectors: Vectors) -> None:
        """Put in chunks with their vectors."""
        for start in range(0, len(chunks), BATCH):
            part = chunks[start : start + BATCH]
            self.collection.upsert(
                ids=[chunk.id for chunk in part],
                embeddings=list(vectors[start : start + BATCH]),
                documents=[chunk.text for chunk in part],
                metadatas=[_metadata(chunk) for chunk in part],
            )

    def delete(self, ids: Sequence[str]) -> None:
        """Take out chunks."""
        for start in range(0, len(ids), BATCH):
            self.collection.delete(ids=list(ids[start : start + BATCH]))

    def count(self) -> int:
        """How many chunks there are."""
        return int(self.collection.count())

    def close(self) -> None:
        """Let go of the client, and of its connections, which it would leave open."""
        for session in _sessions(self.client):
            session.close()
        self.client.close()

    def langchain(self, embeddings: Embeddings) -> Chroma:
        """The same collection as a LangChain vector store."""
        from langchain_chroma import Chroma

        return Chroma(
            client=self.client,
            collection_name=self.collection.name,
            embedding_function=embeddings,
            create_collection_if_not_exists=False,
        )


def exact_search(
    library: Library, vector: Vectors, k: int, document_ids: Sequence[str] | None = None
) -> Found:
    """Compare a vector with every stored one; 20,000 take about 0.2 s."""
    unit = vector / (np.linalg.norm(vector) or 1.0)
    best: Found = []
    with library.snapshot() as snapshot:
        for ids, block in snapshot.vectors(4096, document_ids):
            similarities = (block @ unit) / np.maximum(np.linalg.norm(block, axis=1), 1e-12)
            similarities = similarities.clip(-1.0, 1.0)
            top = np.argsort(-similarities, kind="stable")[:k]
            best = sorted(best + [(ids[i], float(similarities[i])) for i in top], key=lambda hit: -hit[1])[:k]
    return best


class EmbeddedIndex:
    """Chroma inside this process, as a cache of the library's vectors.

    ``index/gen-*`` holds its files, ``index/seal.json`` names them while they are whole, ``index/owner.lock``
    is held by the one process that may open them. Nobody needs the former files while new ones are built,
    so they are deleted first: exact search answers until the seal is back.
    """

    def __init__(self, library: Library) -> None:
        self._library = library
        self._folder = library.home / "index"
        self._owner = FileLock(self._folder / "owner.lock", thread_local=False)
        self._busy = threading.Lock()
        self._closing = threading.Event()
        self._worker: threading.Thread | None = None
        self._files = self._folder
        self._chroma: ChromaIndex | None = None
        self._version = 0
        self._failed = self._behind = False

    @property
    def level(self) -> bool:
        """Whether Chroma is open and holds exactly what the library holds."""
        return self._chroma is not None and self._version == self._library.version

    def search(self, vector: Vectors, k: int, document_ids: Sequence[str] | None = None) -> Found:
        """Search in Chroma, or exactly while Chroma is not level with the library."""
        chroma = self._chroma if self.level or self._prepare_soon() else None
        if chroma is not None:
            try:
                return chroma.search(vector, k, document_ids)
            except Exception as error:  # noqa: BLE001 - whatever Chroma dies of, the library still answers
                logger.warning("Chroma search failed, searching exactly: %s", error)
        return exact_search(self._library, vector, k, document_ids)

    def prepare(self, progress: Progress | None = None) -> bool:
        """Bring Chroma level with the library, building it again where it is not whole.

        Returns:
            Whether Chroma serves; if not, exact search does.
        """
        with self._busy:
            self._failed = False
            return self._prepare(None, progress)

    def prepare_in_background(self) -> None:
        """Let `prepare` run in a thread; searches are exact meanwhile."""
        if self._worker is None or not self._worker.is_alive():
            self._worker = threading.Thread(target=self.prepare, name="qa-index", daemon=True)
            self._worker.start()

    def lag(self) -> int | None:
        """How many changed chunks Chroma's files lack; None where they are not whole and will be built again.

        Opens nothing and changes nothing.
        """
        with self._busy, self._library.snapshot() as snapshot:
            if not snapshot.count:
                return 0
            version = self._sealed(snapshot)
            return snapshot.pending(version) if version else None

    def langchain(self, embeddings: Embeddings) -> Chroma:
        """The collection as a LangChain vector store.

        Raises:
            IndexUnavailable: another process owns the index, or nothing has been added.
        """
        if not self.prepare() or self._chroma is None:
            raise IndexUnavailable(
                f"The Chroma index in {self._folder} is empty or owned by another process.",
                "Add a document first, or close the other process.",
            )
        return self._chroma.langchain(embeddings)

    def close(self) -> None:
        """Stop background work, let go of Chroma and of the folder."""
        self._closing.set()
        if self._worker is not None:
            self._worker.join(timeout=READ_SECONDS)
        with self._busy:
            version = self._version
            self._drop()
            self._seal_again(version)
            self._owner.release()
        self._closing.clear()

    def _prepare_soon(self) -> bool:
        """Prepare at once where that is quick; never waits for a thread that is at it."""
        if self._failed or not self._busy.acquire(blocking=False):
            return False
        try:
            ready = self._prepare(SMALL, None)
        finally:
            self._busy.release()
        if self._behind:
            self.prepare_in_background()
        return ready

    def _prepare(self, limit: int | None, progress: Progress | None) -> bool:
        self._behind = False
        try:
            if self.level:
                return True
            with self._library.snapshot() as snapshot:
                return snapshot.count > 0 and self._own() and self._bring_level(snapshot, limit, progress)
        except _Closing:
            self._drop()
        except Exception as error:  # noqa: BLE001 - Chroma raises types of its own, of Rust and of SQLite
            self._failed = True
            self._drop()
            logger.warning("The Chroma index is not used, searching exactly: %s", error)
        return False

    def _own(self) -> bool:
        if self._owner.is_locked:
            return True
        try:
            self._folder.mkdir(mode=0o700, exist_ok=True)
            self._owner.acquire(timeout=0)
        except (Timeout, OSError):  # another process's, or a folder that cannot be written
            return False
        return True

    def _bring_level(self, snapshot: Snapshot, limit: int | None, progress: Progress | None) -> bool:
        if self._chroma is None:
            self._open_sealed(snapshot)
        pending = snapshot.pending(self._version) if self._chroma else snapshot.count
        self._behind = limit is not None and pending > limit
        if self._behind:
            return False
        require_space(self._folder, pending * CHUNK_BYTES)
        if not self._repaired(snapshot, progress):
            self._rebuild(snapshot, progress)
        self._version = snapshot.version
        return True

    def _repaired(self, snapshot: Snapshot, progress: Progress | None) -> bool:
        """Whether the open files, if any, could be brought level."""
        try:
            return self._chroma is not None and self._catch_up(self._chroma, snapshot, progress)
        except _Closing:
            raise
        except Exception as error:  # noqa: BLE001 - damage shows as any type; the files are given up
            logger.warning("The Chroma index is damaged and built again: %s", error)
            return False

    def _open_sealed(self, snapshot: Snapshot) -> None:
        """Open Chroma if its files are whole and hold an earlier state of this library."""
        version = self._sealed(snapshot)
        if not version:
            return
        try:
            self._chroma, self._version = _open(self._files), version
        except Exception as error:  # noqa: BLE001 - as above
            logger.warning("The Chroma index cannot be opened and is built again: %s", error)

    def _sealed(self, snapshot: Snapshot) -> int:
        """The version of this library that whole files hold; 0 where there are no such files."""
        try:
            seal = json.loads((self._folder / "seal.json").read_text("utf-8"))
            self._files = self._folder / str(seal["folder"])
            if seal["version"] <= snapshot.version and seal == self._seal(seal["version"]):
                return int(seal["version"])
        except (OSError, ValueError, KeyError, TypeError):
            pass
        return 0

    def _catch_up(self, chroma: ChromaIndex, snapshot: Snapshot, progress: Progress | None) -> bool:
        """Repeat in Chroma what the library has been through; False if that does not give the same count."""
        if self._version == snapshot.version:
            return chroma.count() == snapshot.count
        (self._folder / "seal.json").unlink(missing_ok=True)
        _sync(self._folder)
        chroma.delete(snapshot.removed(self._version))
        self._copy(chroma, snapshot, self._version, progress)
        if chroma.count() != snapshot.count:
            return False
        _replace(self._folder / "seal.json", json.dumps(self._seal(snapshot.version)))
        return True

    def _rebuild(self, snapshot: Snapshot, progress: Progress | None) -> None:
        """Start again from the stored vectors, with nothing of the former files."""
        self._drop()
        (self._folder / "seal.json").unlink(missing_ok=True)
        for folder in self._folder.glob("gen-*"):
            shutil.rmtree(folder)
        # A new name, since chromadb keeps what it failed to open under the path in this process.
        self._files = self._folder / f"gen-{uuid.uuid4().hex[:8]}"
        self._files.mkdir(mode=0o700)
        self._chroma = _open(self._files)
        if not self._catch_up(self._chroma, snapshot, progress):
            raise IndexUnavailable("Chroma holds another number of chunks than it was given.")

    def _copy(self, chroma: ChromaIndex, snapshot: Snapshot, since: int, progress: Progress | None) -> None:
        done, total = 0, min(snapshot.count, snapshot.pending(since))
        for chunks, vectors in snapshot.added(since, BATCH):
            if self._closing.is_set():
                raise _Closing
            chroma.upsert(chunks, vectors)
            done += len(chunks)
            if progress:
                progress(done, total)

    def _seal(self, version: int) -> dict[str, Any]:
        """What whole files look like, less Chroma's SQLite file, which SQLite itself keeps whole."""
        files = {
            f"{path.parent.name}/{path.name}": [path.stat().st_size, zlib.crc32(path.read_bytes())]
            for path in sorted(self._files.glob("*/*"))
        }
        return {
            "folder": self._files.name,
            "version": version,
            "fingerprint": self._library.meta("fingerprint"),
            "chromadb": metadata.version("chromadb"),
            "files": files,
        }

    def _seal_again(self, version: int) -> None:
        """Seal what Chroma wrote anew while it was open; closed, its files are whole."""
        try:
            seal = json.loads((self._folder / "seal.json").read_text("utf-8"))
            if version and seal["version"] == version and seal != (whole := self._seal(version)):
                _replace(self._folder / "seal.json", json.dumps(whole))
        except (OSError, ValueError, KeyError, TypeError):
            pass  # it is built again

    def _drop(self) -> None:
        chroma, self._chroma, self._version = self._chroma, None, 0
        if chroma is not None:
            chroma.close()


class Store:
    """What the assistant keeps documents in: the library and its vector index in the home folder.

    The library's commit is what counts; the index follows it.

    Attributes:
        library: what is read from; changed only through the store.
    """

    def __init__(self, settings: Settings, library: Library | None = None) -> None:
        self.library = library or Library(settings.home, settings.index_fingerprint)
        self.index = EmbeddedIndex(self.library)

    @staticmethod
    def open(settings: Settings) -> Store:
        """Open the store that the settings name; reads nothing yet and creates nothing."""
        if settings.index.url:
            from qa.remote import ServerStore

            return ServerStore(settings)
        return Store(settings)

    def documents(self) -> tuple[DocumentInfo, ...]:
        """Every document without its text."""
        return self.library.documents()

    def document(self, document_id: str) -> Document:
        """One document with its text.

        Raises:
            StoreError: there is no such document.
        """
        return self.library.document(document_id)

    def has(self, document_id: str) -> bool:
        """Whether this version of a document is there already."""
        return self.library.has(document_id)

    def chunks(self, ids: Sequence[str]) -> list[Chunk]:
        """The chunks with these ids, in that order; ids that are gone are left out."""
        return self.library.chunks(ids)

    def dense(self, vector: Vectors, k: int, document_ids: Sequence[str] | None = None) -> Found:
        """(chunk id, cosine) pairs of the ``k`` chunks nearest to ``vector``, shape (dimensions,).

        Raises:
            IndexMismatch: the library was made with another embedder or chunking.
        """
        self.check_fingerprint()
        return self.index.search(vector, k, document_ids)

    def keyword(self, question: str, k: int, document_ids: Sequence[str] | None = None) -> Found:
        """(chunk id, share of the reachable BM25) pairs, best first; see `Library.keyword_search`."""
        return self.library.keyword_search(question, k, document_ids)

    def check_fingerprint(self) -> None:
        """Make sure that stored vectors and new ones can be compared.

        Raises:
            IndexMismatch: they cannot; says what re-embedding would cost.
        """
        self.library.check_fingerprint()

    def add_many(
        self, entries: Iterable[Entry], progress: Progress | None = None
    ) -> Iterator[tuple[DocumentInfo, Outcome]]:
        """Add documents; each is reported once it cannot be lost any more. See `Library.add_many`.

        Args:
            entries: (document, all its chunks, vectors of the searchable ones); taken as they come.
            progress: told about indexing, which follows the last document.

        Raises:
            IndexMismatch: the library was made with another embedder or chunking.
            IndexUnavailable: another process is writing, the disk is full, the server is away.
        """
        yield from self.library.add_many(entries)
        self.index.prepare(progress)

    def remove(self, document_id: str) -> DocumentInfo:
        """Remove a document and everything made from it.

        Raises:
            StoreError: there is no such document.
            IndexUnavailable: as for `add_many`.
        """
        info = self.library.remove(document_id)
        self.index.prepare()
        return info

    def reembed(self, prepare: Prepare, progress: Progress | None = None) -> int:
        """Cut and embed every document again; visible when all of it is done, and not before.

        Returns:
            How many documents.

        Raises:
            IndexUnavailable: as for `add_many`.
        """
        count = self.library.reembed(prepare, progress)
        self.index.close()
        self.index.prepare()
        return count

    def prepare(self, progress: Progress | None = None) -> None:
        """Make the vector index ready, so that the first search need not; may take a while."""
        self.index.prepare(progress)

    def langchain(self, embeddings: Embeddings) -> Chroma:
        """The chunks as a LangChain vector store; adding through it would bypass the library.

        Raises:
            IndexUnavailable: nothing has been added, or another process owns the index.
        """
        return self.index.langchain(embeddings)

    def close(self) -> None:
        """Let go of every file and connection."""
        self.index.close()
        self.library.close()


class _Closing(Exception):  # noqa: N818 - not an error
    """Background work was asked to stop."""


def _open(folder: Path) -> ChromaIndex:
    """Open Chroma's files and make sure that it answers."""
    import chromadb
    from chromadb.config import Settings as ChromaSettings

    options = ChromaSettings(anonymized_telemetry=False)
    client = cast("Client", chromadb.PersistentClient(path=str(folder), settings=options))
    try:
        index = ChromaIndex(client, "chunks")
        for vector in index.collection.get(limit=1, include=["embeddings"])["embeddings"]:
            index.search(np.asarray(vector), 1)
    except BaseException:
        client.close()
        raise
    return index


def http_client(settings: IndexSettings) -> Client:
    """Connect to the server; a quick look at the port first, since Chroma's client waits for ever."""
    import chromadb
    from chromadb.config import Settings as ChromaSettings

    url = urlsplit(settings.url)
    secure = url.scheme == "https"
    port = url.port or (443 if secure else 80)
    socket.create_connection((url.hostname or "", port), timeout=CONNECT_SECONDS).close()
    token = settings.token.get_secret_value()
    client: Any = chromadb.HttpClient(
        host=f"{url.scheme}://{url.netloc}{url.path.rstrip('/')}",
        port=port,
        ssl=secure,
        headers={"Authorization": f"Bearer {token}"} if token else None,
        settings=ChromaSettings(anonymized_telemetry=False),
    )
    # HttpClient takes no timeout and would wait for ever; its sessions are where one can be set.
    for session in _sessions(client):
        session.timeout = (CONNECT_SECONDS, READ_SECONDS, READ_SECONDS, CONNECT_SECONDS)
    return cast("Client", client)


def _sessions(client: Any) -> list[Any]:
    """The HTTP sessions of a client: two for a server, none for an embedded one."""
    servers = (client._server, client._admin_client._server)
    return [server._session for server in servers if hasattr(server, "_session")]


def _metadata(chunk: Chunk) -> dict[str, str | int]:
    return {
        "document_id": chunk.document_id,
        "source": chunk.source,
        "title": chunk.title,
        "heading": chunk.heading,
        "ordinal": chunk.ordinal,
        "start": chunk.start,
        "end": chunk.end,
    }


def _replace(path: Path, text: str) -> None:
    """Write a file so that it is either the old or the new one, also after a power cut."""
    temporary = path.with_name(f"{path.name}.new")
    with temporary.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, path)
    _sync(path.parent)


def _sync(folder: Path) -> None:
    """Make names in a folder durable, where the system has a way to say so."""
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
